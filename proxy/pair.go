package proxy

import (
	"context"
	"net"
	"sync"
	"sync/atomic"
	"time"

	toxiproxy "github.com/Shopify/toxiproxy/v2"

	"github.com/faultwire/faultwire/proxy/sockdiag"
)

// A pair is one relayed connection: the client's socket, the server's, and a flow each way.
type pair struct {
	relay  *Relay
	n      int
	seed   uint64 // under ops: of the plan in force
	log    *log
	client *end
	server *end
	up     *flow
	down   *flow

	ops    sync.Mutex       // one change of faults at a time
	faults []Fault          // under ops: those that strike it
	chain  *toxiproxy.Proxy // under ops: never started; holds this connection's toxics alone. nil until one is needed

	dialled   flag                  // there is a server's socket
	hole      atomic.Pointer[armed] // a blackhole that has struck: nothing passes any more, no end either
	swallowed atomic.Bool           // the blackhole has swallowed something
	aborted   flag                  // the connection is being torn down
	unchained flag                  // the toxics have let go of what they held: the input edges may end
	over      chan struct{}         // closed when everything of this connection has ended
	work      sync.WaitGroup        // flows, watches and timers

	asking sync.Mutex
	diag   *sockdiag.Conn // for questions about the peers' sockets, opened for the first; under asking
}

// A flag is a condition that becomes true once and can be waited for.
type flag struct {
	once *sync.Once
	ch   chan struct{}
}

func newFlag() flag { return flag{once: new(sync.Once), ch: make(chan struct{})} }

func (f *flag) raise() { f.once.Do(func() { close(f.ch) }) }

func (f *flag) raised() bool {
	select {
	case <-f.ch:
		return true
	default:
		return false
	}
}

// newPair is the connection of a client, not yet dialled through.
func newPair(r *Relay, l *log, client net.Conn, plan Plan, faults []Fault) (*pair, error) {
	p := &pair{relay: r, n: l.c.N, seed: plan.Seed, log: l, server: new(end), dialled: newFlag(), aborted: newFlag(),
		unchained: newFlag(), over: make(chan struct{})}
	var err error
	if p.client, err = newEnd(client); err != nil {
		return nil, err
	}
	p.up = newFlow(p, Upstream, p.client, p.server)
	p.down = newFlow(p, Downstream, p.server, p.client)
	p.up.back, p.down.back = p.down, p.up
	p.faults = faults
	began := time.Now()
	for _, f := range faults {
		p.flow(f.Stream).add(f, 0, began)
	}
	return p, nil
}

func (p *pair) flow(s Stream) *flow {
	if s == Upstream {
		return p.up
	}
	return p.down
}

// dial connects to the upstream, unless the connection is aborted first.
func (p *pair) dial(plan Plan) error {
	ctx, cancel := context.WithTimeout(p.relay.ctx, dialTimeout)
	defer cancel()
	p.work.Go(func() {
		select {
		case <-p.aborted.ch:
			cancel()
		case <-ctx.Done():
		}
	})
	c, err := p.relay.config.dial(ctx, plan)
	if err != nil {
		return err
	}
	e, err := newEnd(c)
	if err != nil {
		_ = c.Close()
		return err
	}
	p.server.conn, p.server.raw, p.server.virtual = e.conn, e.raw, e.virtual
	p.dialled.raise()
	if p.aborted.raised() {
		p.server.reset()
	}
	return nil
}

// dial connects to the upstream.
func (c Config) dial(ctx context.Context, plan Plan) (net.Conn, error) {
	if c.Network != nil {
		return c.Network.Dial(ctx, c.Upstream)
	}
	d := net.Dialer{KeepAlive: -1}
	if plan.holdsBack(Downstream) {
		d.Control = smallBuffers
	}
	return d.DialContext(ctx, network(c.Upstream), address(c.Upstream))
}

// run relays until both directions have ended or the connection is aborted.
func (p *pair) run() {
	p.work.Go(p.up.run)
	p.work.Go(p.down.run)
	for _, f := range []*flow{p.up, p.down} {
		select {
		case <-f.done.ch:
		case <-p.aborted.ch:
		}
	}
	p.abort()
	p.work.Wait()
	if p.diag != nil {
		_ = p.diag.Close()
	}
}

// abort tears the connection down. The sockets are closed first, which ends reads and writes; then the toxics are removed
// while the links have no end of the stream in them: an end that reaches a toxic which holds data can wedge it.
func (p *pair) abort() {
	p.aborted.raise()
	p.client.release()
	p.server.release()
	p.up.lane.shut()
	p.down.lane.shut()
	p.ops.Lock()
	defer p.ops.Unlock()
	p.up.unchain()
	p.down.unchain()
	p.unchained.raise()
}

// reset aborts both sides with an RST.
func (p *pair) reset() {
	p.down.passed(endRST)
	p.client.reset()
	if p.dialled.raised() {
		p.up.passed(endRST)
		p.server.reset()
	}
	p.aborted.raise()
}

// close closes both sides with a FIN. What is under way in either direction is lost, but never a part out of its middle.
func (p *pair) close() {
	p.up.deaf.Store(true)
	p.down.deaf.Store(true)
	p.client.close()
	p.server.close()
	p.aborted.raise()
}

// swallow notes that the blackhole has swallowed something. Removed meanwhile, it has nothing to give back.
func (p *pair) swallow() {
	p.swallowed.Store(true)
	if !p.swallowing() {
		p.reset()
	}
}

// swallowing reports whether a blackhole has struck.
func (p *pair) swallowing() bool {
	h := p.hole.Load()
	return h != nil && !h.gone.raised()
}

// sleep waits for d and reports false if the connection was aborted first.
func (p *pair) sleep(d time.Duration) bool { return p.sleepUntil(time.Now().Add(d), nil) }

// sleepUntil waits for a moment, and reports false if the connection was aborted, or gone closed, first.
func (p *pair) sleepUntil(due time.Time, gone <-chan struct{}) bool {
	alarm := p.relay.clock.at(due)
	defer alarm.stop()
	select {
	case <-alarm.rings:
		p.relay.rec.late(time.Since(due))
		return true
	case <-gone:
		return false
	case <-p.aborted.ch:
		return false
	}
}
