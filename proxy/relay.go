package proxy

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"slices"
	"sync"
	"time"

	toxiproxy "github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"
)

// Config is what a [Relay] needs to know.
type Config struct {
	Listen    string  // host:port, or unix:path; default 127.0.0.1:0
	Upstream  string  // host:port, or unix:path, of the server behind the wire
	Plan      Plan    // the faults; its streams resolved (see [Plan.Facing])
	TimeScale float64 // stretches the relay's own waits on a slow machine; default 1
	Board     *Board  // where the notices go; default: one of the relay's own
	Network   Network // where it listens and dials; default: the kernel's sockets

	Heads   int  // how many bytes of each connection are kept in each direction, for the trace; default none
	HeadsAt Side // beside which side they are kept: as it sent them and got them
}

// A Relay is the wire: it accepts connections, dials the upstream for each, and moves bytes between the two through the
// plan's faults. Without faults a relayed connection behaves like a direct one, but for this: a connect succeeds before the
// upstream is known (a failed dial becomes an RST), one more hop of kernel buffers holds data, and urgent data is not
// marked.
type Relay struct {
	config  Config
	rec     *recorder
	clock   *clock
	buffers buffers
	toxics  *toxiproxy.ApiServer // what Toxiproxy's links want to belong to; it serves nothing

	ctx    context.Context // done when the relay closes
	cancel context.CancelFunc
	work   sync.WaitGroup // the door and the connections

	arming sync.Mutex // one change of the plan at a time
	door   *door      // under arming
	shut   bool       // under arming: Close has run

	mu    sync.Mutex
	addr  net.Addr
	plan  Plan
	pairs map[*pair]struct{}
}

// dialTimeout bounds the dial of an upstream.
const dialTimeout = 10 * time.Second

// Listen starts a relay. The error is an [InvalidFault] (or several, joined) for a plan that cannot be injected.
func Listen(config Config) (*Relay, error) {
	if config.Listen == "" {
		config.Listen = "127.0.0.1:0"
	}
	if config.TimeScale == 0 {
		config.TimeScale = 1
	}
	if config.Board == nil {
		config.Board = NewBoard()
	}
	if !(config.TimeScale > 0) {
		return nil, fmt.Errorf("relay: a time scale of %g; it must be more than 0", config.TimeScale)
	}
	if err := config.check(config.Plan); err != nil {
		return nil, err
	}
	r := &Relay{
		config: config,
		plan:   config.Plan,
		rec:    newRecorder(config),
		clock:  newClock(config.Network != nil),
		toxics: toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop()),
		pairs:  map[*pair]struct{}{},
	}
	r.ctx, r.cancel = context.WithCancel(context.Background())
	if err := r.open(config.Listen); err != nil {
		r.cancel()
		r.clock.close()
		return nil, err
	}
	return r, nil
}

// check is Validate, and whether these sockets, on this machine, can have the faults: for want of the machine's, the error
// wraps [errors.ErrUnsupported].
func (c Config) check(p Plan) error {
	if err := p.validateOver(streams); err != nil {
		return err
	}
	for _, f := range p.Faults {
		needs, loses := "", false
		switch f.Type {
		case "refuse", "connect_blackhole":
			needs = c.Listen
		case "syn_loss":
			needs, loses = c.Listen, true
		case "vanish", "packet_loss":
			loses = true
			if needs = c.Upstream; f.Stream == Downstream {
				needs = c.Listen
			}
		}
		if network(needs) == "unix" {
			return &InvalidFault{f.ID(), "type", "needs TCP; " + needs + " is a Unix socket"}
		}
		if loses && c.Network != nil {
			return fmt.Errorf("%s: %w: packets are lost between sockets only", f.ID(), errors.ErrUnsupported)
		}
		if loses {
			if err := canLose(); err != nil {
				return fmt.Errorf("%s: %w", f.ID(), err)
			}
		}
	}
	return nil
}

// Addr is the address that clients connect to.
func (r *Relay) Addr() net.Addr {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.addr
}

// Trace is what the wire has seen so far.
func (r *Relay) Trace() Trace { return r.rec.snapshot() }

// Signed is closed at the first sign of a client: an accepted connection, or a SYN where nothing accepts.
func (r *Relay) Signed() <-chan struct{} { return r.rec.sign }

// Fired is closed when the first fault strikes.
func (r *Relay) Fired() <-chan struct{} { return r.rec.fired }

// Closed is closed when the relay is.
func (r *Relay) Closed() <-chan struct{} { return r.ctx.Done() }

// Reset aborts every connection with an RST to both sides. New ones are still accepted.
func (r *Relay) Reset() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for p := range r.pairs {
		p.reset()
	}
}

