package mutants

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/targets"
	"github.com/faultwire/faultwire/targets/reference"
)

// A client is its parts. It does not compare the reply with the request, as few clients can: it hands on what it received.
type client struct {
	protocol fixtures.Protocol
	keep     func(promised fixtures.Deadlines) fixtures.Deadlines
	resolve  func(addr string) string // the address that it dials
	dial     func(ctx context.Context, dial func(context.Context) (net.Conn, error)) (net.Conn, error)
	secure   func(ctx context.Context, conn net.Conn, t *tls.Config, limit time.Duration) (net.Conn, error)
	length   func(r io.Reader) (int, error)              // reads how long a framed reply is
	body     func(r io.Reader, size int) ([]byte, error) // reads the reply's body, or what there is of it
	line     func(r *bufio.Reader) ([]byte, error)       // reads a reply that is a line, or what there is of it
	mood     func(conn patient) patient                  // how it treats the connection
	finish   func(conn patient) error                    // what is left to do after the last reply
	word     func(err error) fixtures.Outcome
	tries    func(ended fixtures.Outcome) int     // how often it tries what ends so
	first    bool                                 // whether it writes all before it reads
	deaf     bool                                 // whether it does not hear that it is cancelled
	shrugs   bool                                 // whether it ignores that a push failed
	renews   bool                                 // whether each exchange has deadlines of its own
	keeps    func(err error) bool                 // whether the next exchange has the connection of one that ended so
	carries  func(reply []byte, err error) []byte // what of a reply that ended so stays in the buffer for the next
}

// soundClient is the client without a defect.
func soundClient(p fixtures.Protocol) *client {
	return &client{
		protocol: p,
		keep:     func(promised fixtures.Deadlines) fixtures.Deadlines { return promised },
		resolve:  func(addr string) string { return addr },
		dial: func(ctx context.Context, dial func(context.Context) (net.Conn, error)) (net.Conn, error) {
			return dial(ctx)
		},
		secure:  shaken,
		length:  announced,
		body:    whole,
		line:    wholeLine,
		mood:    func(conn patient) patient { return conn },
		finish:  func(patient) error { return nil },
		word:    fixtures.OutcomeOf,
		tries:   func(fixtures.Outcome) int { return 1 },
		renews:  true,
		keeps:   func(err error) bool { return err == nil },
		carries: func([]byte, error) []byte { return nil },
	}
}

func (c *client) target(name string) targets.Target {
	return targets.Target{
		Name: name, Role: targets.ClientRole, Protocol: c.protocol, Client: c,
		Promises: fixtures.Deadlines{
			Connect: reference.ConnectDeadline, Read: reference.ReadDeadline, Write: reference.WriteDeadline, Total: reference.TotalDeadline,
		},
	}
}

// clientMutant is the sound client with what the defect replaces.
func clientMutant(name string, p fixtures.Protocol, does string, defect func(*client), caught ...[]Catch) Mutant {
	c := soundClient(p)
	defect(c)
	return newMutant(c.target(name), does, caught)
}

// Exchange implements [targets.Client].
func (c *client) Exchange(ctx context.Context, addr string, job targets.Job) targets.Said {
	s := &session{client: c, addr: addr}
	defer s.close()
	said := s.exchange(ctx, job)
	if said.Outcome == fixtures.OK && s.conn != nil {
		if err := c.finish(*s.conn); err != nil {
			said.Outcome, said.Detail = c.word(err), err.Error()
		}
	}
	return said
}

// Open implements [targets.Persistent].
func (c *client) Open(addr string) (exchange func(context.Context, targets.Job) targets.Said, close func()) {
	s := &session{client: c, addr: addr}
	return s.exchange, s.close
}

// A session is what the client keeps from one exchange to the next.
type session struct {
	*client
	addr  string
	conn  *patient // nil if there is none
	lines *bufio.Reader
	left  []byte // of a reply
}

