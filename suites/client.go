package suites

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/proxy"
	"github.com/faultwire/faultwire/suites/cases"
	"github.com/faultwire/faultwire/targets"
)

const (
	startPatience = 10 * time.Second // from a client's start to its first sign on the wire, × scale
	endPatience   = time.Second      // from a client's word to the end of its connections, × scale
)

// observeClient lets the target play one exchange with the reference server, through the wire that the case asks for.
func (e *Engine) observeClient(ctx context.Context, b *bench, c cases.Case, w *witness) (cases.Observation, error) {
	t, scale := b.target, e.options.Scale
	timing := effective(t.Promises, scale)
	o := cases.Observation{Role: targets.ClientRole, Declared: t.Promises, Timing: timing, Scale: scale, Speaks: b.speaks, Blur: b.exitCost}
	o.Undeclared = c.Deadline != "" && t.Promises.Of(c.Deadline) == 0 || c.ID == huntID && t.Promises.Read == 0 && t.Promises.Total == 0

	stage := &fixtures.Stage{Speech: t.Speech(), Security: security(t, c), Seed: e.seedOf(c), Deadlines: timing, Patience: guard(timing, scale), Events: fixtures.NewEvents()}
	stage.Prepare(c.Exchange)
	bodies := stage.Messages(c.Exchange)
	service, addr, err := e.serve(stage, c.Exchange)
	if err != nil {
		return o, fmt.Errorf("a port for the reference server: %w", err)
	}
	defer service.Stop()
	wire, err := e.lay(b, c, timing, addr, stage.Events)
	if err != nil {
		return o, err
	}
	defer wire.Close()

	started := func() {}
	if t.Command != nil {
		started = e.pool.start(c.Timed)
	}
	if inSession(t, c) {
		return e.observeSession(ctx, t, c, session{stage, service, wire, started}, o)
	}
	begun := wire.Elapsed()
	said, hung := e.exchange(ctx, wire, started, timing, func(ctx context.Context) targets.Said {
		j := job(c, t, bodies, nil)
		j.Nudge = e.nudges(ctx, c, stage)
		if c.Cancel.Times > 0 {
			j.Cancel = signed(ctx, wire, c.Cancel.In(timing))
		}
		return t.Exchange(ctx, wire.given(), j)
	})
	ended := wire.Elapsed()
	if said.Err != nil {
		return o, said.Err
	}
	if said.Process != nil {
		ended -= time.Since(said.Process.Ended)
	}
	patient, cancel := context.WithTimeout(ctx, time.Duration(scale*float64(endPatience)))
	_ = wire.ClientsEnded(patient) // what is still open is seen in the trace
	if len(wire.plan.Faults) == 0 && awaitsPeer(c.Exchange) {
		select { // how it ended is for the script to see; closing the wire would reset it
		case <-stage.Events.Happened("peer"):
		case <-patient.Done():
		}
	}
	cancel()
	e.settle()
	if err := wire.Close(); err != nil {
		return o, err
	}
	o.Trace = wire.Trace()
	o.Reference = service.Stop()
	if wire.toxics != nil {
		o.Trace.Fired = append(o.Trace.Fired, struck(wire.plan, o)...) // what waits beside the wire has none of the toxics
	}

	o.Outcome, o.Detail, o.Process, o.Blind = said.Outcome, said.Detail, said.Process, said.NoOutput
	if hung {
		o.Outcome = fixtures.Hang
	}
	first := begun + b.begin // where nothing accepts, a client may leave no sign
	if o.Trace.FirstSign != nil {
		first = *o.Trace.FirstSign
		o.Began = first - begun
	}
	// The target's clock may have started before its first sign: in this process with the call; in another, earlier by as
	// much as the machine is late.
	if t.Command == nil {
		o.Blur = first - begun
	} else {
		late, _ := w.late(o.Trace.Began.Add(first))
		o.Blur += o.Trace.SignBlur + late
	}
	o.Elapsed = max(0, ended-first-b.exitCost)
	if said.Starved != nil {
		o.Starved = said.Starved(o.Trace.Began.Add(first))
	}
	want, own := wanted(t, c.Exchange.Messages, bodies, o.Reference)
	o.OwnText = own
	o.Wanted, o.Received = int64(len(want)), int64(len(said.Received))
	if !o.Blind {
		o.Damage = fixtures.Diff(want, said.Received)
	}
	o.Heard = said.Received[:min(len(said.Received), heardLimit)]
	return o, nil
}

