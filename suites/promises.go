package suites

import (
	"fmt"
	"slices"
	"time"

	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/proxy"
	"github.com/faultwire/faultwire/suites/cases"
)

// kept judges the five promises where no case says what to expect: by what the target was told by the wire, and when, against what it
// says. It finds fault only with what cannot be right, whatever the target is like.
func kept(s schedule, o cases.Observation) *cases.Broken {
	exchanges := exchangesOf(o)
	for i, x := range exchanges {
		w := witnessed(o, x)
		if s.Cancel.Times > 0 && x.Elapsed+blur >= s.Cancel.In(o.Timing) {
			if b := stopped(s, o, x); b != nil {
				return b
			}
			continue // whatever it says
		}
		for _, check := range checks {
			if b := check(s, o, x, w); b != nil {
				if len(exchanges) > 1 {
					b.Seen = fmt.Sprintf("exchange %d: %s", i+1, b.Seen)
				}
				return b
			}
		}
		if i > 0 {
			if b := recovered(s, o, exchanges[i-1], x, w); b != nil {
				b.Seen = fmt.Sprintf("exchange %d: %s", i+1, b.Seen)
				return b
			}
		}
	}
	for _, check := range []func(schedule, cases.Observation, []cases.Call) *cases.Broken{asksWithReason, pushedToSomebody, saidGoodbye, closedWhatFailed} {
		if b := check(s, o, exchanges); b != nil {
			return b
		}
	}
	return nil
}

// exchangesOf are the calls of a session, or the one exchange there was.
func exchangesOf(o cases.Observation) []cases.Call {
	if len(o.Calls) > 0 {
		return o.Calls
	}
	began := time.Duration(0)
	if o.Trace.FirstSign != nil {
		began = *o.Trace.FirstSign
	}
	return []cases.Call{{Began: began, Outcome: o.Outcome, Detail: o.Detail, Elapsed: o.Elapsed, Wanted: o.Wanted, Received: o.Received, Damage: o.Damage}}
}

// checks are made of each exchange.
var checks = []func(schedule, cases.Observation, cases.Call, seen) *cases.Broken{
	endedInTime, noTimeoutBefore, untrueOfContent, saidWhatItWasTold, tookWhatCame, trustedNobody,
	demandMet, noTimeoutWhileItComes, sentAll, saidAnything,
}

// seen is what the wire did to the target in the time of one exchange.
type seen struct {
	conn     *proxy.ConnTrace // the last that was in use; nil if there was none
	first    *proxy.ConnTrace // the first that was
	anew     int              // connections that were made in it
	lastIn   time.Duration    // when something last moved on them, either way
	tookIn   time.Duration    // until the last byte that came to it
	before   time.Duration    // as tookIn, but of bytes that came before the very end
	bytes    int64            // that came to it
	told     string           // how the last connection ended for it: "fin", "rst" or empty
	toldAt   time.Duration
	sentMore bool // it sent something behind that
	sent     int64
}

// blur is how much later an end may be seen than it was told: the same instant, in either order.
const blur = 2 * time.Millisecond

