package proxy

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	toxiproxy "github.com/Shopify/toxiproxy/v2"

	"github.com/faultwire/faultwire/proxy/sockdiag"
)

// A pair is one relayed connection: the client's socket, the server's, and a flow each way.
type pair struct {
	relay  *Relay
	n      int
	client *end
	server *end
	up     *flow
	down   *flow
	chain  *toxiproxy.Proxy // never started; holds this connection's toxics alone. nil without toxics

	dialled    flag           // there is a server's socket
	swallowing flag           // a blackhole has struck: nothing passes any more, no end either
	aborted    flag           // the connection is being torn down
	unchained  flag           // the toxics have let go of what they held: the input edges may end
	over       chan struct{}  // closed when everything of this connection has ended
	work       sync.WaitGroup // watches and timers

	asking sync.Mutex
	diag   *sockdiag.Conn // for questions about the peers' sockets, opened for the first; under asking
}

// A flag is a condition that becomes true once and can be waited for.
type flag struct {
	once sync.Once
	ch   chan struct{}
}

func newFlag() flag { return flag{ch: make(chan struct{})} }

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
func newPair(r *Relay, n int, client *net.TCPConn, faults []Fault) (*pair, error) {
	p := &pair{relay: r, n: n, server: new(end), dialled: newFlag(), swallowing: newFlag(), aborted: newFlag(),
		unchained: newFlag(), over: make(chan struct{})}
	var err error
	if p.client, err = newEnd(client); err != nil {
		return nil, err
	}
	p.up = newFlow(p, Upstream, p.client, p.server, faults)
	p.down = newFlow(p, Downstream, p.server, p.client, faults)
	p.up.back, p.down.back = p.down, p.up
	if len(p.up.toxics)+len(p.down.toxics) > 0 {
		p.chain = toxiproxy.NewProxy(r.toxics, "faultwire", "", "")
		for _, f := range p.toxics() {
			if err := addToxic(p.chain, f); err != nil {
				return nil, err
			}
		}
	}
	return p, nil
}

// dial connects to the upstream, unless the connection is aborted first.
func (p *pair) dial() error {
	ctx, cancel := context.WithTimeout(p.relay.ctx, dialTimeout)
	defer cancel()
	p.work.Go(func() {
		select {
		case <-p.aborted.ch:
			cancel()
		case <-ctx.Done():
		}
	})
	var d net.Dialer
	if p.relay.config.Plan.holdsBack(Downstream) {
		d.Control = smallBuffers
	}
	c, err := d.DialContext(ctx, "tcp", p.relay.config.Upstream)
	if err != nil {
		return err
	}
	e, err := newEnd(c.(*net.TCPConn))
	if err != nil {
		_ = c.Close()
		return err
	}
	p.server.conn, p.server.raw = e.conn, e.raw
	p.dialled.raise()
	if p.aborted.raised() {
		p.server.reset()
	}
	return nil
}

func (p *pair) toxics() []Fault { return slices.Concat(p.up.toxics, p.down.toxics) }

// addToxic puts the fault into the chain. Its toxicity has been decided: it strikes.
func addToxic(chain *toxiproxy.Proxy, f Fault) error {
	f.Name, f.Toxicity = f.ID(), 1
	toxic, err := json.Marshal(struct {
		Name       string           `json:"name"`
		Type       string           `json:"type"`
		Stream     Stream           `json:"stream"`
		Toxicity   float64          `json:"toxicity"`
		Attributes map[string]int64 `json:"attributes"`
	}{f.Name, f.Type, f.Stream, f.Toxicity, f.Attributes})
	if err != nil {
		return err
	}
	if _, err := chain.Toxics.AddToxicJson(strings.NewReader(string(toxic))); err != nil {
		return fmt.Errorf("toxiproxy rejects %s: %w", f, err)
	}
	return nil
}

// run relays until both directions have ended or the connection is aborted.
func (p *pair) run() {
	defer close(p.over)
	p.work.Go(p.up.run)
	p.work.Go(p.down.run)
	select {
	case <-p.up.done.ch:
		select {
		case <-p.down.done.ch:
		case <-p.aborted.ch:
		}
	case <-p.aborted.ch:
	}
	p.abort()
	p.work.Wait()
	if p.diag != nil {
		_ = p.diag.Close()
	}
}

// abort tears the connection down. The sockets are closed first, which ends reads and writes; then the toxics are removed
// while the input edges still withhold the end of the stream: an end that reaches a toxic which holds data can wedge it.
func (p *pair) abort() {
	p.aborted.raise()
	p.client.release()
	p.server.release()
	for _, f := range slices.Backward(p.toxics()) {
		// From the last to the first: what a toxic lets go of runs into those behind it.
		_ = p.chain.Toxics.RemoveToxic(context.Background(), f.ID())
	}
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

// sleep waits for d and reports false if the connection was aborted first.
func (p *pair) sleep(d time.Duration) bool {
	due := time.Now().Add(d)
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		p.relay.rec.late(time.Since(due))
		return true
	case <-p.aborted.ch:
		return false
	}
}
