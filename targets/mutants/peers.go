package mutants

import (
	"context"
	"net"
	"sync"

	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/targets"
)

// peerMutants let what happens to one of their two sides stop the other.
func peerMutants() []Mutant {
	return []Mutant{
		peerMutant("peer-one-thing-at-a-time",
			"answers nobody while it asks, and asks nobody while it answers",
			func(p *peer) {
				var busy sync.Mutex
				p.asks = func(ask func() targets.Said) targets.Said {
					busy.Lock()
					defer busy.Unlock()
					return ask()
				}
				p.answers = func(_ func(), serve func() error) error {
					busy.Lock()
					defer busy.Unlock()
					return serve()
				}
			},
			by(recovers, "tcp.peer.cut-outward"), byEither([]string{recovers, neverHang}, "tcp.peer.cut-inward"), byEither([]string{recovers, reassemble, neverHang}, "tcp.peer.both-ways")),
		peerMutant("peer-gives-up",
			"listens no more when a request of its own has failed",
			func(p *peer) {
				p.asks = func(ask func() targets.Said) targets.Said {
					said := ask()
					if said.Outcome != fixtures.OK {
						p.deafen()
					}
					return said
				}
			},
			by(recovers, "tcp.peer.cut-and-healed")),
		peerMutant("peer-one-connection",
			"hangs up on whoever comes while it is connected",
			func(p *peer) {
				p.answers = func(hangUp func(), serve func() error) error {
					p.mu.Lock()
					connected := p.asking > 0
					p.mu.Unlock()
					if connected {
						hangUp()
						return nil
					}
					return serve()
				}
			},
			byEither([]string{recovers, reassemble}, "tcp.peer.dial-at-once", "tcp.peer.both-ways"), by(recovers, "tcp.peer.cut-outward")),
		peerMutant("peer-ends-with-the-first",
			"listens no more when somebody who asked it has hung up",
			func(p *peer) {
				p.answers = func(_ func(), serve func() error) error {
					err := serve()
					p.deafen()
					return err
				}
			},
			byEither([]string{recovers, reassemble}, "tcp.peer.close-at-once")),
	}
}

// A peer is a client and a server, and what the one does when the other is at work.
type peer struct {
	*client
	*server
	asks    func(ask func() targets.Said) targets.Said
	answers func(hangUp func(), serve func() error) error

	mu     sync.Mutex
	asking int    // requests under way
	leave  func() // ends the listening
}

func newPeer() *peer {
	p := &peer{client: soundClient(fixtures.FramedProtocol), server: soundServer(fixtures.FramedProtocol), leave: func() {}}
	p.asks = func(ask func() targets.Said) targets.Said { return ask() }
	p.answers = func(_ func(), serve func() error) error { return serve() }
	return p
}

// deafen ends the listening.
func (p *peer) deafen() {
	p.mu.Lock()
	leave := p.leave
	p.mu.Unlock()
	leave()
}

func peerTarget(name string, defect func(*peer)) targets.Target {
	t := soundClient(fixtures.FramedProtocol).target(name)
	t.Role, t.Client = targets.PeerRole, nil
	t.Peer = func() (targets.Persistent, targets.Server) {
		p := newPeer()
		defect(p)
		return askingSide{p}, answeringSide{p}
	}
	return t
}

func peerMutant(name, does string, defect func(*peer), caught ...[]Catch) Mutant {
	return newMutant(peerTarget(name, defect), does, caught)
}

type askingSide struct{ *peer }

func (p askingSide) Exchange(ctx context.Context, addr string, job targets.Job) targets.Said {
	return p.client.Exchange(ctx, addr, job)
}

func (p askingSide) Open(addr string) (exchange func(context.Context, targets.Job) targets.Said, end func()) {
	ask, end := p.client.Open(addr)
	return func(ctx context.Context, job targets.Job) targets.Said {
		p.mu.Lock()
		p.asking++
		p.mu.Unlock()
		defer func() {
			p.mu.Lock()
			p.asking--
			p.mu.Unlock()
		}()
		return p.asks(func() targets.Said { return ask(ctx, job) })
	}, end
}

type answeringSide struct{ *peer }

func (p answeringSide) Serve(ctx context.Context, l net.Listener) error {
	p.mu.Lock()
	p.leave = sync.OnceFunc(func() { l.Close() })
	p.mu.Unlock()
	s := *p.server
	s.admit = func(ctx context.Context, l net.Listener, serve func(net.Conn) error) {
		allAtOnce(ctx, l, func(conn net.Conn) error {
			return p.answers(func() { conn.Close() }, func() error { return serve(conn) })
		})
	}
	return s.Serve(ctx, l)
}
