package suites

import (
	"math/rand/v2"
	"slices"
	"time"

	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/proxy"
	"github.com/faultwire/faultwire/suites/cases"
	"github.com/faultwire/faultwire/targets"
)

// toTarget is the schedule as a case for its target: of clients or of servers.
func (s schedule) toTarget() cases.Case {
	if s.target.Role == targets.ServerRole {
		return s.asServerCase()
	}
	return s.asCase()
}

// drawFor is schedule number n, for a client or a server.
func (d deck) drawFor(n int) schedule {
	s := d.draw(n)
	if d.target.Role != targets.ServerRole {
		return s
	}
	rng := rand.New(rand.NewPCG(^d.seed, uint64(n)))
	for range rng.IntN(3) {
		s.Messages = append(s.Messages, d.message(rng, len(s.Messages)))
	}
	s.Session = len(s.Messages) > 1 && rng.IntN(2) == 0
	return s.turned()
}

// drawWritten is schedule number n for real sockets, and for a file: one that [Spoken] can hold. What plays a script of its own, is cancelled
// or has little room on the way is for virtual time; another is drawn in its place.
func (d deck) drawWritten(n int) schedule {
	for again := n; ; again += 1 << 32 {
		s := d.drawFor(again)
		if s.Conns == nil && s.Calls == nil && s.Demand == success && s.Cancel == (fixtures.Span{}) && s.Room == 0 {
			return s
		}
	}
}

// turned is the schedule as the reference client plays it with a server: on one connection, and with plain requests. In a session it awaits
// the reply to each before it sends the next; else it sends all at once.
func (s schedule) turned() schedule {
	s.Shown = fixtures.Valid
	s.Conns, s.Calls, s.Demand, s.Cancel = nil, nil, success, fixtures.Span{} // which are for clients
	s.Messages = slices.Clone(s.Messages)
	for i := range s.Messages {
		m := &s.Messages[i]
		m.HTTP = fixtures.HTTP{}
		if !s.target.Speech().Carries(*m, true) {
			m.Size = 1000
		}
	}
	return s
}

// asServerCase is the schedule as a case of servers. What a server does on a connection that breaks is its own affair; but it goes on, serves
// whoever is there meanwhile and comes afterwards, says nothing but what is right, and serves in full where nothing is lost.
func (s schedule) asServerCase() cases.Case {
	const connected = "connected"
	steps := []fixtures.Step{fixtures.Dial(), fixtures.Signal(connected)}
	if !s.Session {
		steps = append(steps, fixtures.SendTogether(0, len(s.Messages)))
	}
	for i := range s.Messages {
		if s.Session {
			steps = append(steps, fixtures.Send(i))
		}
		steps = append(steps, fixtures.Expect(i))
	}
	x := fixtures.Exchange{Messages: s.Messages}.Playing(fixtures.Script("client", append(steps, fixtures.Close())...))
	if s.connects() {
		x = x.Beside(plainExchange, connected)
	}
	c := cases.Case{
		ID: huntID, Title: "keeps the five promises, whatever the network does", Level: cases.Must, Role: cases.Server,
		Basis: cases.Practice(cases.Recover, "the five promises"), Exchange: x,
		Wire:   func(cases.Timing, cases.Request) []proxy.Fault { return s.Plan.Faults },
		Expect: cases.And(),
	}
	if s.gentle() {
		c.Expect = cases.HaveDelivered()
	}
	return c
}

// oneByOne reports whether a hunt's case is about messages that follow each other.
func oneByOne(c cases.Case) bool {
	sent := slices.ContainsFunc(c.Exchange.Conns, func(conn fixtures.Conn) bool {
		return slices.ContainsFunc(conn.Steps, func(s fixtures.Step) bool { return s.Do == fixtures.ActSend && s.Joined == 0 })
	})
	return len(c.Exchange.Calls) > 0 || sent
}

// connects reports whether the client is sure to get a connection, so that another can come beside it.
func (s schedule) connects() bool {
	unsure := []string{"refuse", "connect_blackhole", "accept_then_reset", "accept_then_close"}
	return !s.target.TLS && !slices.ContainsFunc(s.Plan.Faults, func(f proxy.Fault) bool { return slices.Contains(unsure, f.Type) })
}

// gentle reports whether nothing is lost, and nothing so late that a server may take it for the end.
func (s schedule) gentle() bool {
	patient := time.Second
	if idle := s.target.Promises.Idle; idle > 0 {
		patient = min(patient, idle/2)
	}
	length := cases.Case{Exchange: fixtures.Exchange{Messages: s.Messages}}.Lengths(s.target).Bytes
	var late time.Duration
	if s.target.TLS { // the handshake goes back and forth, and is longer than most messages
		length += 10_000
		patient /= 5
	}
	for _, f := range s.Plan.Faults {
		if s.target.Protocol == fixtures.HTTPProtocol && f.Stream == proxy.FromTarget && f.Type != "latency" {
			return false // how long its page is, nobody knows
		}
		ms := func(attribute string) time.Duration { return time.Duration(f.Attributes[attribute]) * time.Millisecond }
		switch f.Type {
		case "latency":
			late += ms("latency") + ms("jitter")
		case "coalesce":
			late += time.Duration(length/f.Attributes["size"]+1) * ms("delay")
		case "slicer":
			pieces := length/max(1, f.Attributes["average_size"]-f.Attributes["size_variation"]) + 1
			late += time.Duration(pieces*f.Attributes["delay"]) * time.Microsecond
		case "bandwidth":
			late += time.Duration(length/max(1, f.Attributes["rate"])) * time.Millisecond
		case "slice":
			if every := f.Attributes["every"]; every > 0 {
				late += time.Duration(length/every) * time.Millisecond // for each is awaited
			}
		case "stall":
			if f.Until == nil || f.Until.For == 0 {
				return false
			}
			late += time.Duration(f.Until.For) * time.Millisecond
		case "accept_delay":
			late += ms("delay")
		default:
			return false
		}
	}
	return late < patient
}
