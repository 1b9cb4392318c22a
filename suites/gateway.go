package suites

import (
	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/proxy"
	"github.com/faultwire/faultwire/suites/cases"
	"github.com/faultwire/faultwire/targets"
)

// An origin is the server behind a gateway under test, and the wire that the gateway asks it through:
//
//	reference client ⇄ wire ⇄ gateway under test ⇄ wire ⇄ reference server
type origin struct {
	service *fixtures.Service
	wire    *wire
}

// layOrigin starts the server behind the target, for which it returns the target that knows where that is. Without one it returns t
// itself, and nil.
func (e *Engine) layOrigin(t *targets.Target, c cases.Case, timing cases.Timing, events *fixtures.Events) (*targets.Target, *origin, error) {
	if !t.IsGateway() {
		return t, nil, nil
	}
	page := c.Origin.Page()
	// The page is the same in all of a run's cases: the gateway may keep it, and each is compared with the first.
	stage := &fixtures.Stage{Speech: fixtures.Speech{Protocol: t.Protocol}, Origin: true, Seed: e.options.Seed, Deadlines: timing, Patience: guard(timing, e.options.Scale), Events: fixtures.NewEvents()}
	service, addr, err := e.serve(stage, fixtures.Exchange{Messages: []fixtures.Message{page}})
	if err != nil {
		return nil, nil, err
	}
	asking := targets.Target{Role: targets.ClientRole, Protocol: t.Protocol}
	wired := cases.Case{ID: c.ID}
	if c.Origin != nil {
		wired.Wire = func(t cases.Timing, _ cases.Request) []proxy.Fault { return c.Origin.Wire(t, page) }
	}
	w, err := e.lay(&bench{target: &asking}, wired, timing, addr, events)
	if err != nil {
		service.Stop()
		return nil, nil, err
	}
	told := *t
	told.Origin = w.Addr().String()
	return &told, &origin{service, w}, nil
}

// end ends both, and notes what was seen there.
func (o *origin) end(of *cases.Observation) {
	if o == nil {
		return
	}
	_ = o.wire.Close()
	b := cases.Observation{Role: targets.ClientRole, Timing: of.Timing, Scale: of.Scale, Reference: o.service.Stop(), Trace: o.wire.Trace()}
	for i := range b.Trace.Conns {
		c := &b.Trace.Conns[i]
		c.Upstream.Head, c.Downstream.Head = nil, nil
	}
	of.Behind = &b
}

// voidBehind says why what was seen of a gateway proves nothing: it asks the server behind it by what that cannot answer, or a fault there
// did not strike.
func voidBehind(c cases.Case, o cases.Observation) string {
	if c.Origin == nil || o.Behind == nil {
		return ""
	}
	for _, conn := range o.Behind.Reference.Conns {
		if conn.Outcome == fixtures.Unsupported {
			return "void: " + conn.Detail
		}
	}
	planned := proxy.Plan{Faults: c.Origin.Wire(o.Timing, c.Origin.Page())}.Facing(proxy.ClientSide)
	return idle(planned.Faults, *o.Behind)
}
