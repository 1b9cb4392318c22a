package suites

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/proxy"
	"github.com/faultwire/faultwire/suites/cases"
	"github.com/faultwire/faultwire/targets"
)

// A schedule is one thing that a hunt tries: what is exchanged, and what goes wrong on the wire. Its faults' streams are relative to
// the target.
type schedule struct {
	Messages []fixtures.Message
	Session  bool                 // each message is an exchange of its own, in one session
	Calls    []fixtures.Call      // in place of these exchanges
	Conns    []fixtures.Conn      // what the reference side does; none is its sound service
	Demand   demand               // what is asked of each exchange
	Cancel   fixtures.Span        // no session: when it is cancelled; zero is never
	Room     int                  // bytes that wait on the way in each direction before a write has to; 0 is as many as usual
	Shown    fixtures.Certificate // under TLS
	Plan     proxy.Plan

	target *targets.Target
}

// huntID is the ID of what is no case of the catalogue's.
const huntID = "hunt"

// asCase is the schedule as a case, which expects the five promises.
func (s schedule) asCase() cases.Case {
	x := fixtures.Exchange{Messages: s.Messages, Conns: s.Conns, Calls: s.Calls}
	if s.Session && s.Calls == nil {
		x = x.Calling()
		for i := range x.Calls {
			x.Calls[i].Pause = fixtures.ReadDeadline.Times(0.1) // so that what the wire did can be told apart by when
		}
	}
	faults := s.Plan.Faults
	return cases.Case{
		ID: huntID, Title: "keeps the five promises, whatever the network does", Level: cases.Must, Role: cases.Client,
		Basis: cases.Practice(cases.NeverLie, "the five promises"), Exchange: x, Shown: s.Shown, Cancel: s.Cancel, Excused: s.endsWithConnection(),
		Wire:   func(cases.Timing, cases.Request) []proxy.Fault { return faults },
		Expect: cases.JudgeFunc(func(o cases.Observation) *cases.Broken { return kept(s, o) }),
	}
}

// A deck draws schedules for a client, each a pure function of the seed and its number.
type deck struct {
	target *targets.Target
	timing cases.Timing
	seed   uint64
}

func newDeck(t *targets.Target, scale float64, seed uint64) deck {
	return deck{t, effective(t.Promises, scale), seed}
}

// draw is schedule number n. Each draws from a subset of the types only (a swarm): what hides behind a frequent fault shows where that
// is left out.
func (d deck) draw(n int) schedule {
	rng := rand.New(rand.NewPCG(d.seed, uint64(n)))
	s := schedule{target: d.target, Session: d.target.Sessions() && rng.IntN(2) == 0, Plan: proxy.Plan{Seed: d.seed ^ uint64(n)}}
	calls := 1
	if s.Session {
		calls += rng.IntN(3)
	}
	for i := range calls {
		s.Messages = append(s.Messages, d.message(rng, i))
	}
	if d.target.TLS && rng.IntN(12) == 0 {
		s.Shown = pick(rng, fixtures.Expired, fixtures.WrongName, fixtures.SelfSigned, fixtures.Stranger)
	}
	if d.blocks() && rng.IntN(3) == 0 {
		s.Room = pick(rng, 1024, 4096, 16384)
		if rng.IntN(8) == 0 {
			s.Messages[0].Size = 1 << 18 // more than there is room for on the whole way
		}
	}
	if fit := d.plays(); len(fit) > 0 && s.Shown == fixtures.Valid && rng.IntN(3) == 0 {
		p := pick(rng, fit...)
		p.set(d, rng, &s)
		if p.bare || rng.IntN(2) == 0 {
			return s
		}
	}
	if !s.Session && rng.IntN(20) == 0 {
		s.Cancel = fixtures.ReadDeadline.Times(pick(rng, 0.05, 0.1, 0.5))
	}
	types := slices.DeleteFunc(types(), func(string) bool { return rng.IntN(2) == 0 })
	if len(types) == 0 {
		return s // a plain exchange, once in a while
	}
	for i := range 1 + rng.IntN(3) {
		f := d.fault(rng, s, pick(rng, types...))
		f.Name = fmt.Sprintf("f%d", i+1)
		s.Plan.Faults = append(s.Plan.Faults, f)
	}
	s.Plan.Faults = alone(s.Plan.Faults)
	return s
}

// blocks reports whether writes may have to wait for room. Under TLS who writes holds a lock that who reads may want, to send an alert;
// in a bubble time stands still then, and nobody reads what there is no room behind.
func (d deck) blocks() bool { return !d.target.TLS }

// plays are those that fit the target.
func (d deck) plays() (fit []play) {
	for _, p := range plays {
		if p.fits(d.target) {
			fit = append(fit, p)
		}
	}
	return fit
}

func pick[V any](rng *rand.Rand, values ...V) V { return values[rng.IntN(len(values))] }

// alone keeps one of the faults that decide what becomes of a connect: there can be no two.
func alone(faults []proxy.Fault) []proxy.Fault {
	for _, f := range faults {
		if f.Type == "refuse" || f.Type == "connect_blackhole" {
			return []proxy.Fault{f}
		}
	}
	seen := false
	return slices.DeleteFunc(faults, func(f proxy.Fault) bool {
		decides := slices.Contains([]string{"accept_then_reset", "accept_then_close", "accept_delay"}, f.Type)
		again := decides && seen
		seen = seen || decides
		return again
	})
}

