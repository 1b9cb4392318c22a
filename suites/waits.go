package suites

import (
	"time"

	"github.com/faultwire/faultwire/proxy"
	"github.com/faultwire/faultwire/suites/cases"
	"github.com/faultwire/faultwire/targets"
)

// asked is how long a case makes everybody wait, by what it injects: delays, silences, holds, the deadline that has to pass, and
// the time in which there is to be nothing to do. However fast the machine, it cannot be over sooner.
func asked(c cases.Case, t *targets.Target, timing cases.Timing, scale float64) time.Duration {
	return max(injections(c, t, timing), holds(c, timing, scale))
}

// injections are the delays and silences of the wire, and the deadline.
func injections(c cases.Case, t *targets.Target, timing cases.Timing) (wait time.Duration) {
	for _, f := range c.Faults(timing, t) {
		wait += injected(f)
	}
	if c.Deadline != "" {
		wait = max(wait, timing.Of(c.Deadline))
	}
	return wait
}

// holds are the pauses of the other side, and the time in which the target is watched.
func holds(c cases.Case, timing cases.Timing, scale float64) (held time.Duration) {
	for _, conn := range c.Exchange.Conns {
		var holds time.Duration
		for _, step := range conn.Steps {
			holds += step.For.In(timing)
		}
		held = max(held, holds*time.Duration(max(1, conn.Repeat)))
	}
	if c.Watch != nil && c.Watch.Quiet != "" {
		held += time.Duration(scale * float64(cases.QuietWindow))
	}
	return held
}

func injected(f proxy.Fault) time.Duration {
	ms := f.Attributes["latency"] + f.Attributes["timeout"]
	if f.Type == "reorder" { // until it is overtaken
		ms = 0
	}
	if f.Type == "slow_close" || f.Type == "accept_delay" {
		ms += f.Attributes["delay"]
	}
	if f.Until != nil {
		ms += int64(f.Until.For)
	}
	return time.Duration(ms) * time.Millisecond
}