func witnessed(o cases.Observation, x cases.Call) (w seen) {
	end := x.Began + x.Elapsed + blur
	if len(o.Calls) == 0 {
		end += o.Blur // what a process takes to end is taken off, and may have been less this time
	}
	w.lastIn = x.Began
	for i := range o.Trace.Conns {
		c := &o.Trace.Conns[i]
		used := c.Accepted >= x.Began-blur && c.Accepted <= end
		if used {
			w.anew++
		}
		for _, ev := range c.Events {
			if ev.At < x.Began-blur || ev.At > end {
				continue
			}
			switch {
			case ev.What == "in" && ev.Stream == proxy.Upstream:
				used = true
				w.sent += ev.Bytes
				w.lastIn = max(w.lastIn, ev.At)
				if w.conn == c && w.told != "" {
					w.sentMore = true
				}
			case ev.What == "out" && ev.Stream == proxy.Downstream:
				used = true
				w.bytes += ev.Bytes
				w.lastIn, w.tookIn = max(w.lastIn, ev.At), ev.At-x.Began
				if ev.At < end-2*blur {
					w.before = ev.At - x.Began
				}
			case ev.Stream == proxy.Upstream && (ev.What == "fin" || ev.What == "rst"):
				used = true // it has given up what it used
			}
		}
		if c.Dropped > 0 && c.Accepted <= end { // of the events the last are missing
			for _, at := range []proxy.Moment{c.Upstream.LastIn, c.Downstream.LastOut} {
				if at != nil && *at >= x.Began-blur {
					used, w.lastIn = true, max(w.lastIn, min(*at, end))
				}
			}
			w.sent, w.bytes = max(w.sent, c.Upstream.In), max(w.bytes, c.Downstream.Out)
		}
		idle := c.Accepted <= end // it may be asked on, and be found to have ended; what moves on an older one is late
		if !used && !idle {
			continue
		}
		if used && w.first == nil {
			w.first = c
		}
		w.conn, w.told, w.sentMore = c, "", false
		left := false // it has ended the connection itself
		for _, ev := range c.Events {
			if ev.At > end {
				break
			}
			switch {
			case ev.Stream == proxy.Upstream && (ev.What == "fin" || ev.What == "rst"):
				left = true
			case left && ev.At > end-2*blur: // it is no news that answers its own end
			case ev.Stream == proxy.Downstream && (ev.What == "sent_fin" || ev.What == "sent_rst"):
				if w.told != "rst" {
					w.told, w.toldAt = ev.What[len("sent_"):], ev.At
				}
			case ev.Stream == proxy.Upstream && ev.What == "in" && w.told != "":
				w.sentMore = true
			}
		}
		if used {
			w.lastIn = max(w.lastIn, min(c.Accepted, end))
		}
	}
	return w
}

// endedInTime: never hang.
func endedInTime(s schedule, o cases.Observation, x cases.Call, w seen) *cases.Broken {
	late := func(d fixtures.Deadline, took time.Duration, since string) *cases.Broken {
		limit := o.Declared.Of(d)
		if limit == 0 {
			return nil
		}
		if _, high := cases.Window(limit, o.Scale); took > high+o.Blur {
			return &cases.Broken{Promise: cases.NeverHang, Expected: fmt.Sprintf("an end by its %s deadline, %v", d, limit), Seen: fmt.Sprintf("%s %v after %s", x.Outcome, took.Round(time.Millisecond), since)}
		}
		return nil
	}
	if x.Outcome == fixtures.Hang {
		return &cases.Broken{Promise: cases.NeverHang, Expected: "an end", Seen: "still waiting when the guard ended it"}
	}
	if b := late(fixtures.TotalDeadline, x.Elapsed, "its beginning"); b != nil {
		return b
	}
	silence := x.Began + x.Elapsed - w.lastIn
	switch {
	case w.conn == nil:
		return late(fixtures.ConnectDeadline, x.Elapsed, "its beginning")
	case s.target.TLS && o.Declared.Connect == 0: // nothing but the total may cover the handshake
	case s.onlyWrites() && o.Declared.Write == 0: // nor a write
	case o.Declared.Write <= o.Declared.Read && w.told == "":
		return late(fixtures.ReadDeadline, silence, "anything last moved")
	}
	return nil
}

// noTimeoutBefore: a timeout is said only when a deadline has passed.
func noTimeoutBefore(_ schedule, o cases.Observation, x cases.Call, _ seen) *cases.Broken {
	shortest := shortestDeadline(o)
	if low, _ := cases.Window(shortest, o.Scale); x.Outcome == fixtures.Timeout && shortest > 0 && x.Elapsed+o.Blur < low {
		return &cases.Broken{Promise: cases.SayWhat, Expected: fmt.Sprintf("a timeout only when a deadline has passed: not before %v", low), Seen: fmt.Sprintf("a timeout after %v", x.Elapsed.Round(time.Millisecond))}
	}
	return nil
}

// shortestDeadline is the first that may pass of those that are declared; 0 if none is.
func shortestDeadline(o cases.Observation) (shortest time.Duration) {
	for _, d := range []time.Duration{o.Declared.Connect, o.Declared.Read, o.Declared.Write, o.Declared.Total} {
		if d > 0 && (shortest == 0 || d < shortest) {
			shortest = d
		}
	}
	return shortest
}

