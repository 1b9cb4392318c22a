package mutants

import (
	"bytes"
	"io"

	"github.com/faultwire/faultwire/fixtures"
)

// chunkMutants give a meaning to how the stream was cut.
func chunkMutants() []Mutant {
	return []Mutant{
		serverMutant("server-strips-spaces", fixtures.EchoProtocol,
			"strips white space from the ends of each chunk",
			func(s *server) { s.echo = stream(func() filter { return bytes.TrimSpace }) },
			by(reassemble, "tcp.reassembly.binary")),
		serverMutant("server-ignores-bad-utf8", fixtures.EchoProtocol,
			"decodes each chunk as UTF-8 and leaves out what is none",
			func(s *server) {
				s.echo = stream(func() filter { return func(chunk []byte) []byte { return bytes.ToValidUTF8(chunk, nil) } })
			},
			by(reassemble, "tcp.reassembly.utf8"),
			by(neverLie, "tcp.reassembly.binary")),
		serverMutant("server-stale-tail", fixtures.EchoProtocol,
			"sends back as much of its buffer as the longest chunk had",
			func(s *server) { s.echo = staleTail },
			by(neverLie, "tcp.reassembly.random-slices*")),
		serverMutant("server-three-answers", fixtures.EchoProtocol,
			"hangs up after three chunks",
			func(s *server) { s.echo = threeChunks },
			byEither([]string{reassemble, sayWhat}, "tcp.reassembly.in-turn", "tcp.reassembly.one-byte-slices")),
		serverMutant("server-64k-a-connection", fixtures.EchoProtocol,
			"hangs up when a connection has brought 64 KiB",
			func(s *server) { s.echo = upTo64K },
			by(reassemble, "tcp.reassembly.size[bytes=65537]", "tcp.disconnect.half-close[size=102400]")),
	}
}

func staleTail(conn patient) error {
	b, longest := make([]byte, 32<<10), 0
	for {
		n, err := conn.Read(b)
		if err != nil {
			return err
		}
		longest = max(longest, n)
		if _, err := conn.Write(b[:longest]); err != nil {
			return err
		}
	}
}

func threeChunks(conn patient) error {
	b := make([]byte, 32<<10)
	for range 3 {
		n, err := conn.Read(b)
		if err != nil {
			return err
		}
		if _, err := conn.Write(b[:n]); err != nil {
			return err
		}
	}
	return nil
}

func upTo64K(conn patient) error {
	_, err := io.CopyN(conn, conn, 64<<10)
	return err
}
