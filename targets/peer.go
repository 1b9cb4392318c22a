package targets

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// NewPeer makes a peer: the two sides of one program, with what they share.
type NewPeer func() (Persistent, Server)

// A Peer is a target that asks and is asked, at work.
type Peer struct {
	Session        // its asking side
	Addr    string // where it is asked

	stop func() *Process
}

// End ends both sides and returns when nothing of it is left. It may be called again.
func (p *Peer) End() *Process { return p.stop() }

// OpenPeer starts the peer that t describes: it is to ask at addr, and listens by itself. A process is given as long as patience to
// answer its first request, and its start timeout to listen.
func (t *Target) OpenPeer(ctx context.Context, addr string, patience time.Duration) (*Peer, error) {
	if t.Command == nil {
		sides := *t
		sides.Client, sides.Server = t.Peer()
		server, err := sides.startServer()
		if err != nil {
			return nil, err
		}
		asking, err := sides.Open(ctx, addr, patience)
		if err != nil {
			server.Stop()
			return nil, err
		}
		return &Peer{asking, server.Addr, func() *Process {
			asking.End()
			return server.Stop()
		}}, nil
	}
	port, release, err := reservePort(t.network())
	if err != nil {
		return nil, fmt.Errorf("%s: %w", t.Name, err)
	}
	release = sync.OnceFunc(release)
	own := fmt.Sprintf("127.0.0.1:%d", port)
	s, err := t.openProcess(ctx, addr, own, patience)
	if err != nil {
		release()
		return nil, err
	}
	p := &Peer{s, own, func() *Process {
		defer release()
		return s.End()
	}}
	if err := t.Command.awaitReady(ctx, s.p, t.network(), port, nil); err != nil {
		return nil, &StartError{Target: t.Name, Err: err, Process: p.End()}
	}
	return p, nil
}