// untrueOfContent: where content ends with its connection, an abort is no end.
func untrueOfContent(s schedule, _ cases.Observation, x cases.Call, w seen) *cases.Broken {
	if !s.endsWithConnection() || x.Outcome != fixtures.OK || x.Damage == "" || w.told != "rst" || finFirst(w.conn) || w.anew > 1 {
		return nil
	}
	return &cases.Broken{Promise: cases.NeverLie, Expected: "no success: the connection was reset inside the content", Seen: "success reported, but what it received is wrong: " + x.Damage}
}

// endsWithConnection reports whether some content has no other end than the connection's, so that it may be cut short unnoticed.
func (s schedule) endsWithConnection() bool {
	return slices.ContainsFunc(s.Messages, func(m fixtures.Message) bool { return m.HTTP.Framing == fixtures.ByClose })
}

// saidWhatItWasTold: a reset is told from an end, and either from a silence.
func saidWhatItWasTold(s schedule, o cases.Observation, x cases.Call, w seen) *cases.Broken {
	said := func(expected string) *cases.Broken {
		return &cases.Broken{Promise: cases.SayWhat, Expected: expected, Seen: fmt.Sprintf("%s, %s", x.Outcome, x.Detail)}
	}
	if !o.Speaks || s.Shown != fixtures.Valid {
		return nil
	}
	timely := w.told != "" && w.toldAt < x.Began+x.Elapsed-blur*2
	if low, _ := cases.Window(shortestDeadline(o), o.Scale); o.Process != nil && low > 0 && w.toldAt-w.lastIn > low {
		timely = false // a process has ended by then, but nobody knows when it made up its mind: before, perhaps
	}
	switch x.Outcome {
	case fixtures.Refused:
		if w.conn != nil && w.anew > 0 {
			return said("no refusal reported, for it was connected")
		}
	case fixtures.Reset, fixtures.Closed:
		if w.conn != nil && w.told == "" && !s.target.TLS { // where an end can be said in the secured stream
			return said("neither an end nor a reset reported, for nothing has ended its connection")
		}
		if w.conn == nil {
			return said("neither an end nor a reset reported, for it was never connected")
		}
	case fixtures.Timeout:
		if timely && !w.sentMore && w.anew <= 1 && (w.told == "rst" || !s.onlyWrites()) {
			return said("an end of the connection reported, which it was told of in time")
		}
	}
	if w.conn == nil || w.anew > 1 {
		return nil
	}
	whole := int64(0)
	if len(o.Calls) == 0 && o.Wanted == x.Wanted {
		whole = s.lengths().Asked
	}
	everythingSent := whole > 0 && w.conn.Upstream.In >= whole && w.conn.Upstream.LastIn != nil && *w.conn.Upstream.LastIn < w.toldAt-blur
	switch {
	case w.told == "rst" && !finFirst(w.conn) && everythingSent && x.Outcome == fixtures.Closed:
		return said("a reset reported: it had nothing left to send when it was told of one")
	case w.told == "fin" && everythingSent && !w.sentMore && x.Outcome == fixtures.Reset:
		return said("an early end reported: it had nothing left to send when it was told of one")
	case w.conn == nil && x.Outcome == fixtures.OK:
		return said("no success, for it was never connected")
	}
	return nil
}

// onlyWrites reports whether there are times when a sound program writes and does not read: it does not hear of an end then.
func (s schedule) onlyWrites() bool {
	return slices.ContainsFunc(s.Messages, func(m fixtures.Message) bool { return m.HTTP.Method == "POST" }) ||
		slices.ContainsFunc(s.Calls, func(c fixtures.Call) bool { return c.Push })
}

func finFirst(c *proxy.ConnTrace) bool {
	for _, ev := range c.Events {
		if ev.Stream == proxy.Downstream && (ev.What == "sent_fin" || ev.What == "sent_rst") {
			return ev.What == "sent_fin"
		}
	}
	return false
}

func (s schedule) lengths() cases.Request {
	messages := s.Messages
	if s.Session {
		messages = messages[:1]
	}
	return cases.Case{Exchange: fixtures.Exchange{Messages: messages}}.Lengths(s.target)
}

