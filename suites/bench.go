package suites

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/proxy"
	"github.com/faultwire/faultwire/proxy/remote"
	"github.com/faultwire/faultwire/reports"
	"github.com/faultwire/faultwire/suites/cases"
	"github.com/faultwire/faultwire/targets"
)

// A bench is what the engine knows of one target: whether it works at all, whether it tells kinds of error apart, and what
// ending costs it.
type bench struct {
	target    *targets.Target
	toxiproxy *remote.Server // what the faults are put on; nil is the wire itself

	once     sync.Once
	control  reports.Result
	speaks   bool          // clients: its outcomes can be trusted to say which kind of error it met
	exitCost time.Duration // clients: from the last byte of the reply to the end of the process
	begin    time.Duration // clients: from the start of the process to its first sign on the wire

	page fixtures.Page // servers that speak HTTP: what they serve, as the control had it

	programs  []reports.Program
	elsewhere []string // clients: where the control connected to, other than to the wire

	pace sync.Mutex
	next time.Time // when a server that wants dials rare may be dialled next; under pace

	turn sync.Mutex // a shared server is given one case at a time
	lost string     // why no further case can be judged: the server stopped working; under turn
}

// plainExchange is the control, and the fresh exchange that must work after every case.
var plainExchange = fixtures.EchoOf(fixtures.Text, 13)

var controlCase = cases.Case{
	ID:       "control",
	Title:    "completes a plain exchange of 13 bytes, with no fault on the wire",
	Level:    cases.Must,
	Basis:    cases.Practice(cases.Reassemble, "what is sent comes back, whole"),
	Exchange: plainExchange,
	Toward:   &plainExchange,
	Expect:   cases.And(cases.HaveDelivered(), cases.HaveComeThroughTheWire()),
	Why: "Every other case asks what happens to this exchange when the network misbehaves. If it fails on a perfect network, " +
		"an error under a fault would say nothing.",
	Fix: "Make this one exchange work first: the client sends 13 bytes, the server sends the same 13 bytes back, the client writes them to stdout and exits 0.",
}

// blocked runs the control, once, and says why the target's cases cannot be judged; empty if they can.
func (b *bench) blocked(ctx context.Context, e *Engine) string {
	b.once.Do(func() { b.calibrate(ctx, e) })
	switch b.control.Verdict {
	case reports.Pass:
		return ""
	case reports.Skip:
		return b.control.Reason
	}
	return "blocked: the control exchange failed"
}

func (b *bench) calibrate(ctx context.Context, e *Engine) {
	b.speaks = b.target.Role == targets.ServerRole || b.target.Command == nil || b.target.Command.Classify != nil || b.target.Command.Session
	p := Pair{controlCase, b.target}
	p.Case.Fix = controlFix(b.target)
	began := time.Now()
	if b.toxiproxy != nil && b.target.Protocol == fixtures.UDPProtocol {
		b.control = e.complete(reports.Result{Verdict: reports.Skip, Reason: streamsOnly}, p, began)
		return
	}
	if b.toxiproxy != nil && b.target.Role == targets.ClientRole && e.halfCloses(ctx, b) {
		b.control = e.complete(reports.Result{Verdict: reports.Skip, Reason: halfClosesReason}, p, began)
		return
	}
	o, retaken, instead := e.attested(ctx, p, e.once(ctx, b, controlCase))
	if instead != nil {
		b.control = *instead
	} else {
		advice := explainTo(b.target, o) // before its evidence is taken out of the observation
		b.control = e.judge(p, o)
		b.control.Retaken = retaken
		if b.control.Finding != nil {
			b.control.Finding.Advice = advice
		}
		if b.control.Verdict == reports.Pass && o.OwnText {
			b.control.Note = ownText
		}
	}
	b.control = e.complete(b.control, p, began)
	if b.control.Verdict != reports.Pass || b.target.Command == nil || b.target.Role != targets.ClientRole {
		return
	}
	b.begin = o.Began
	b.elsewhere = o.Process.Elsewhere
	for _, c := range o.Trace.Conns {
		if b.target.Command.Session {
			break // its exchanges end with a word, not with the process
		}
		if c.Downstream.LastOut != nil && o.Trace.FirstSign != nil {
			b.exitCost = max(0, o.Elapsed-(*c.Downstream.LastOut-*o.Trace.FirstSign))
		}
	}
	if !b.speaks {
		b.speaks = e.hears(ctx, b)
	}
}

