package targets

import (
	"context"
	"fmt"
	"time"
)

// A Session is a client that plays several exchanges with one server, one after another. Between them it keeps what the code
// under test keeps: its connection, its buffers, its threads.
type Session interface {
	// Exchange plays one exchange, as [Target.Exchange] does.
	Exchange(ctx context.Context, job Job) Said
	// End ends the session, waits for that and says what was seen of its process; nil where it has none. It may be called again.
	End() *Process
}

// A Persistent client is client code in this process that can keep its connection from one exchange to the next.
type Persistent interface {
	Client
	// Open begins a session with the server at addr. The function it returns plays one exchange, and close ends the session; no
	// exchange is under way then.
	Open(addr string) (exchange func(context.Context, Job) Said, close func())
}

// Sessions reports whether the client can play several exchanges in one session.
func (t *Target) Sessions() bool {
	_, persistent := t.Client.(Persistent)
	return persistent || t.Peer != nil || t.Command != nil && t.Command.Session
}

// Open begins a session with the server at addr. A process is given as long as patience to answer its first request. The error
// is a [StartError] where the process ends or does not answer as it should.
func (t *Target) Open(ctx context.Context, addr string, patience time.Duration) (Session, error) {
	if client, persistent := t.Client.(Persistent); persistent {
		exchange, end := client.Open(addr)
		secure := t.trusts(addr)
		return &calledSession{target: t, exchange: func(ctx context.Context, job Job) Said {
			job.TLS = secure
			return exchange(ctx, job)
		}, end: end}, nil
	}
	if !t.Sessions() {
		return nil, fmt.Errorf("%s plays one exchange only", t.Name)
	}
	s, err := t.openProcess(ctx, addr, "", patience)
	if err != nil {
		return nil, err // not an interface that holds a nil
	}
	return s, nil
}

// A calledSession is one in this process.
type calledSession struct {
	target   *Target
	exchange func(context.Context, Job) Said
	end      func()
	ended    bool
	stuck    bool // an exchange was abandoned
}

func (s *calledSession) Exchange(ctx context.Context, job Job) Said {
	said, returned := s.target.call(ctx, func(ctx context.Context) Said { return s.exchange(ctx, job) })
	s.stuck = s.stuck || !returned
	return said
}

func (s *calledSession) End() *Process {
	if !s.ended && !s.stuck {
		s.end()
	}
	s.ended = true
	return nil
}
