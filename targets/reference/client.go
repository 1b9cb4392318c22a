package reference

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"time"

	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/targets"
)

// Client sends each message and expects it back, one after another on one connection. It keeps the deadlines of its job;
// one that is zero does not exist. A reply that differs from its request is corrupt; a framed reply longer than
// [fixtures.MaxFrame] is malformed; a framed message longer than that, or an unknown protocol, is unsupported.
type Client struct {
	Protocol fixtures.Protocol
}

var errCorrupt = errors.New("the reply differs from the request")

// Exchange implements [targets.Client]. Received holds what came back intact.
func (c Client) Exchange(ctx context.Context, addr string, job targets.Job) targets.Said {
	s := session{Client: c, addr: addr}
	defer s.close()
	return s.exchange(ctx, job)
}

// Open implements [targets.Persistent]. An exchange uses the connection of the one before if that went well: what is left of
// any other, such as a reply that comes too late, belongs to nobody (RFC 9112 §9.2 has the same rule).
func (c Client) Open(addr string) (exchange func(context.Context, targets.Job) targets.Said, close func()) {
	s := &session{Client: c, addr: addr}
	return s.exchange, s.close
}

// A session is exchanges with one server.
type session struct {
	Client
	addr string
	kept net.Conn // by the exchange before; nil if there is none
}

func (s *session) close() {
	if s.kept != nil {
		s.kept.Close()
		s.kept = nil
	}
}

func (s *session) exchange(ctx context.Context, job targets.Job) targets.Said {
	if reason := s.unsupported(job); reason != "" {
		return targets.Said{Outcome: fixtures.Unsupported, Detail: reason}
	}
	if job.Fresh {
		s.close()
	}
	received, err := s.play(ctx, job)
	if err != nil {
		s.close()
	}
	said := targets.Said{Outcome: outcomeOf(err), Received: received}
	if err != nil {
		said.Detail = err.Error()
	}
	return said
}

func (c Client) unsupported(job targets.Job) string {
	if !slices.Contains(fixtures.Echoing(), c.Protocol) {
		return fmt.Sprintf("the reference client does not speak %q", c.Protocol)
	}
	for i, body := range job.Messages {
		if c.Protocol != fixtures.EchoProtocol && len(body) > fixtures.MaxFrame {
			return fmt.Sprintf("message %d has %d bytes, the limit is %d", i, len(body), fixtures.MaxFrame)
		}
	}
	return ""
}

// play sends the messages and receives the replies. Its deadlines are this exchange's own, whatever the connection's age.
func (s *session) play(ctx context.Context, job targets.Job) (received []byte, err error) {
	var end time.Time
	if job.Promises.Total > 0 {
		end = time.Now().Add(job.Promises.Total)
	}
	if s.kept == nil {
		dialer := net.Dialer{Timeout: job.Promises.Connect, Deadline: end}
		if s.kept, err = job.DialContext(ctx, dialer, s.addr); err != nil {
			s.kept = nil // not an interface that holds a nil
			return nil, err
		}
		if job.TLS != nil {
			secure, err := secured(ctx, s.kept, job)
			if err != nil {
				s.kept = nil
				return nil, err
			}
			s.kept = secure
		}
	}
	conn := timedConn{Conn: s.kept, read: job.Promises.Read, write: job.Promises.Write, end: end}
	defer context.AfterFunc(ctx, func() { conn.Close() })() // unblocks whatever is under way

	for i, body := range job.Messages {
		if job.Push {
			if _, err := conn.Write(s.Protocol.Encode(body)); err != nil {
				return nil, err
			}
			continue
		}
		reply, err := s.call(conn, body)
		received = append(received, reply...)
		if ctx.Err() != nil && errors.Is(err, net.ErrClosed) {
			err = context.Cause(ctx)
		}
		if err != nil {
			return received, fmt.Errorf("message %d, %d of %d bytes back: %w", i, len(reply), len(body), err)
		}
	}
	return received, nil
}

// call sends one message and returns its reply, or what of it came intact. It writes and reads at the same time: an echo
// peer that is not read from stops reading, so a message larger than the buffers between the two would wedge both.
func (c Client) call(conn timedConn, body []byte) ([]byte, error) {
	sent := make(chan error, 1)
	go func() {
		_, err := conn.Write(c.Protocol.Encode(body))
		if err != nil && fixtures.OutcomeOf(err) != fixtures.Reset {
			conn.Close() // nobody will answer. After a reset the read ends by itself, once it has read the rest
		}
		sent <- err
	}()
	reply, err := c.receive(conn, body)
	if err != nil {
		conn.Close() // ends the write
	}
	return reply, moreTelling(err, <-sent)
}

// receive reads the reply to body until it is complete, and no further: waiting for more would wait for a peer that has
// said all it has to say.
func (c Client) receive(r io.Reader, body []byte) ([]byte, error) {
	if c.Protocol == fixtures.FramedProtocol {
		var prefix [prefixSize]byte
		if _, err := io.ReadFull(r, prefix[:]); err != nil { // a prefix may arrive in parts, too
			return nil, err
		}
		length, err := lengthOf(prefix[:])
		if err != nil {
			return nil, err
		}
		if length != int64(len(body)) {
			return nil, fmt.Errorf("%w: it announces %d bytes", errCorrupt, length)
		}
	}
	reply, err := echoed(r, body)
	if err == nil && c.Protocol == fixtures.LineProtocol {
		_, err = echoed(r, []byte{'\n'})
	}
	return reply, err
}

// echoed reads as many bytes as want has and returns those that are the same, up to the first that is not.
func echoed(r io.Reader, want []byte) ([]byte, error) {
	reply := make([]byte, len(want))
	for got := 0; got < len(reply); {
		n, err := r.Read(reply[got:]) // what one read returns is any part of the reply
		for end := got + n; got < end; got++ {
			if reply[got] != want[got] {
				return reply[:got], fmt.Errorf("%w: byte %d is %#02x, not %#02x", errCorrupt, got, reply[got], want[got])
			}
		}
		if err != nil && got < len(reply) {
			return reply[:got], err
		}
	}
	return reply, nil
}

// moreTelling is which of the errors of a concurrent read and write says what happened. The kernel reports a reset once,
// to the read or to the write: if the write took it, the read sees an orderly end that was none. An operation on a
// connection that we closed says nothing.
func moreTelling(read, wrote error) error {
	switch {
	case read == nil:
		return wrote
	case wrote == nil, errors.Is(wrote, net.ErrClosed):
		return read
	case errors.Is(read, io.EOF), errors.Is(read, io.ErrUnexpectedEOF), errors.Is(read, net.ErrClosed):
		return wrote
	}
	return read
}

func outcomeOf(err error) fixtures.Outcome {
	if errors.Is(err, errCorrupt) {
		return fixtures.Corrupt
	}
	return fixtures.OutcomeOf(err)
}
