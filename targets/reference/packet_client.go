package reference

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/targets"
)

// PacketClient sends each message in a datagram and waits for the one that answers it. A network may lose, repeat, delay and
// reorder datagrams, and anybody may send one: so a reply is known by its first 8 bytes, which are its request's, and what
// belongs to no request under way is ignored, and does not renew the patience. The socket is connected: the kernel keeps out
// what others send, and tells of a closed port.
//
// It sends once. Whether to ask again is for the caller to decide, who knows what a request may do twice; and within its read
// deadline there is no time for it, as RFC 8085 §3.1.1 has the first wait be a second where the round trip is not known. That
// no reply came is a timeout.
type PacketClient struct{}

const (
	keySize    = 8          // bytes that say what a reply belongs to
	packetSize = 64<<10 + 1 // of a buffer that no datagram fills: one that is too small cuts, and says nothing
)

// Exchange implements [targets.Client].
func (c PacketClient) Exchange(ctx context.Context, addr string, job targets.Job) targets.Said {
	exchange, end := c.Open(addr)
	defer end()
	return exchange(ctx, job)
}

// Open implements [targets.Persistent]. The socket is kept whatever came of an exchange, unless it failed: a reply that comes too
// late is told from the next one by its first bytes.
func (PacketClient) Open(addr string) (exchange func(context.Context, targets.Job) targets.Said, end func()) {
	s := &packetSession{addr: addr}
	return s.exchange, s.close
}

type packetSession struct {
	addr string
	conn net.Conn // nil if there is none
}

func (s *packetSession) close() {
	if s.conn != nil {
		s.conn.Close()
		s.conn = nil
	}
}

func (s *packetSession) exchange(ctx context.Context, job targets.Job) targets.Said {
	if job.Fresh {
		s.close()
	}
	received, err := s.play(ctx, job)
	said := targets.Said{Outcome: outcomeOf(err), Received: received}
	if err != nil {
		said.Detail = err.Error()
	}
	if err != nil && said.Outcome != fixtures.Timeout {
		s.close()
	}
	return said
}

// play sends the messages, one after another, and receives the replies.
func (s *packetSession) play(ctx context.Context, job targets.Job) (received []byte, err error) {
	var end time.Time
	if job.Promises.Total > 0 {
		end = time.Now().Add(job.Promises.Total)
	}
	if s.conn == nil {
		var d net.Dialer
		if s.conn, err = d.DialContext(ctx, "udp", s.addr); err != nil {
			s.conn = nil // not an interface that holds a nil
			return nil, err
		}
	}
	conn := s.conn
	defer context.AfterFunc(ctx, func() { conn.Close() })() // unblocks whatever is under way
	for i, body := range job.Messages {
		reply, err := s.call(body, job, end)
		received = append(received, reply...)
		if ctx.Err() != nil && errors.Is(err, net.ErrClosed) {
			err = context.Cause(ctx)
		}
		if err != nil {
			return received, fmt.Errorf("message %d: %w", i, err)
		}
	}
	return received, nil
}

// call sends one message and returns its reply.
func (s *packetSession) call(body []byte, job targets.Job, end time.Time) ([]byte, error) {
	if _, err := s.conn.Write(body); err != nil || job.Push { // EMSGSIZE, where it is too long
		return nil, err
	}
	// Set once: what belongs to somebody else is no reason to wait longer.
	if err := s.conn.SetReadDeadline(timedConn{end: end}.deadline(job.Promises.Read)); err != nil {
		return nil, err
	}
	buf := make([]byte, packetSize)
	for {
		n, err := s.conn.Read(buf) // a datagram, whole; of no bytes, perhaps, which is no end
		switch reply := buf[:n]; {
		case err != nil:
			return nil, err
		case !answers(reply, body):
		case !bytes.Equal(reply, body):
			return nil, fmt.Errorf("%w: it has %d bytes, the request %d", errCorrupt, len(reply), len(body))
		default:
			return body, nil
		}
	}
}

// answers reports whether the datagram is the reply to the request. Of a short one that is only known by all of it.
func answers(reply, request []byte) bool {
	if len(request) < keySize {
		return bytes.Equal(reply, request)
	}
	return len(reply) >= keySize && bytes.Equal(reply[:keySize], request[:keySize])
}
