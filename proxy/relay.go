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
	"github.com/rs/zerolog/log"
)

// Config is what a [Relay] needs to know.
type Config struct {
	Listen    string  // host:port; default 127.0.0.1:0
	Upstream  string  // host:port of the server behind the wire
	Plan      Plan    // the faults; its streams resolved (see [Plan.Facing])
	TimeScale float64 // stretches the relay's own waits on a slow machine; default 1
}

// A Relay is the wire: it accepts connections, dials the upstream for each, and moves bytes between the two through the
// plan's faults. Without faults a relayed connection behaves like a direct one, but for this: a connect succeeds before the
// upstream is known (a failed dial becomes an RST), one more hop of kernel buffers holds data, and urgent data is not
// marked.
type Relay struct {
	config   Config
	addr     net.Addr
	listener net.Listener // nil where nothing accepts
	rec      *recorder
	toxics   *toxiproxy.ApiServer // what Toxiproxy's links want to belong to; it serves nothing

	ctx    context.Context // done when the relay closes
	cancel context.CancelFunc
	work   sync.WaitGroup // the accept loop and the connections

	mu    sync.Mutex
	pairs map[*pair]struct{}
}

// Toxiproxy's bandwidth toxic traces to zerolog's process-wide logger, whose default writes every level to stderr. A program
// that sets a logger of its own is not affected.
func init() { log.Logger = log.Logger.Level(zerolog.WarnLevel) }

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
	if !(config.TimeScale > 0) {
		return nil, fmt.Errorf("relay: a time scale of %g; it must be more than 0", config.TimeScale)
	}
	if err := config.Plan.Validate(); err != nil {
		return nil, err
	}
	r := &Relay{
		config: config,
		rec:    newRecorder(),
		toxics: toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop()),
		pairs:  map[*pair]struct{}{},
	}
	r.ctx, r.cancel = context.WithCancel(context.Background())
	if err := r.open(); err != nil {
		r.cancel()
		return nil, err
	}
	return r, nil
}

// open binds the address the way the plan's connect fault wants it, if there is one.
func (r *Relay) open() error {
	for _, f := range r.config.Plan.Faults {
		if f.Type != "refuse" && f.Type != "connect_blackhole" {
			continue
		}
		addr, release, err := bind(r.config.Listen, f.Type == "connect_blackhole")
		if err != nil {
			return fmt.Errorf("%s on %s: %w", f.Type, r.config.Listen, err)
		}
		r.addr = addr
		r.work.Go(func() {
			defer release()
			r.watchConnects(f)
		})
		return nil
	}
	var lc net.ListenConfig
	if r.config.Plan.holdsBack(Upstream) {
		lc.Control = smallBuffers
	}
	l, err := lc.Listen(r.ctx, "tcp", r.config.Listen)
	if err != nil {
		return fmt.Errorf("relay: %w; choose another address to listen on", err)
	}
	r.listener, r.addr = l, l.Addr()
	r.work.Go(r.accept)
	return nil
}

// Addr is the address that clients connect to.
func (r *Relay) Addr() net.Addr { return r.addr }

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
	var err error
	if r.listener != nil {
		err = r.listener.Close()
	}
	r.Reset()
	r.work.Wait()
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// Dial connects through the relay and returns when the relay has dialled the upstream, so that connections reach it in the
// order of their dials. The connection may be a dead one: that the upstream could not be dialled is seen by using it.
func (r *Relay) Dial(ctx context.Context) (net.Conn, error) {
	var d net.Dialer
	c, err := d.DialContext(ctx, "tcp", r.addr.String())
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

// accept takes connections until the relay closes. Running out of descriptors is no reason to stop: it waits and goes on.
func (r *Relay) accept() {
	for delay := time.Millisecond; ; {
		c, err := r.listener.Accept()
		if err != nil {
			if r.ctx.Err() != nil {
				return
			}
			select {
			case <-r.ctx.Done():
				return
			case <-time.After(delay):
			}
			delay = min(2*delay, 100*time.Millisecond)
			continue
		}
		delay = time.Millisecond
		n := r.rec.accepted(c.RemoteAddr().String())
		faults := r.config.Plan.of(n)
		if f, ok := onAccept(faults); ok {
			r.rec.settled(n)
			r.rec.struck(f, n, f.Stream, 0)
			if f.Type == "accept_then_reset" {
				_ = c.(*net.TCPConn).SetLinger(0)
				r.rec.passed(n, Downstream, endRST)
			} else {
				r.rec.passed(n, Downstream, endFIN)
			}
			_ = c.Close()
			continue
		}
		p, err := newPair(r, n, c.(*net.TCPConn), faults)
		if err != nil {
			_ = c.Close()
			continue
		}
		r.mu.Lock()
		r.pairs[p] = struct{}{}
		r.mu.Unlock()
		r.work.Go(func() { r.serve(p) })
	}
}

func onAccept(faults []Fault) (Fault, bool) {
	for _, f := range faults {
		if kinds[f.Type].runs == onConnect {
			return f, true
		}
	}
	return Fault{}, false
}

// serve relays one connection until it is over.
func (r *Relay) serve(p *pair) {
	defer func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		delete(r.pairs, p)
	}()
	err := p.dial()
	r.rec.settled(p.n)
	if err != nil {
		r.rec.dialFailed(p.n, err)
		p.reset()
		p.work.Wait()
		close(p.over)
		return
	}
	if r.ctx.Err() != nil {
		p.reset()
	}
	p.run()
}
