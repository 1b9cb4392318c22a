package suites

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/faultwire/faultwire/proxy"
	"github.com/faultwire/faultwire/suites/cases"
)

// account is what was seen, a line for each thing, in an order that does not depend on which goroutine had a turn first: what came in
// and what went out of each direction of each connection by itself. Of two runs of one schedule in virtual time all lines are the same.
// Errors' texts are left out, for they name ports, and nanoseconds, which tell how many parts of one thing were sent in one instant.
func account(o cases.Observation) (lines []string) {
	us := func(d time.Duration) time.Duration { return d.Round(time.Microsecond) }
	say := func(format string, a ...any) { lines = append(lines, fmt.Sprintf(format, a...)) }
	for i, c := range o.Calls {
		say("exchange %d: %s after %v, %d of %d bytes, %s", i+1, c.Outcome, us(c.Elapsed), c.Received, c.Wanted, c.Damage)
	}
	say("the exchange: %s after %v, %d of %d bytes, %s", o.Outcome, us(o.Elapsed), o.Received, o.Wanted, o.Damage)
	for _, c := range o.Trace.Conns {
		say("connection %d: accepted after %v", c.N, us(c.Accepted))
		for _, stream := range []proxy.Stream{proxy.Upstream, proxy.Downstream} {
			for _, edge := range [][]string{{"in", "fin", "rst"}, {"out", "sent_fin", "sent_rst"}} {
				for _, ev := range c.Events {
					if ev.Stream == stream && slices.Contains(edge, ev.What) {
						say("connection %d, %s: %s at byte %d, %d bytes, after %v", c.N, stream, ev.What, ev.Offset, ev.Bytes, us(ev.At))
					}
				}
			}
		}
		var struck []string
		last := time.Duration(0)
		for _, ev := range c.Events {
			if ev.What == "in" || ev.What == "out" {
				last = max(last, ev.At)
			}
		}
		for _, ev := range c.Events {
			if ev.What == "fault" && ev.At <= last { // and not while the wire is taken down
				struck = append(struck, fmt.Sprintf("connection %d, %s: fault %s at byte %d after %v", c.N, ev.Stream, ev.Fault, ev.Offset, us(ev.At)))
			}
		}
		slices.Sort(struck)
		lines = append(lines, struck...)
		for _, d := range c.Decisions {
			say("connection %d, %s: fault %s decided %d at byte %d", c.N, d.Stream, d.Fault, d.Value, d.Offset)
		}
	}
	return lines
}

// divergence is the first thing in which two accounts differ; empty if there is none.
func divergence(a, b []string) string {
	for i := range max(len(a), len(b)) {
		one, other := "nothing more", "nothing more"
		if i < len(a) {
			one = a[i]
		}
		if i < len(b) {
			other = b[i]
		}
		if one != other {
			return fmt.Sprintf("%s; the other time: %s", one, other)
		}
	}
	return ""
}

// differs runs the schedule twice and says in what the second run was another than the first; empty if in nothing.
func (e *Engine) differs(ctx context.Context, b *bench, s schedule) string {
	one, _ := e.try(ctx, b, s)
	other, _ := e.try(ctx, b, s)
	return divergence(account(one), account(other))
}