// sizes are bytes where programs have their buffers' ends, and some in between.
var sizes = []int{1, 13, 100, 256, 500, 511, 512, 513, 1000, 1023, 1024, 1025, 2000, 4095, 4096, 4097, 8192, 65535, 65536, 65537, 70_000, 131_072}

func (d deck) message(rng *rand.Rand, i int) fixtures.Message {
	m := fixtures.Message{Size: pick(rng, sizes...), Of: i, Kind: fixtures.Random}
	switch d.target.Protocol {
	case fixtures.EchoProtocol, fixtures.FramedProtocol:
		m.Kind = pick(rng, fixtures.Random, fixtures.Random, fixtures.Text, fixtures.UTF8, fixtures.Binary)
		if d.target.Protocol == fixtures.FramedProtocol && rng.IntN(20) == 0 {
			m.Size = 0
		}
	case fixtures.LineProtocol:
		m.Kind = pick(rng, fixtures.Text, fixtures.Text, fixtures.UTF8)
		if rng.IntN(20) == 0 {
			m.Size = 0
		}
	case fixtures.HTTPProtocol:
		m.HTTP = d.http(rng)
	}
	return m
}

func (d deck) http(rng *rand.Rand) (h fixtures.HTTP) {
	h.Framing = pick(rng, fixtures.ByLength, fixtures.ByLength, fixtures.ByChunks, fixtures.ByChunks, fixtures.ByClose)
	if h.Framing == fixtures.ByChunks {
		h.Chunk = pick(rng, 0, 17, 100, 1000)
	}
	switch rng.IntN(12) {
	case 0:
		h.Method = "POST"
	case 1:
		h.Method, h.Framing = "HEAD", fixtures.ByLength
	case 2:
		h.Status, h.Framing = pick(rng, 204, 304), fixtures.ByLength
	case 3:
		h.Interim, h.Interims = pick(rng, 100, 103), 1+rng.IntN(3)
	case 4:
		h.Gzip = true
	}
	return h
}

// types are what can go wrong with the target's stream, and be noticed by who has no check sum.
func types() []string {
	return []string{
		"latency", "bandwidth", "slicer", "slice", "split", "coalesce", "stall", "pause", "reset_peer", "close", "half_close", "limit_data",
		"timeout", "blackhole", "slow_close",
		"refuse", "connect_blackhole", "accept_then_reset", "accept_then_close", "accept_delay",
	}
}

// fault draws one of the type.
func (d deck) fault(rng *rand.Rand, s schedule, kind string) proxy.Fault {
	towards := rng.IntN(4) > 0
	lengths := s.lengths()
	length := lengths.Bytes
	if !towards {
		length = lengths.Asked
	}
	at := d.offset(rng, length, lengths.Body)
	wait := time.Duration(float64(d.timing.Read) * pick(rng, 0.1, 0.3, 0.6, 0.8, 1.3, 2, 3))
	var f proxy.Fault
	switch kind {
	case "latency":
		f = proxy.Latency(wait, time.Duration(rng.IntN(2))*wait/4)
	case "bandwidth":
		took := max(1, (wait * time.Duration(pick(rng, 1, 2, 5))).Milliseconds())
		f = proxy.Bandwidth(length/took + 1)
	case "slicer":
		f = proxy.Slicer(pick(rng, int64(50), 500, 1460), 0, time.Duration(1+rng.IntN(3))*time.Millisecond)
	case "slice":
		f = proxy.Slice(pick(rng, max(1, length/100), max(2, length/30), max(7, length/10), 512, 1460))
		if rng.IntN(3) == 0 {
			f = proxy.Slice(1).UntilByte(40) // what says how the rest is to be read
		}
	case "split":
		f = proxy.SplitAt(max(1, at))
	case "coalesce":
		f = proxy.Coalesce(pick(rng, int64(100), 1500, 20_000), wait/4)
	case "stall":
		f = proxy.Stall()
		if rng.IntN(8) == 0 {
			f = f.At(0)
		} else {
			f = f.After(at)
		}
	case "pause":
		f = proxy.StallFor(wait).After(at)
	case "reset_peer":
		f = proxy.ResetPeer().After(at)
		if towards && rng.IntN(2) == 0 {
			f = f.OnceSent(lengths.Asked)
		}
	case "close":
		f = proxy.Close().After(at)
	case "half_close":
		f = proxy.HalfClose().After(at)
	case "limit_data":
		f = proxy.LimitData(at)
	case "timeout":
		f = proxy.Timeout(wait)
	case "blackhole":
		f = proxy.Blackhole().After(at)
	case "slow_close":
		f = proxy.SlowClose(wait)
	case "refuse":
		return proxy.Refuse()
	case "connect_blackhole":
		return proxy.ConnectBlackhole()
	case "accept_then_reset":
		f = proxy.AcceptThenReset()
	case "accept_then_close":
		f = proxy.AcceptThenClose()
	case "accept_delay":
		f = proxy.AcceptDelay(wait)
	}
	if towards {
		f = f.TowardsTarget()
	} else {
		f = f.FromTarget()
	}
	if len(s.Messages) > 1 && rng.IntN(3) > 0 {
		f = f.OnConnection(1)
	}
	return f
}

// offset draws a byte of a stream so long, whose last message's body begins at body: near ends, prefixes and buffers, or anywhere.
func (d deck) offset(rng *rand.Rand, length, body int64) int64 {
	at := pick(rng, 0, 1, 2, 3, 4, body, body+1, length/2, length-1, length, 512, 1024, 4096, rng.Int64N(length+1), rng.Int64N(length+1))
	return max(0, min(at, length))
}
