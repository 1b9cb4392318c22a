package suites

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/proxy"
	"github.com/faultwire/faultwire/suites/cases"
)

// harmless reports whether the faults do no more than cut, merge and delay, and all of them together so little that nobody's deadline
// passes.
func (s schedule) harmless(o cases.Observation) bool {
	ways := time.Duration(2) // how often something waits for the other side
	if s.target.TLS {
		ways += 4
	}
	for _, m := range s.Messages {
		if m.HTTP.Location > 0 {
			ways += 2
		}
	}
	var all time.Duration
	for _, f := range s.Plan.Faults {
		delay, mild := s.delays(f)
		if !mild {
			return false
		}
		all += delay
	}
	return all*ways < min(positive(o.Declared.Connect), positive(o.Declared.Read), positive(o.Declared.Write), positive(o.Declared.Total))*6/10
}

// delays is how much later something comes through the fault, if that is all that it does.
func (s schedule) delays(f proxy.Fault) (d time.Duration, mild bool) {
	ms := func(names ...string) (sum time.Duration) {
		for _, name := range names {
			sum += time.Duration(f.Attributes[name]) * time.Millisecond
		}
		return sum
	}
	longest := int64(0)
	for _, m := range s.Messages {
		longest = max(longest, int64(m.Size)*2+10_000) // chunks, heads and handshakes
	}
	switch f.Type {
	case "slice":
		if f.Until != nil && f.Until.Byte > 0 {
			longest = min(longest, f.Until.Byte)
		}
		return 0, longest/max(1, f.Attributes["every"]) < 10_000
	case "latency":
		return ms("latency", "jitter"), true
	case "coalesce", "accept_delay", "slow_close":
		return ms("delay"), true
	case "stall":
		return lasting(f), lasting(f) > 0
	case "slicer":
		return time.Duration(longest/max(1, f.Attributes["average_size"])*f.Attributes["delay"]) * time.Microsecond, true
	case "bandwidth":
		return time.Duration(longest/max(1, f.Attributes["rate"])) * time.Millisecond, f.Attributes["rate"] > 0
	}
	return 0, false
}

// lasting is for how long the fault lasts; 0 is for good, or to a certain byte.
func lasting(f proxy.Fault) time.Duration {
	if f.Until == nil {
		return 0
	}
	return time.Duration(f.Until.For) * time.Millisecond
}

// demandMet: what the reference side says decides what there is to report.
func demandMet(s schedule, o cases.Observation, x cases.Call, _ seen) *cases.Broken {
	if s.Shown != fixtures.Valid || x.Outcome == fixtures.Unsupported {
		return nil
	}
	said := fmt.Sprintf("%s: %s", x.Outcome, x.Detail)
	switch {
	case s.Demand == nothing:
	case s.Demand != success && x.Outcome == fixtures.OK:
		return &cases.Broken{Promise: cases.NeverLie, Expected: "no success: what it was to receive never came", Seen: "success reported"}
	case s.Demand == refusal && x.Outcome != fixtures.Other && len(s.Plan.Faults) <= 1:
		return &cases.Broken{Promise: cases.SayWhat, Expected: "the reply's status reported (RFC 9112 §9.5: should)", Seen: said}
	case !s.harmless(o):
	case s.Demand == success && x.Outcome != fixtures.OK:
		return &cases.Broken{Promise: cases.Reassemble, Expected: "success: all that is needed came, and in time", Seen: said}
	case s.Demand == success && x.Damage != "":
		return &cases.Broken{Promise: cases.NeverLie, Expected: "success with all that came", Seen: "success reported, but what it received is wrong: " + x.Damage}
	case s.Demand == rejection && x.Outcome == fixtures.Timeout:
		return &cases.Broken{Promise: cases.SayWhat, Expected: "an error at once: what came can be no reply", Seen: said}
	}
	return nil
}

// stopped: a call whose context is cancelled returns.
func stopped(s schedule, o cases.Observation, x cases.Call) *cases.Broken {
	at := s.Cancel.In(o.Timing)
	if limit := at + o.Timing.Read/4; x.Elapsed > limit+o.Blur {
		return &cases.Broken{Promise: cases.NeverHang, Expected: fmt.Sprintf("an end right after it was cancelled at %v", at), Seen: fmt.Sprintf("%s after %v", x.Outcome, x.Elapsed.Round(time.Millisecond))}
	}
	return nil
}

