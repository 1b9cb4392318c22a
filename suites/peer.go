package suites

import (
	"context"
	"fmt"
	"time"

	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/suites/cases"
	"github.com/faultwire/faultwire/targets"
)

// observePeer lets the target ask the reference server, through one wire, while the reference client asks it through another:
//
//	peer under test ⇄ wire ⇄ reference server
//	reference client ⇄ wire ⇄ peer under test
func (e *Engine) observePeer(ctx context.Context, b *bench, c cases.Case, followUp bool) (cases.Observation, error) {
	t, scale := b.target, e.options.Scale
	timing := effective(t.Promises, scale)
	o := cases.Observation{Role: targets.PeerRole, Declared: t.Promises, Timing: timing, Scale: scale, Speaks: true}
	o.Undeclared = c.Deadline != "" && t.Promises.Of(c.Deadline) == 0
	ctx, cancel := context.WithTimeout(ctx, playLimit(timing, scale))
	defer cancel()

	stage := &fixtures.Stage{Speech: t.Speech(), Security: security(t, c), Seed: e.seedOf(c), Deadlines: timing, Patience: guard(timing, scale), Events: fixtures.NewEvents()}
	l, err := e.listen()
	if err != nil {
		return o, fmt.Errorf("a port for the reference server: %w", err)
	}
	service := stage.Serve(l, c.Exchange)
	defer service.Stop()
	out, err := e.lay(b, c, timing, l.Addr().String(), stage.Events)
	if err != nil {
		return o, err
	}
	defer out.Close()

	started := func() {}
	if t.Command != nil {
		started = e.pool.start(c.Timed)
	}
	peer, err := t.OpenPeer(ctx, out.Addr().String(), time.Duration(scale*float64(startPatience)))
	started()
	if err != nil {
		return o, err
	}
	defer peer.End()

	asked := *t
	asked.Role = targets.ServerRole
	toward := c.AsServer()
	in, err := e.lay(&bench{target: &asked}, toward, timing, peer.Addr, stage.Events)
	if err != nil {
		return o, err
	}
	defer in.Close()
	dialling := *stage
	dialling.Seed, dialling.Patience = stage.Seed+1, patience(scale)
	dialling.Dial, dialling.Direct = in.Dial, e.dialer(peer.Addr)
	played := make(chan fixtures.Record, 1)
	go func() { played <- dialling.Play(ctx, toward.Exchange) }()
	o, _, err = e.ask(ctx, t, c, session{stage, service, out, started}, peer, o)
	stage.Events.Happen(fixtures.Asked)
	record := <-played
	if err != nil {
		return o, err
	}
	patient, enough := context.WithTimeout(ctx, time.Duration(scale*float64(quietPatience)))
	_ = in.Quiet(patient)
	enough()
	o.Trace = out.Trace()
	as := cases.Observation{Role: targets.ServerRole, Timing: timing, Scale: scale, Speaks: true, Reference: record, Trace: in.Trace()}
	as.Outcome, as.Detail = record.Judged()
	for _, conn := range record.Conns {
		if !conn.Scenery {
			as.Elapsed = max(as.Elapsed, conn.Took)
		}
	}
	o.Toward = &as
	if followUp {
		afresh := dialling
		afresh.Seed, afresh.Events, afresh.Dial = dialling.Seed+1, fixtures.NewEvents(), dialling.Direct
		o.FollowUp = &afresh.Play(ctx, plainExchange).Conns[0]
	}
	o.Process = peer.End()
	o.Reference = service.Stop()
	return o, nil
}
