package mutants

import (
	"bufio"
	"io"
	"math"
	"net"
	"slices"

	"github.com/faultwire/faultwire/fixtures"
)

// frameServerMutants lose track of where messages begin and end.
func frameServerMutants() []Mutant {
	return []Mutant{
		serverMutant("server-prefix-one-recv", fixtures.FramedProtocol,
			"reads the length prefix with one recv",
			func(s *server) { s.echo = framesByOneRecv },
			by(neverLie, "tcp.reassembly.prefix-split*", "tcp.reassembly.one-byte-slices")),
		serverMutant("server-empty-is-end", fixtures.FramedProtocol,
			"takes an empty message for the end of the stream",
			func(s *server) { s.echo = buffered(hangUpIfEmpty) },
			by(reassemble, "tcp.reassembly.zero-length")),
		serverMutant("server-one-message-a-recv", fixtures.FramedProtocol,
			"throws away what came behind the current message",
			func(s *server) { s.echo = buffered(dropRest) },
			by(reassemble, "tcp.reassembly.together", "tcp.reassembly.one-and-a-half")),
		serverMutant("server-waits-for-the-rest", fixtures.FramedProtocol,
			"answers only when it has read nothing but whole messages",
			func(s *server) { s.echo = framesInBatches },
			by(reassemble, "tcp.reassembly.one-and-a-half")),
		serverMutant("server-last-first", fixtures.FramedProtocol,
			"answers the messages that came together in reverse order",
			func(s *server) { s.echo = lastFirst },
			by(neverLie, "tcp.reassembly.together")),
		serverMutant("server-no-long-frames", fixtures.FramedProtocol,
			"hangs up on a message of more than 65535 bytes",
			func(s *server) { s.echo = buffered(hangUpIfLong) },
			by(reassemble, "tcp.reassembly.size[bytes=65536]")),
		serverMutant("server-two-writes", fixtures.FramedProtocol,
			"writes the length and the rest by themselves, and lets the system wait before it sends the second",
			func(s *server) { s.echo = framesInTwoWrites },
			by(neverHang, "tcp.bandwidth.small-messages")),
		serverMutant("server-short-buffer", fixtures.FramedProtocol,
			"keeps 1024 bytes of a message and drops the rest",
			func(s *server) { s.echo = framesOf1024 },
			byEither([]string{neverLie, reassemble}, "tcp.reassembly.size[bytes=1025]", "tcp.reassembly.size[bytes=65536]")),
	}
}

func framesInTwoWrites(conn patient) error {
	if tcp, ok := conn.Conn.(*net.TCPConn); ok {
		_ = tcp.SetNoDelay(false)
	}
	for r := bufio.NewReader(conn); ; {
		body, err := fixtures.ReadFrame(r, fixtures.MaxFrame)
		if err != nil {
			return err
		}
		frame := fixtures.FramedProtocol.Encode(body)
		for _, part := range [][]byte{frame[:fixtures.FramedProtocol.Prefix()], body} {
			if _, err := conn.Write(part); err != nil {
				return err
			}
		}
	}
}

func lastFirst(conn patient) error {
	r := bufio.NewReaderSize(conn, 64<<10)
	var waiting [][]byte
	for {
		body, err := fixtures.ReadFrame(r, fixtures.MaxFrame)
		if err != nil {
			return err
		}
		waiting = append(waiting, body)
		if r.Buffered() > 0 {
			continue
		}
		for _, body := range slices.Backward(waiting) {
			if err := answer(conn, body); err != nil {
				return err
			}
		}
		waiting = nil
	}
}

func hangUpIfLong(_ *bufio.Reader, body []byte) error {
	if len(body) > math.MaxUint16 {
		return io.EOF
	}
	return nil
}

func framesOf1024(conn patient) error {
	r := bufio.NewReader(conn)
	for {
		body, err := fixtures.ReadFrame(r, fixtures.MaxFrame)
		if err != nil {
			return err
		}
		if err := answer(conn, body[:min(len(body), 1024)]); err != nil {
			return err
		}
	}
}

func framesByOneRecv(conn patient) error {
	for {
		size, err := prefixByOneRecv(conn)
		if err != nil {
			return err
		}
		body, err := whole(conn, size)
		if err != nil {
			return err
		}
		if err := answer(conn, body); err != nil {
			return err
		}
	}
}

// buffered is frames with something done about each message before it is answered.
func buffered(next func(r *bufio.Reader, body []byte) error) func(patient) error {
	return func(conn patient) error {
		r := bufio.NewReaderSize(conn, 64<<10)
		for {
			body, err := fixtures.ReadFrame(r, fixtures.MaxFrame)
			if err != nil {
				return err
			}
			if err := next(r, body); err != nil {
				return err
			}
			if err := answer(conn, body); err != nil {
				return err
			}
		}
	}
}

func hangUpIfEmpty(_ *bufio.Reader, body []byte) error {
	if len(body) == 0 {
		return io.EOF
	}
	return nil
}

func dropRest(r *bufio.Reader, _ []byte) error {
	_, err := r.Discard(r.Buffered())
	return err
}

func framesInBatches(conn patient) error {
	r, w := bufio.NewReaderSize(conn, 64<<10), bufio.NewWriterSize(conn, 64<<10)
	for {
		body, err := fixtures.ReadFrame(r, fixtures.MaxFrame)
		if err != nil {
			return err
		}
		if err := answer(w, body); err != nil {
			return err
		}
		if r.Buffered() > 0 {
			continue
		}
		if err := w.Flush(); err != nil {
			return err
		}
	}
}