// hears asks a program that follows no declared classification once, at a port where nobody listens, whether its exit codes
// are the contract's.
func (e *Engine) hears(ctx context.Context, b *bench) bool {
	refused := controlCase
	refused.Wire = func(cases.Timing, cases.Request) []proxy.Fault { return []proxy.Fault{proxy.Refuse()} }
	o, _, instead := e.attested(ctx, Pair{refused, b.target}, e.once(ctx, &bench{target: b.target}, refused)) // by our own wire: no Toxiproxy refuses
	if instead != nil {
		return false
	}
	switch o.Outcome {
	case fixtures.Timeout, fixtures.Reset, fixtures.Closed, fixtures.Refused, fixtures.Corrupt, fixtures.Malformed:
		return true
	}
	return false
}

// noteFollowUp looks after a shared server: if a fresh exchange failed after a case and the control fails too, what comes
// after would be blamed on the wrong case.
func (b *bench) noteFollowUp(ctx context.Context, e *Engine, c cases.Case, o cases.Observation) {
	if o.FollowUp == nil || o.FollowUp.Outcome == fixtures.OK {
		return
	}
	again, err := e.observe(ctx, b, controlCase, false)
	if err == nil && again.Outcome == fixtures.OK {
		return
	}
	b.lost = fmt.Sprintf("blocked: the server has not worked since %s", c.ID)
}

// pacing keeps dials to the rate that the target asks for; nil if it asks for none.
func (b *bench) pacing() func(context.Context) {
	rate := b.target.Limits.Rate
	if rate == 0 {
		return nil
	}
	return func(ctx context.Context) {
		b.pace.Lock()
		if now := time.Now(); b.next.Before(now) {
			b.next = now
		}
		b.next = b.next.Add(time.Duration(float64(time.Second) / rate))
		turn := time.Until(b.next)
		b.pace.Unlock()
		waits(ctx, nil, turn)
	}
}

// crowded says that the case opens more connections than the target takes at once, or too many for its rate; empty if it does not.
func (b *bench) crowded(c cases.Case, scale float64) string {
	open, all := 1, 1 // the bystander, or the follow-up
	for _, conn := range c.Exchange.Conns {
		open += max(1, conn.Parallel)
		all += max(1, conn.Parallel) * max(1, conn.Repeat)
	}
	if limit := b.target.Limits.Connections; limit > 0 && open > limit {
		return fmt.Sprintf("the case opens up to %d connections at once, and the target's limit is %d", open, limit)
	}
	limit := playLimit(effective(b.target.Promises, scale), scale) / 2
	if rate := b.target.Limits.Rate; rate > 0 && float64(all)/rate > limit.Seconds() {
		return fmt.Sprintf("the case opens %d connections, which takes longer than %v at the target's rate", all, limit)
	}
	return ""
}

// report is the target as the report shows it.
func (b *bench) report() reports.Target {
	t := b.target
	r := reports.Target{Name: t.Name, Role: string(t.Role), Protocol: string(t.Protocol), How: t.How(), Promises: map[string]string{}, Elsewhere: b.elsewhere, Version: t.Version, Files: b.programs}
	for _, name := range promised(t) {
		if d := t.Promises.Of(name); d > 0 {
			r.Promises[string(name)] = d.String()
		} else {
			r.Undeclared = append(r.Undeclared, string(name))
		}
	}
	b.once.Do(func() {}) // no control ran: no pair was selected
	if b.control.Verdict != "" {
		r.Control = &b.control
	}
	return r
}
