package suites

import (
	"cmp"
	"time"

	"github.com/faultwire/faultwire/fixtures"
)

// scaled stretches every deadline.
func scaled(d fixtures.Deadlines, scale float64) fixtures.Deadlines {
	by := func(x time.Duration) time.Duration { return time.Duration(float64(x) * scale) }
	return fixtures.Deadlines{Connect: by(d.Connect), Read: by(d.Read), Write: by(d.Write), Total: by(d.Total), Idle: by(d.Idle)}
}

// effective is the timing that cases rely on: the declared deadlines, which are the target's own and stay as they are, with the
// built-in ones, scaled, for the undeclared. A total deadline bounds the others.
func effective(declared fixtures.Deadlines, scale float64) fixtures.Deadlines {
	standby := scaled(defaults, scale)
	t := fixtures.Deadlines{
		Connect: cmp.Or(declared.Connect, standby.Connect), Read: cmp.Or(declared.Read, standby.Read),
		Write: cmp.Or(declared.Write, standby.Write), Total: cmp.Or(declared.Total, max(standby.Total, 3*declared.Read)),
		Idle: cmp.Or(declared.Idle, standby.Idle),
	}
	if declared.Total > 0 {
		t.Connect, t.Read, t.Write = min(t.Connect, t.Total), min(t.Read, t.Total), min(t.Write, t.Total)
	}
	return t
}

// guard is when an exchange that has not ended is a hang: long after every deadline.
func guard(t fixtures.Deadlines, scale float64) time.Duration {
	return max(patience(scale), 5*max(t.Connect, t.Read, t.Write), 3*t.Total)
}
