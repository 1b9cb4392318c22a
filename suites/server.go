package suites

import (
	"context"
	"errors"
	"net"
	"time"

	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/suites/cases"
	"github.com/faultwire/faultwire/targets"
)

// playLimit bounds the whole of an exchange with a server or a peer; each step has the interpreter's patience.
func playLimit(t fixtures.Deadlines, scale float64) time.Duration {
	return max(time.Duration(scale*float64(time.Minute)), 3*t.Idle, 2*guard(t, scale))
}

// quietPatience is how long a server may take to end connections that its client has ended, × scale.
const quietPatience = 500 * time.Millisecond

// observeServer lets the reference client play the exchange with the target, through the wire that the case asks for, and
// then a fresh one without it.
func (e *Engine) observeServer(ctx context.Context, b *bench, c cases.Case, followUp bool) (o cases.Observation, err error) {
	t, scale := b.target, e.options.Scale
	timing := effective(t.Promises, scale)
	o = cases.Observation{Role: targets.ServerRole, Declared: t.Promises, Timing: timing, Scale: scale, Speaks: true}
	whole := ctx
	ctx, cancel := context.WithTimeout(whole, playLimit(timing, scale))
	defer cancel()

	events := fixtures.NewEvents()
	t, behind, err := e.layOrigin(t, c, timing, events)
	if err != nil {
		return o, err
	}
	defer func() { behind.end(&o) }()
	o.Undeclared = behind != nil && c.Deadline != "" && t.Promises.Of(c.Deadline) == 0
	started := func() {}
	if t.Command != nil {
		started = e.pool.start(c.Timed)
	}
	server, err := t.Start(ctx)
	started()
	if err != nil {
		return o, err
	}
	defer server.Stop()

	stage := &fixtures.Stage{Speech: t.Speech(), Security: security(t, c), Page: &b.page, Seed: e.seedOf(c), Deadlines: timing, Patience: patience(scale), Events: events}
	if c.Deadline != "" {
		_, high := cases.Window(timing.Of(c.Deadline), scale)
		stage.Patience = max(stage.Patience, high) // it may be long
	}
	wire, err := e.lay(b, c, timing, server.Addr, stage.Events)
	if err != nil {
		return o, err
	}
	defer wire.Close()
	stage.Dial, stage.Direct, stage.Pace = wire.Dial, e.dialerOf(t.Protocol, server.Addr), b.pacing()
	var watching *watcher
	if c.Watch != nil {
		watching, err = e.watchServer(ctx, server, *stage, c)
		switch {
		case err == nil:
			defer watching.stop()
		case !e.ends(ctx, server): // what has ended holds nothing, and its end is seen below
			return o, err
		}
	}
	if c.Told != "" {
		followUp = false
		told := make(chan struct{})
		go func() {
			defer close(told)
			if waits(ctx, stage.Events.Happened(c.Told), stage.Patience) {
				server.Stop()
			}
		}()
		defer func() { <-told }()
	}
	o.Reference = stage.Play(ctx, c.Exchange)
	// What the script closed in order must reach the server so; closing the wire resets what is still open.
	patient, enough := context.WithTimeout(ctx, time.Duration(scale*float64(quietPatience)))
	_ = wire.Quiet(patient)
	enough()
	if err := wire.Close(); err != nil {
		return o, err
	}
	if watching != nil {
		o.Usage = watching.end(ctx)
	}
	o.Trace = wire.Trace()
	if wire.toxics != nil {
		o.Trace.Fired = struck(wire.plan, o)
	}
	o.Outcome, o.Detail = o.Reference.Judged()
	o.Bystander = o.Reference.Bystander
	for _, conn := range o.Reference.Conns {
		if !conn.Scenery {
			o.Elapsed = max(o.Elapsed, conn.Took)
		}
		o.Received += conn.Received
		o.Wanted += conn.Sent
	}
	if len(o.Reference.Conns) > 0 {
		got := o.Reference.Conns[0].Got
		o.Heard = got[:min(len(got), heardLimit)]
	}
	// However long that took, what follows has its own time.
	after, cancel := context.WithTimeout(whole, playLimit(timing, scale))
	defer cancel()
	if followUp {
		afresh := *stage
		afresh.Seed, afresh.Events, afresh.Dial = stage.Seed+1, fixtures.NewEvents(), stage.Direct
		o.FollowUp = &afresh.Play(after, plainExchange).Conns[0]
	}
	if o.Usage != nil && c.Watch.Restart && (o.FollowUp == nil || o.FollowUp.Outcome == fixtures.OK) {
		if o.Usage.Restarted, err = restart(after, server); err != nil {
			return o, err
		}
		o.Process = server.Stop()
		return o, nil
	}
	if o.FollowUp != nil && o.FollowUp.Outcome != fixtures.OK {
		e.ends(after, server)
	}
	if c.Told != "" {
		o.Process = server.Stop()
		return o, nil
	}
	select {
	case <-server.Exited():
		// One that has served its first client and ends would die in the control or behind it, as chance has it: that is for the
		// cases to find out.
		o.Died = followUp || o.Outcome != fixtures.OK
		if err := server.Err(); err != nil {
			o.Detail = err.Error()
		}
	default:
	}
	o.Process = server.Stop()
	return o, nil
}

// watchServer begins to watch, when the server is warm: what it makes once, for its first client, is no leak.
func (e *Engine) watchServer(ctx context.Context, server *targets.Instance, rehearsal fixtures.Stage, c cases.Case) (*watcher, error) {
	events := rehearsal.Events
	rehearsal.Events, rehearsal.Dial = fixtures.NewEvents(), rehearsal.Direct
	rehearsal.Play(ctx, plainExchange)
	if c.Watch.Twice {
		rehearsal.Events = fixtures.NewEvents()
		rehearsal.Play(ctx, c.Exchange)
	}
	if c.Watch.Descriptors > 0 && !server.LimitDescriptors(c.Watch.Descriptors) {
		return nil, errors.New("the server's descriptors cannot be limited")
	}
	if w := watch(ctx, server, *c.Watch, e.options.Scale, events); w != nil {
		return w, nil
	}
	return nil, errors.New("the target's processes cannot be seen")
}

// ends waits for a server that may be about to end, and reports whether it did.
func (e *Engine) ends(ctx context.Context, server *targets.Instance) bool {
	patient, cancel := context.WithTimeout(ctx, time.Duration(e.options.Scale*float64(quietPatience)))
	defer cancel()
	select {
	case <-server.Exited():
		return true
	case <-patient.Done():
		return false
	}
}

func dialer(addr string) func(context.Context) (net.Conn, error) {
	return func(ctx context.Context) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "tcp4", addr)
	}
}