// job is what the client is asked to do in the case: to play all of its messages, or, in a call, one.
func job(c cases.Case, t *targets.Target, bodies [][]byte, call *fixtures.Call) targets.Job {
	j := targets.Job{Messages: bodies, Promises: t.Promises, Timed: c.Timed, Lookout: c.ID == controlCase.ID}
	first := 0
	if call != nil {
		first, j.Push, j.Fresh = call.Message, call.Push, call.Fresh
		j.Messages = bodies[first:][:1]
	}
	if t.Protocol == fixtures.HTTPProtocol { // one request is an exchange, whatever it leads to
		j.Messages = bodies[first:][:1]
		j.Method, j.Path = c.Exchange.Messages[first].HTTP.Asks(first)
	}
	return j
}

// awaitsPeer reports whether a script waits for the end of its client.
func awaitsPeer(x fixtures.Exchange) bool {
	return slices.ContainsFunc(x.Conns, func(c fixtures.Conn) bool {
		return slices.ContainsFunc(c.Steps, func(s fixtures.Step) bool { return s.Do == fixtures.ActAwait && s.Event == "peer" })
	})
}

// signed is closed so long after the client's first sign on the wire, or when ctx is done.
func signed(ctx context.Context, relay relay, after time.Duration) <-chan struct{} {
	then := make(chan struct{})
	go func() {
		defer close(then)
		select {
		case <-relay.Signed():
			waits(ctx, nil, after)
		case <-ctx.Done():
		}
	}()
	return then
}

// nudges say when the case's client is to get a signal, until ctx is done: from the moment on at which the fault has struck, for then it
// waits for what it has asked. nil is never.
func (e *Engine) nudges(ctx context.Context, c cases.Case, stage *fixtures.Stage) <-chan struct{} {
	if !c.Nudged {
		return nil
	}
	now := make(chan struct{})
	e.work.Go(func() {
		select {
		case <-stage.Events.Happened("fault"):
		case <-ctx.Done():
		}
		for waits(ctx, nil, stage.Deadlines.Read/6) {
			select {
			case now <- struct{}{}:
			case <-ctx.Done():
			}
		}
	})
	return now
}

// heardLimit bounds what an observation keeps of the bytes a client received.
const heardLimit = 256

// plan is the case's faults, for this target.
func (e *Engine) plan(c cases.Case, t *targets.Target, timing cases.Timing) proxy.Plan {
	p := proxy.Plan{Seed: e.seedOf(c), Faults: c.Faults(timing, t)}
	if t.Role == targets.ServerRole {
		return p.Facing(proxy.ServerSide)
	}
	return p.Facing(proxy.ClientSide)
}

// exchange runs call under the guard. What has not ended long after every deadline has hung: it is ended by resetting its
// wire, and if that does not help within a second, by ending its context.
func (e *Engine) exchange(ctx context.Context, relay relay, started func(), timing cases.Timing, call func(context.Context) targets.Said) (said targets.Said, hung bool) {
	scale := e.options.Scale
	ctx, cancel := context.WithCancel(ctx)
	var over atomic.Bool
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		if !waits(ctx, relay.Signed(), time.Duration(scale*float64(startPatience))) {
			return
		}
		started()
		if !waits(ctx, nil, guard(timing, scale)) {
			return
		}
		over.Store(true)
		relay.Reset()
		waits(ctx, nil, time.Second)
		cancel()
	}()
	said = call(ctx)
	cancel()
	<-watched
	started()
	return said, over.Load()
}

// waits waits for the event or the time, whichever comes first, and reports false if ctx was done before.
func waits(ctx context.Context, event <-chan struct{}, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-event:
		return true
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// wanted is what the client should have received: the messages it was handed, or, for a program that ignores them and sends a
// text of its own, what it sent.
func wanted(t *targets.Target, messages []fixtures.Message, bodies [][]byte, r fixtures.Record) (want []byte, own bool) {
	switch t.Protocol {
	case fixtures.HTTPProtocol:
		return t.Speech().Printed(messages, bodies, 0), false
	case fixtures.UDPProtocol:
		return wantedDatagrams(bodies, r)
	case fixtures.ConversationProtocol:
		for i := range bodies {
			want = append(want, t.Speech().Printed(messages, bodies, i)...)
		}
		return want, false
	}
	p := t.Protocol
	handed := bytes.Join(bodies, nil)
	var sent []byte
	for _, c := range r.Conns {
		if !c.Raw {
			sent = append(sent, c.Got...)
		}
	}
	var encoded []byte
	for _, b := range bodies {
		encoded = append(encoded, p.Encode(b)...)
	}
	if len(sent) == 0 || len(sent) >= fixtures.GotLimit || bytes.HasPrefix(encoded, sent) || bytes.HasPrefix(sent, encoded) {
		return handed, false
	}
	for in := bufio.NewReader(bytes.NewReader(sent)); ; {
		body, err := p.Read(in, fixtures.MaxFrame)
		if err != nil {
			return want, true
		}
		want = append(want, body...)
	}
}
