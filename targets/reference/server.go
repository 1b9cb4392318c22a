package reference

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/faultwire/faultwire/fixtures"
)

// Server sends back what it receives: the echo protocol byte by byte (RFC 862), the framed and the line one message by message,
// refusing what is longer than [fixtures.MaxFrame]. It reads no more than it has sent back, so its memory is bounded and a client that does not
// read is soon not read from either. After a client's FIN it sends back the rest, then its own FIN.
type Server struct {
	Protocol fixtures.Protocol
	Idle     time.Duration // the longest silence of a client before the connection is closed; zero is 10 s
	Write    time.Duration // the longest time a write may block before the connection is closed; zero is 10 s
}

const (
	defaultPatience = 10 * time.Second
	longestBackOff  = time.Second
)

// Serve implements [targets.Server]: it serves every connection that l accepts, all at once. When ctx is done it closes l
// and the connections, waits for them and returns nil. It returns an error if the protocol is unknown or l was closed by
// somebody else; no other failure to accept ends it.
func (s Server) Serve(ctx context.Context, l net.Listener) error {
	if !slices.Contains(fixtures.Echoing(), s.Protocol) {
		return fmt.Errorf("serve %s: the reference server does not speak %q", l.Addr(), s.Protocol)
	}
	var connections sync.WaitGroup
	defer connections.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // before the wait: connections end with the accept loop
	defer context.AfterFunc(ctx, func() { l.Close() })()

	var backOff time.Duration
	for {
		conn, err := l.Accept()
		switch {
		case err == nil:
			backOff = 0
			connections.Go(func() { s.handle(ctx, conn) })
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, net.ErrClosed):
			return err
		default:
			// One client gave up before it was accepted (ECONNABORTED), or descriptors are short (EMFILE): neither may end
			// the service, and trying again at once would spin.
			backOff = min(cmp.Or(2*backOff, 5*time.Millisecond), longestBackOff)
			pause(ctx, backOff)
		}
	}
}

// handle serves one connection until its client ends, falls silent or stops reading. How it ended is the client's affair:
// nothing that happens here reaches another connection.
func (s Server) handle(ctx context.Context, accepted net.Conn) {
	defer accepted.Close() // nothing is left unread after an orderly end, so this is a FIN, behind all that was written
	defer context.AfterFunc(ctx, func() { accepted.Close() })()

	conn := timedConn{Conn: accepted, read: cmp.Or(s.Idle, defaultPatience), write: cmp.Or(s.Write, defaultPatience)}
	switch s.Protocol {
	case fixtures.FramedProtocol:
		echoFrames(conn)
	case fixtures.LineProtocol:
		echoLines(conn)
	default:
		io.Copy(conn, conn)
	}
}

// echoFrames passes each message on while it arrives: one of 16 MiB needs no more memory than one of 16 bytes.
func echoFrames(conn io.ReadWriter) error {
	r := bufio.NewReader(conn)
	for {
		prefix, err := r.Peek(prefixSize)
		if err != nil {
			return err
		}
		length, err := lengthOf(prefix)
		if err != nil {
			return err
		}
		if _, err := io.CopyN(conn, r, prefixSize+length); err != nil {
			return err
		}
	}
}

// echoLines passes each line on when it has come; of a long one, and of a last one without an end, what there is.
func echoLines(conn io.ReadWriter) error {
	r := bufio.NewReaderSize(conn, 64<<10)
	for length := 0; ; {
		part, err := r.ReadSlice('\n')
		if length += len(part); length > fixtures.MaxFrame {
			return fmt.Errorf("%w: a line goes on behind %d bytes", fixtures.ErrMalformed, fixtures.MaxFrame)
		}
		if _, wrote := conn.Write(part); wrote != nil {
			return wrote
		}
		switch {
		case err == nil:
			length = 0
		case err != bufio.ErrBufferFull:
			return err
		}
	}
}

// pause waits for d or until ctx is done.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