func (s *session) close() {
	if s.conn != nil {
		s.conn.Close()
	}
	s.conn = nil
}

func (s *session) exchange(ctx context.Context, job targets.Job) targets.Said {
	received, err := s.attempt(ctx, job)
	for tried := 1; err != nil && tried < s.tries(fixtures.OutcomeOf(err)); tried++ {
		received, err = s.attempt(ctx, job)
	}
	said := targets.Said{Outcome: s.word(err), Received: received}
	if err != nil {
		said.Detail = err.Error()
	}
	return said
}

func (s *session) attempt(ctx context.Context, job targets.Job) (received []byte, err error) {
	if job.Fresh {
		s.close()
	}
	received, err = s.play(ctx, job)
	if !s.keeps(err) {
		s.close()
	}
	received = append(s.left, received...)
	s.left = s.carries(received, err)
	return received, err
}

func (s *session) play(ctx context.Context, job targets.Job) (received []byte, err error) {
	limits := s.keep(job.Promises)
	var end time.Time
	if limits.Total > 0 {
		end = time.Now().Add(limits.Total)
	}
	if s.conn == nil {
		dialled, err := s.dial(ctx, func(ctx context.Context) (net.Conn, error) {
			return job.DialContext(ctx, net.Dialer{Timeout: limits.Connect, Deadline: end}, s.resolve(s.addr))
		})
		if err == nil && job.TLS != nil {
			dialled, err = s.secure(ctx, dialled, job.TLS, limits.Connect)
		}
		if err != nil {
			return nil, err
		}
		conn := s.mood(patient{dialled, limits.Read, limits.Write, end})
		s.conn, s.lines = &conn, bufio.NewReader(&conn)
	} else if s.renews {
		s.conn.read, s.conn.write, s.conn.end = limits.Read, limits.Write, end
	}
	c, conn := s.client, *s.conn
	if !c.deaf {
		defer context.AfterFunc(ctx, func() { conn.Close() })()
	}

	for _, body := range job.Messages {
		if job.Push {
			if _, err := conn.Write(c.protocol.Encode(body)); err != nil && !c.shrugs {
				return nil, err
			}
			continue
		}
		sent := make(chan error, 1)
		go func() {
			_, err := conn.Write(c.protocol.Encode(body))
			if err != nil && fixtures.OutcomeOf(err) != fixtures.Reset {
				conn.Close()
			}
			sent <- err
		}()
		if c.first {
			if err := <-sent; err != nil {
				return received, err
			}
			sent <- nil
		}
		reply, err := c.reply(conn, s.lines, len(body))
		received = append(received, reply...)
		if err != nil && !c.keeps(err) {
			conn.Close()
		}
		// A reset that the write took is joined to the end that the read saw, and outranks it.
		if err := errors.Join(err, <-sent); err != nil {
			return received, err
		}
	}
	return received, nil
}

func (c *client) reply(conn patient, lines *bufio.Reader, size int) ([]byte, error) {
	if c.protocol == fixtures.LineProtocol {
		return c.line(lines)
	}
	if c.protocol == fixtures.FramedProtocol {
		var err error
		if size, err = c.length(conn); err != nil {
			return nil, err
		}
	}
	return c.body(conn, size)
}

// announced reads a length prefix.
func announced(r io.Reader) (int, error) {
	var prefix [4]byte
	if _, err := io.ReadFull(r, prefix[:]); err != nil {
		return 0, err
	}
	length := binary.BigEndian.Uint32(prefix[:])
	if length > fixtures.MaxFrame {
		return 0, fmt.Errorf("%w: %d bytes announced", fixtures.ErrMalformed, length)
	}
	return int(length), nil
}

// whole reads until the body is complete. On an error it returns what came.
func whole(r io.Reader, size int) ([]byte, error) {
	b := make([]byte, size)
	n, err := io.ReadFull(r, b)
	return b[:n], err
}