// noTimeoutWhileItComes: a timeout is said when nothing has come for the read deadline, or the whole has taken too long, and not while
// something comes.
func noTimeoutWhileItComes(s schedule, o cases.Observation, x cases.Call, w seen) *cases.Broken {
	if x.Outcome != fixtures.Timeout || s.target.TLS || !echoes(s.target) || len(o.Calls) > 0 || w.conn == nil || w.anew > 1 || o.Declared.Read == 0 {
		return nil
	}
	if asked := s.lengths().Asked; w.sent < asked {
		return nil
	}
	read, _ := cases.Window(o.Declared.Read, o.Scale)
	total, _ := cases.Window(positive(o.Declared.Total), o.Scale)
	silence := x.Elapsed - w.before
	if silence+o.Blur < read && x.Elapsed+o.Blur < total {
		return &cases.Broken{Promise: cases.SayWhat, Expected: fmt.Sprintf("a timeout only when a deadline has passed: no silence of %v, and not %v in all", read, total), Seen: fmt.Sprintf("a timeout after %v, %v after something had come", x.Elapsed.Round(time.Millisecond), silence.Round(time.Millisecond))}
	}
	return nil
}

// sentAll: what waits for a reply has asked.
func sentAll(s schedule, o cases.Observation, x cases.Call, w seen) *cases.Broken {
	if x.Outcome != fixtures.Timeout || s.target.TLS || len(o.Calls) > 0 || w.conn == nil || w.anew > 1 || w.told != "" {
		return nil
	}
	up, asked := w.conn.Upstream, s.lengths().Asked
	read, _ := cases.Window(o.Timing.Read, o.Scale)
	if up.In >= asked || up.In == 0 || up.In != up.Out || x.Began+x.Elapsed-*up.LastIn < read {
		return nil
	}
	return &cases.Broken{Promise: cases.Reassemble, Expected: fmt.Sprintf("all %d bytes sent: nothing was in the way", asked), Seen: fmt.Sprintf("%d bytes, and a timeout %v after them", up.In, (x.Began + x.Elapsed - *up.LastIn).Round(time.Millisecond))}
}

// saidAnything: where nothing is said that makes no sense, there are words for whatever goes wrong.
func saidAnything(s schedule, o cases.Observation, x cases.Call, _ seen) *cases.Broken {
	if x.Outcome != fixtures.Other || !o.Speaks || !echoes(s.target) || s.target.TLS || s.Demand == rejection {
		return nil
	}
	return &cases.Broken{Promise: cases.SayWhat, Expected: "a timeout, a reset, an end or a refusal reported, whichever it was", Seen: "an error of no known kind: " + x.Detail}
}

// mostRequests is how often something may be asked for before somebody gives up.
const mostRequests = 10

// asksWithReason: who asks again stops at some time, and what may not be asked for twice is not.
func asksWithReason(s schedule, o cases.Observation, exchanges []cases.Call) *cases.Broken {
	if s.target.Protocol != fixtures.HTTPProtocol {
		return nil
	}
	posts := 0
	for i := range exchanges {
		m := s.Messages[0]
		switch {
		case s.Calls != nil:
			m = s.Messages[s.Calls[i].Message]
		case s.Session:
			m = s.Messages[i]
		}
		if m.HTTP.Method == "POST" {
			posts++
		}
	}
	asked, uploads := 0, 0
	for _, c := range o.Reference.Conns {
		asked, uploads = asked+c.Requests, uploads+c.Uploads
	}
	if uploads > posts {
		return &cases.Broken{Promise: cases.NeverLie, Expected: fmt.Sprintf("each POST once (RFC 9110 §9.2.2: should): %d of them", posts), Seen: fmt.Sprintf("%d at the server", uploads)}
	}
	if most := mostRequests*len(exchanges) + len(s.Messages); asked > most {
		return &cases.Broken{Promise: cases.Recover, Expected: fmt.Sprintf("at most %d requests", most), Seen: fmt.Sprintf("%d of them", asked)}
	}
	return nil
}