// tookWhatCame: what came whole and in time is a success.
func tookWhatCame(s schedule, o cases.Observation, x cases.Call, w seen) *cases.Broken {
	if w.conn == nil || len(o.Calls) > 0 || s.Conns != nil || s.Shown != fixtures.Valid || s.target.TLS {
		return nil
	}
	expected := s.lengths()
	quick := min(positive(o.Timing.Read), positive(o.Timing.Total), positive(o.Timing.Connect)) * 6 / 10
	if x.Outcome == fixtures.OK || len(o.Trace.Conns) > 1 || w.bytes < expected.Bytes || w.tookIn > quick || (expected.Asked > 0 && w.sent < expected.Asked) {
		return nil
	}
	if m := s.Messages[0]; m.HTTP.Status >= 300 || m.HTTP.Gzip {
		return nil
	}
	if s.Messages[0].HTTP.Framing == fixtures.ByClose && s.target.Protocol == fixtures.HTTPProtocol {
		return nil // how it ended is what matters
	}
	if w.told == "rst" && w.toldAt-x.Began <= w.tookIn+10*time.Millisecond {
		return nil // the end came with it; a sound program may have seen that first where it was writing
	}
	return &cases.Broken{Promise: cases.Reassemble, Expected: fmt.Sprintf("success: all %d bytes had come after %v", expected.Bytes, w.tookIn.Round(time.Millisecond)), Seen: fmt.Sprintf("%s: %s", x.Outcome, x.Detail)}
}

func positive(d time.Duration) time.Duration {
	if d <= 0 {
		return time.Hour
	}
	return d
}

// trustedNobody: nothing is said to a server that cannot be trusted.
func trustedNobody(s schedule, o cases.Observation, x cases.Call, _ seen) *cases.Broken {
	if s.Shown == fixtures.Valid {
		return nil
	}
	if x.Outcome == fixtures.OK {
		return &cases.Broken{Promise: cases.NeverLie, Expected: "no success with a server whose certificate is " + string(s.Shown), Seen: "success reported"}
	}
	return cases.HaveTrustedNobody().Judge(o)
}

// recovered: what has failed is over, and the next exchange is not harmed by it.
func recovered(s schedule, o cases.Observation, before, x cases.Call, w seen) *cases.Broken {
	if w.conn == nil || w.first == nil || x.Outcome == fixtures.OK || s.target.TLS {
		return nil
	}
	if before.Outcome == fixtures.OK || before.Outcome == fixtures.Unsupported || x.Outcome == fixtures.Unsupported {
		return nil
	}
	if w.anew == 0 {
		return &cases.Broken{Promise: cases.Recover, Expected: "a new connection behind an exchange that has failed", Seen: fmt.Sprintf("the same one, and %s: %s", x.Outcome, x.Detail)}
	}
	if len(s.Plan.Faults) == 0 || s.Conns != nil || w.anew != 1 || x.Outcome == fixtures.Other && s.target.Protocol == fixtures.HTTPProtocol {
		return nil
	}
	for _, f := range s.Plan.Faults {
		if f.Connection != 1 {
			return nil
		}
	}
	if w.conn.N > 1 {
		return &cases.Broken{Promise: cases.Recover, Expected: "success: there is no fault on its new connection", Seen: fmt.Sprintf("%s: %s", x.Outcome, x.Detail)}
	}
	return nil
}

// closedWhatFailed: a connection on which something has failed is closed.
func closedWhatFailed(s schedule, o cases.Observation, exchanges []cases.Call) *cases.Broken {
	if last := exchanges[len(exchanges)-1]; last.Outcome == fixtures.OK || last.Outcome == fixtures.Hang || last.Outcome == fixtures.Unsupported {
		return nil
	}
	for _, f := range s.Plan.Faults {
		if f.Stream == proxy.FromTarget {
			return nil // the wire does not hear of an end behind what it holds back
		}
	}
	for _, c := range o.Trace.Conns {
		if c.Upstream.In > c.Upstream.Out {
			continue // nor behind what nobody takes
		}
		if c.Upstream.End == "" && c.Downstream.Passed == "" && c.Downstream.Out+c.Upstream.In > 0 {
			return &cases.Broken{Promise: cases.Recover, Expected: "its connection closed, on which an exchange has failed", Seen: fmt.Sprintf("connection %d is still open", c.N)}
		}
	}
	return nil
}
