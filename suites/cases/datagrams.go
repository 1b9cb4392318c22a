package cases

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/proxy"
	"github.com/faultwire/faultwire/targets"
)

// HaveBeenRefusedOr expects the client to have reported that nobody listens, or what else is allowed.
func HaveBeenRefusedOr(outcome fixtures.Outcome) Expectation {
	return haveSaid(fmt.Sprintf("a closed port reported, or a %s", outcome), fixtures.Refused, outcome)
}

// Unless expects it of an exchange that ended in any other way.
func Unless(outcome fixtures.Outcome, of Expectation) Expectation {
	return JudgeFunc(func(o Observation) *Broken {
		if o.Outcome == outcome {
			return nil
		}
		return of.Judge(o)
	})
}

// HaveNotCut expects no datagram to have been cut in silence: it came whole, or not at all, or an error was reported.
func HaveNotCut() Expectation {
	return JudgeFunc(func(o Observation) *Broken {
		if o.Role == targets.ClientRole && !(o.Outcome == fixtures.OK && o.Damage != "") {
			return nil
		}
		if o.Role == targets.ServerRole && (o.Outcome == fixtures.OK || o.Outcome == fixtures.Timeout) {
			return nil
		}
		return &Broken{NeverLie, "the datagram back whole, or not at all", o.said(), ""}
	})
}

// HaveSentAtMost expects the client to have sent no more than n datagrams.
func HaveSentAtMost(n int64) Expectation {
	return JudgeFunc(func(o Observation) *Broken {
		var sent int64
		for _, c := range o.Trace.Conns {
			sent += c.Upstream.DatagramsIn
		}
		if sent <= n {
			return nil
		}
		return &Broken{Recover, fmt.Sprintf("the request asked again a few times, %d datagrams at most", n), fmt.Sprintf("%d datagrams", sent), ""}
	})
}

// HaveBackedOff expects that a client which asked again and again without a reply, for as long as the deadline, did so ever less
// often. By how much is its own affair; the defect to catch is a fixed rhythm.
func HaveBackedOff(d fixtures.Deadline) Expectation {
	return JudgeFunc(func(o Observation) *Broken {
		asked := o.asked()
		if len(asked) < 3 {
			return nil
		}
		// Timers are late where the machine is: a gap may be longer by as much, and the next one shorter.
		late := 5*o.Late/2 + 10*time.Millisecond
		first, longest := asked[1]-asked[0], time.Duration(0)
		early, lately := 0, 0
		for i, at := range asked {
			if i > 1 {
				longest = max(longest, at-asked[i-1])
			}
			if at-asked[0] < o.Timing.Of(d)/2 {
				early++
			} else {
				lately++
			}
		}
		if longest >= first*5/4-late && lately <= max(2, early/3) {
			return nil
		}
		return &Broken{Recover, "longer and longer pauses between requests that nobody answers",
			fmt.Sprintf("%d datagrams, the first two %s apart, and never more than %s between two; %d of them in the second half of the time",
				len(asked), round(first), round(longest), lately), ""}
	})
}

// asked are the moments at which the client's datagrams came to the wire.
func (o Observation) asked() (all []time.Duration) {
	for _, c := range o.Trace.Conns {
		for _, e := range c.Events {
			if e.Stream == proxy.Upstream && e.What == "in" {
				all = append(all, e.At)
			}
		}
	}
	slices.Sort(all)
	return all
}

// HaveAnsweredFromWhereItWasAsked expects the server's datagrams to have come from the address and the port that was asked.
func HaveAnsweredFromWhereItWasAsked() Expectation {
	return JudgeFunc(func(o Observation) *Broken {
		for _, c := range o.Reference.Conns {
			if !c.Scenery && len(c.Elsewhere) > 0 {
				return &Broken{Reassemble, "the reply from the address and the port that was asked", "a reply from " + strings.Join(c.Elsewhere, ", "), ""}
			}
		}
		return nil
	})
}