// pushedToSomebody: what is said to have been sent has been taken.
func pushedToSomebody(s schedule, o cases.Observation, exchanges []cases.Call) *cases.Broken {
	said, taken, longest := int64(0), int64(0), int64(0)
	for i, x := range exchanges {
		if i >= len(s.Calls) || !s.Calls[i].Push {
			return nil
		}
		all, _ := s.target.Speech().Length(s.Messages[s.Calls[i].Message], s.Calls[i].Message, true)
		longest = max(longest, int64(all))
		if x.Outcome == fixtures.OK {
			said += int64(all)
		}
	}
	if !s.harmless(o) {
		return nil // what waits is on its way, or the news of an end is
	}
	for _, c := range o.Trace.Conns {
		taken += c.Upstream.In
	}
	if said-taken <= 3*longest || s.target.TLS { // the first behind an end is taken by the system
		return nil
	}
	return &cases.Broken{Promise: cases.NeverLie, Expected: "no success where nobody takes what is sent", Seen: fmt.Sprintf("%d bytes said to have been sent, of which %d were taken", said, taken)}
}

// saidGoodbye: under TLS who is done says so.
func saidGoodbye(s schedule, o cases.Observation, exchanges []cases.Call) *cases.Broken {
	if !s.target.TLS || s.Session || s.Conns != nil || s.Shown != fixtures.Valid || exchanges[0].Outcome != fixtures.OK || !s.harmless(o) {
		return nil
	}
	for _, c := range o.Reference.Conns {
		if c.PeerEnd == "fin" && !c.Notified {
			return &cases.Broken{Promise: cases.SayWhat, Expected: "close_notify before the end of the connection (RFC 8446 §6.1)", Seen: "the connection ended without it"}
		}
	}
	return nil
}

// wentOn reports whether an exchange was ended while something moved still, where the target promises nothing for the whole.
func wentOn(o cases.Observation) bool {
	if o.Outcome != fixtures.Hang || o.Declared.Total > 0 {
		return false
	}
	exchanges := exchangesOf(o)
	last := exchanges[len(exchanges)-1]
	_, high := cases.Window(o.Timing.Read, o.Scale)
	return last.Began+last.Elapsed-witnessed(o, last).lastIn <= high
}

// spoilt reports whether the observation says nothing of the target: a script that makes no sense for it, or that it cannot play.
func spoilt(o cases.Observation) bool {
	return slices.ContainsFunc(o.Reference.Conns, func(c fixtures.ConnRecord) bool { return c.Wrong || c.Outcome == fixtures.Unsupported })
}

// told says what there is beside messages' sizes and faults.
func (s schedule) told() (all []string) {
	for i, m := range s.Messages {
		if m.HTTP != (fixtures.HTTP{}) {
			all = append(all, fmt.Sprintf("in HTTP   message %d: %s", i+1, howAsked(m.HTTP)))
		}
	}
	if s.Room > 0 {
		all = append(all, fmt.Sprintf("room      for %d bytes on each part of the way", s.Room))
	}
	if s.Cancel.Times > 0 {
		all = append(all, fmt.Sprintf("cancelled after %.2f of its %s deadline", s.Cancel.Times, s.Cancel.Deadline))
	}
	if s.Shown != fixtures.Valid {
		all = append(all, "shown     a certificate that is "+strings.ReplaceAll(string(s.Shown), "-", " "))
	}
	stage := &fixtures.Stage{Speech: s.target.Speech(), Seed: s.Plan.Seed, Deadlines: effective(s.target.Promises, 1)}
	for _, does := range stage.Narrate(s.asCase().Exchange, true) {
		all = append(all, "peer      "+does)
	}
	return all
}

// howAsked is how the message is asked for, and answered, as far as that is out of the ordinary.
func howAsked(h fixtures.HTTP) string {
	var parts []string
	say := func(so bool, format string, a ...any) {
		if so {
			parts = append(parts, fmt.Sprintf(format, a...))
		}
	}
	say(h.Method != "", "a %s", h.Method)
	say(h.Interim > 0, "first %d × %d", h.Interims, h.Interim)
	say(h.Status > 0, "status %d", h.Status)
	say(h.Location > 0, "sent on to message %d", h.Location+1)
	say(h.Framing == fixtures.ByChunks && h.Chunk == 0, "in one chunk")
	say(h.Framing == fixtures.ByChunks && h.Chunk > 0, "in chunks of %d bytes", h.Chunk)
	say(h.Framing == fixtures.ByClose, "up to the end of the connection")
	say(h.Gzip, "compressed")
	return strings.Join(parts, ", ")
}
