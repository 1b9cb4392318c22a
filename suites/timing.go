package suites

import (
	"time"

	"github.com/faultwire/faultwire/fixtures"
)

// scaled stretches every deadline.
func scaled(d fixtures.Deadlines, scale float64) fixtures.Deadlines {
	by := func(x time.Duration) time.Duration { return time.Duration(float64(x) * scale) }
	return fixtures.Deadlines{Connect: by(d.Connect), Read: by(d.Read), Write: by(d.Write), Total: by(d.Total), Idle: by(d.Idle)}
}

// effective is the timing that cases rely on: the declared deadlines, with the built-in ones for the undeclared. A total
// deadline bounds the others.
func effective(declared fixtures.Deadlines, scale float64) fixtures.Deadlines {
	or := func(d, standby time.Duration) time.Duration {
		if d == 0 {
			d = standby
		}
		return d
	}
	t := fixtures.Deadlines{
		Connect: or(declared.Connect, defaults.Connect), Read: or(declared.Read, defaults.Read),
		Write: or(declared.Write, defaults.Write), Total: or(declared.Total, max(defaults.Total, 3*declared.Read)),
		Idle: or(declared.Idle, defaults.Idle),
	}
	if declared.Total > 0 {
		t.Connect, t.Read, t.Write = min(t.Connect, t.Total), min(t.Read, t.Total), min(t.Write, t.Total)
	}
	return scaled(t, scale)
}

// guard is when an exchange that has not ended is a hang: long after every deadline.
func guard(t fixtures.Deadlines, scale float64) time.Duration {
	return max(patience(scale), 5*max(t.Connect, t.Read, t.Write), 3*t.Total)
}