// Close stops listening, aborts what is still open and waits until nothing of the relay runs.
func (r *Relay) Close() error {
	r.cancel()
	r.arming.Lock()
	defer r.arming.Unlock()
	if r.shut {
		return nil
	}
	r.shut = true
	r.door.shut()
	r.Reset()
	r.work.Wait()
	r.clock.close()
	return nil
}

// Dial connects through the relay and returns when the relay has dialled the upstream, so that connections reach it in the
// order of their dials. The connection may be a dead one: that the upstream could not be dialled is seen by using it.
func (r *Relay) Dial(ctx context.Context) (net.Conn, error) {
	addr := r.Addr()
	var c net.Conn
	var err error
	if virtual := r.config.Network; virtual != nil {
		c, err = virtual.Dial(ctx, addr.String())
	} else {
		var d net.Dialer
		c, err = d.DialContext(ctx, addr.Network(), addr.String())
	}
	if err != nil {
		return nil, err
	}
	for {
		done, changed := r.rec.isSettled(c.LocalAddr().String())
		if done {
			return c, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return c, nil // the caller's next operation says so
		case <-r.ctx.Done():
			return c, nil
		}
	}
}

// Elapsed is the time on the trace's clock: since the relay's start.
func (r *Relay) Elapsed() time.Duration { return r.rec.now() }

// ClientsEnded waits until the clients of all connections accepted so far have ended them, with a FIN or an RST, or until
// ctx is done. A client whose stream is stalled cannot be seen to end.
func (r *Relay) ClientsEnded(ctx context.Context) error {
	return r.each(ctx, func(p *pair) <-chan struct{} { return p.up.ended.ch })
}

// Quiet waits until all connections accepted so far have ended on both sides, or until ctx is done.
func (r *Relay) Quiet(ctx context.Context) error {
	if err := r.ClientsEnded(ctx); err != nil {
		return err
	}
	return r.each(ctx, func(p *pair) <-chan struct{} { return p.down.ended.ch })
}

// each waits for the event of each open connection, or for the connection's end.
func (r *Relay) each(ctx context.Context, event func(*pair) <-chan struct{}) error {
	r.mu.Lock()
	open := slices.Collect(maps.Keys(r.pairs))
	r.mu.Unlock()
	for _, p := range open {
		select {
		case <-event(p):
		case <-p.over:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// admit relays a connection that the door has accepted.
func (r *Relay) admit(c net.Conn) {
	l := r.rec.accepted(c.RemoteAddr(), c.LocalAddr())
	r.mu.Lock()
	defer r.mu.Unlock()
	// Under mu, a change of the plan comes either before this connection, or finds it among the pairs.
	faults := r.plan.of(l.c.N)
	var delay time.Duration
	for _, f := range faults {
		switch f.Type {
		case "accept_then_reset", "accept_then_close":
			r.turnAway(c, l, f)
			return
		case "accept_delay":
			delay = time.Duration(f.Attributes["delay"]) * time.Millisecond
			r.rec.struck(f, l.c.N, f.Stream, 0)
		}
	}
	p, err := newPair(r, l, c, r.plan, faults)
	if err != nil {
		_ = c.Close()
		return
	}
	r.pairs[p] = struct{}{}
	plan := r.plan
	r.work.Go(func() { r.serve(p, plan, delay) })
}

// turnAway ends a connection that a fault does not let in.
func (r *Relay) turnAway(c net.Conn, l *log, f Fault) {
	l.settled(nil, 0)
	r.rec.struck(f, l.c.N, f.Stream, 0)
	how := endFIN
	if f.Type == "accept_then_reset" {
		how = endRST
		if s, ok := c.(interface{ SetLinger(int) error }); ok {
			_ = s.SetLinger(0)
		}
	}
	l.passed(Downstream, how)
	_ = c.Close()
	l.closed()
}

// serve relays one connection until it is over.
func (r *Relay) serve(p *pair, plan Plan, delay time.Duration) {
	defer func() {
		r.mu.Lock()
		delete(r.pairs, p)
		r.mu.Unlock()
		p.log.closed()
		close(p.over)
	}()
	if delay > 0 {
		p.sleep(delay)
	}
	err := p.dial(plan)
	if err == nil {
		p.log.connected(p.server.conn.LocalAddr(), p.server.conn.RemoteAddr().String())
	} else {
		p.log.connected(nil, address(r.config.Upstream))
	}
	p.log.settled(err, delay)
	if err != nil {
		p.reset()
		p.work.Wait()
		return
	}
	if r.ctx.Err() != nil {
		p.reset()
	}
	p.run()
}
