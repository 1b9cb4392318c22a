package mutants

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"time"

	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/targets/reference"
)

// serviceMutants serve the wrong clients, or end a connection in a wrong way or at a wrong time.
func serviceMutants() []Mutant {
	return []Mutant{
		serverMutant("server-one-client", fixtures.EchoProtocol,
			"serves one client, then listens no more",
			func(s *server) { s.admit = onlyTheFirst },
			by(recovers, "tcp.connect.close-storm", "tcp.disconnect.resets-survived", "tcp.disconnect.fin-mid-request")),
		serverMutant("server-one-at-a-time", fixtures.EchoProtocol,
			"serves a client before it accepts the next, so that a silent one blocks all",
			func(s *server) { s.admit = oneAtATime },
			by(recovers, "tcp.disconnect.silent-neighbour", "tcp.connect.idle-crowd")),
		serverMutant("server-reset-ends-service", fixtures.FramedProtocol,
			"ends its accept loop with the first connection that is reset",
			func(s *server) { s.admit = untilReset },
			by(recovers, "tcp.disconnect.resets-survived", "tcp.connect.reset-storm", "tcp.disconnect.reset-while-writing")),
		serverMutant("server-twenty-slots", fixtures.EchoProtocol,
			"has 20 slots, which idle clients hold",
			func(s *server) { s.admit = twentyAtOnce },
			by(recovers, "tcp.connect.idle-crowd")),
		serverMutant("server-resets-on-close", fixtures.EchoProtocol,
			"closes with SO_LINGER 0: an RST instead of a FIN",
			func(s *server) { s.hangUp = abort },
			by(sayWhat, "tcp.disconnect.orderly-end")),
		serverMutant("server-never-closes", fixtures.EchoProtocol,
			"does not close its side after the client's FIN",
			func(s *server) { s.hangUp = func(ctx context.Context, _ net.Conn) { <-ctx.Done() } },
			by(sayWhat, "tcp.disconnect.orderly-end")),
		serverMutant("server-no-idle-deadline", fixtures.EchoProtocol,
			"has no idle deadline, but promises one",
			func(s *server) { s.promised, s.idle = reference.IdleDeadline, 0 },
			by(neverHang, "tcp.timeout.idle-reaped")),
		serverMutant("server-double-idle-deadline", fixtures.FramedProtocol,
			"closes an idle connection at twice its idle deadline",
			func(s *server) { s.promised, s.idle = reference.IdleDeadline, 2*reference.IdleDeadline },
			by(neverHang, "tcp.timeout.idle-reaped")),
		serverMutant("server-empty-ends-service", fixtures.EchoProtocol,
			"ends its accept loop with the first client that says nothing",
			func(s *server) { s.admit = untilEnd },
			by(recovers, "tcp.connect.close-storm", "tcp.disconnect.half-close-empty")),
		serverMutant("server-five-at-most", fixtures.EchoProtocol,
			"hangs up on whoever comes while it has five clients",
			func(s *server) { s.admit = fiveAtMost },
			by(recovers, "tcp.connect.idle-crowd")),
		serverMutant("server-locks-writes", fixtures.EchoProtocol,
			"writes to one client at a time",
			func(s *server) {
				var writing sync.Mutex
				echo := s.echo
				s.echo = func(conn patient) error {
					conn.Conn = locked{conn.Conn, &writing}
					return echo(conn)
				}
			},
			by(recovers, "tcp.bandwidth.slow-crowd")),
		serverMutant("server-unbounded-queue", fixtures.EchoProtocol,
			"reads on whatever of its answers has got away",
			func(s *server) { s.echo = queueing },
			by(recovers, "tcp.bandwidth.never-reads")),
		serverMutant("server-hasty-write-deadline", fixtures.EchoProtocol,
			"hangs up on a client that takes nothing for 50 ms",
			func(s *server) {
				echo := s.echo
				s.echo = func(conn patient) error {
					conn.write = 50 * time.Millisecond
					return echo(conn)
				}
			},
			by(reassemble, "tcp.bandwidth.zero-window")),
	}
}

func untilEnd(ctx context.Context, l net.Listener, serve func(net.Conn) error) {
	allAtOnce(ctx, l, func(conn net.Conn) error {
		return serve(&counted{Conn: conn, empty: func() { l.Close() }})
	})
}

// A counted connection tells of a client that has ended without a word, before that is answered.
type counted struct {
	net.Conn
	bytes int
	empty func()
}

func (c *counted) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if c.bytes += n; err == io.EOF && c.bytes == 0 {
		c.empty()
	}
	return n, err
}

func fiveAtMost(ctx context.Context, l net.Listener, serve func(net.Conn) error) {
	slots := make(chan struct{}, 5)
	allAtOnce(ctx, l, func(conn net.Conn) error {
		select {
		case slots <- struct{}{}:
			defer func() { <-slots }()
			return serve(conn)
		default:
			return conn.Close()
		}
	})
}

func onlyTheFirst(_ context.Context, l net.Listener, serve func(net.Conn) error) {
	conn, err := l.Accept()
	if err != nil {
		return
	}
	l.Close()
	serve(conn)
}

func oneAtATime(_ context.Context, l net.Listener, serve func(net.Conn) error) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		serve(conn)
	}
}

type locked struct {
	net.Conn
	writing *sync.Mutex
}

func (l locked) Write(b []byte) (int, error) {
	l.writing.Lock()
	defer l.writing.Unlock()
	return l.Conn.Write(b)
}

func untilReset(ctx context.Context, l net.Listener, serve func(net.Conn) error) {
	allAtOnce(ctx, l, func(conn net.Conn) error {
		err := serve(conn)
		if fixtures.OutcomeOf(err) == fixtures.Reset {
			l.Close()
		}
		return err
	})
}

func twentyAtOnce(ctx context.Context, l net.Listener, serve func(net.Conn) error) {
	var open sync.WaitGroup
	defer open.Wait()
	slots := make(chan struct{}, 20)
	for {
		select {
		case slots <- struct{}{}:
		case <-ctx.Done():
			return
		}
		conn, err := l.Accept()
		if err != nil {
			return
		}
		open.Go(func() {
			serve(conn)
			<-slots
		})
	}
}

func abort(_ context.Context, conn net.Conn) {
	if tcp, ok := conn.(interface{ SetLinger(int) error }); ok {
		tcp.SetLinger(0)
	}
	conn.Close()
}

// queueing keeps in memory what its client does not take.
func queueing(conn patient) error {
	queue, wrote := make(chan []byte, 1<<16), make(chan error, 1)
	go func() {
		var err error
		for chunk := range queue {
			if err == nil {
				_, err = conn.Write(chunk)
			}
		}
		wrote <- err
	}()
	for {
		b := make([]byte, 32<<10)
		n, err := conn.Read(b)
		if err != nil {
			close(queue)
			return errors.Join(err, <-wrote)
		}
		queue <- b[:n]
	}
}
