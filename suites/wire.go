package suites

import (
	"context"
	"net"
	"sync/atomic"
	"time"

	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/proxy"
	"github.com/faultwire/faultwire/proxy/remote"
	"github.com/faultwire/faultwire/suites/cases"
	"github.com/faultwire/faultwire/targets"
)

// A wire is the way between the two sides of a case. The faults are its relay's, or those of a Toxiproxy beside it:
//
//	client under test ⇄ relay ⇄ Toxiproxy ⇄ reference server
//	reference client ⇄ Toxiproxy ⇄ relay ⇄ server under test
//
// The relay is next to the target in both roles, because what is judged is the target: its first sign, what its socket got
// and when, whether and how it ended, and the reset that ends a hang are then exact, where Toxiproxy would pass them on late, or
// an RST as a FIN. What went into the toxics on the other side the reference's own record tells; see [struck].
type wire struct {
	relay
	plan    proxy.Plan
	beside  *proxy.Relay  // what a client finds at ::1; nil: it is given an address, not a name
	signed  chan struct{} // with beside: closed at the first sign of the client, at either address
	toxics  *remote.Proxy // nil: the faults are the relay's
	dialled atomic.Int64  // connections made to toxics
}

// lay makes the wire to upstream that the case asks for, and the event "fault" happen when its relay's first fault strikes.
func (e *Engine) lay(b *bench, c cases.Case, timing cases.Timing, upstream string, events *fixtures.Events) (*wire, error) {
	w := &wire{plan: e.plan(c, b.target, timing)}
	config := proxy.Config{Upstream: upstream, Plan: w.plan, TimeScale: e.options.Scale, Network: e.network, Heads: headLimit, HeadsAt: proxy.ClientSide}
	if b.target.Role == targets.ServerRole {
		config.HeadsAt = proxy.ServerSide
	}
	var err error
	if b.toxiproxy != nil {
		config.Plan = proxy.Plan{}
		if b.target.Role == targets.ClientRole {
			if w.toxics, err = b.toxiproxy.Open(upstream, w.plan); err != nil {
				return nil, err
			}
			config.Upstream = w.toxics.Addr()
		}
	}
	if c.Beside != nil {
		err = w.openBeside(config, c.Beside, e.work.Go)
	} else {
		w.relay, err = openRelay(b.target.Protocol, config)
	}
	if err != nil {
		_ = w.Close()
		return nil, err
	}
	if b.toxiproxy != nil && b.target.Role == targets.ServerRole {
		if w.toxics, err = b.toxiproxy.Open(w.Addr().String(), w.plan); err != nil {
			_ = w.Close()
			return nil, err
		}
	}
	fired := w.Fired()
	e.work.Go(func() {
		select {
		case <-fired:
			events.Happen("fault")
		case <-w.Closed():
		}
	})
	return w, nil
}

// Close ends the wire. An error says that the Toxiproxy was not there all the time: what was seen proves nothing then.
func (w *wire) Close() error {
	if w.relay != nil {
		_ = w.relay.Close()
	}
	if w.beside != nil {
		_ = w.beside.Close()
	}
	if w.toxics != nil {
		return w.toxics.Close()
	}
	return nil
}

// Dial connects a reference client to the server under test and returns when the server has that connection, too; see
// [proxy.Relay.Dial]. Through a Toxiproxy as many have got there as were dialled: it dials on one after another, in order.
func (w *wire) Dial(ctx context.Context) (net.Conn, error) {
	if w.toxics == nil {
		return w.relay.Dial(ctx)
	}
	c, err := dialer(w.toxics.Addr())(ctx)
	if err != nil {
		return nil, err
	}
	for n := int(w.dialled.Add(1)); w.settled() < n; {
		if !waits(ctx, w.Closed(), settling) {
			break // the caller's next operation says so
		}
	}
	return c, nil
}

// settling is how often it is looked whether a connection has got through a Toxiproxy, which does not announce it.
const settling = 200 * time.Microsecond

// settled is how many connections of the relay have been dialled on.
func (w *wire) settled() int {
	trace := w.Trace()
	n := trace.Forgotten
	for _, c := range trace.Conns {
		if c.Dialled != nil {
			n++
		}
	}
	return n
}
