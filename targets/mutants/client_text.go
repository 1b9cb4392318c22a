package mutants

import (
	"bytes"
	"io"

	"github.com/faultwire/faultwire/fixtures"
)

// textMutants take bytes for text, or put the parts of a reply together wrongly.
func textMutants() []Mutant {
	return []Mutant{
		clientMutant("client-overwrites", fixtures.EchoProtocol,
			"reads each part of a reply to the start of its buffer",
			func(c *client) { c.body = toTheStart },
			by(neverLie, "tcp.reassembly.split*", "tcp.reassembly.random-slices*")),
		clientMutant("client-whole-buffer", fixtures.EchoProtocol,
			"takes over its whole buffer, however little a read has put there",
			func(c *client) { c.body = wholeBuffers },
			by(neverLie, "tcp.reassembly.split*", "tcp.reassembly.one-byte-slices")),
		clientMutant("client-ignores-bad-utf8", fixtures.EchoProtocol,
			"decodes a reply as UTF-8 and leaves out what is none",
			func(c *client) { c.body = then(func(b []byte) []byte { return bytes.ToValidUTF8(b, nil) }) },
			by(neverLie, "tcp.reassembly.binary", "tcp.reassembly.size[bytes=1024]")),
		clientMutant("client-strips-spaces", fixtures.EchoProtocol,
			"strips white space from the ends of a reply",
			func(c *client) { c.body = then(bytes.TrimSpace) },
			by(neverLie, "tcp.reassembly.binary")),
		clientMutant("client-stops-at-nul", fixtures.EchoProtocol,
			"takes a NUL for the end of a string",
			func(c *client) { c.body = then(before(0)) },
			by(neverLie, "tcp.reassembly.binary")),
		clientMutant("client-stops-at-ctrl-z", fixtures.FramedProtocol,
			"takes the byte 0x1A for the end of a file",
			func(c *client) { c.body = then(before(0x1a)) },
			by(neverLie, "tcp.reassembly.binary")),
	}
}

func toTheStart(r io.Reader, size int) ([]byte, error) {
	b := make([]byte, size)
	for have := 0; have < size; {
		n, err := r.Read(b[:size-have])
		if have += n; err != nil {
			return b[:have], err
		}
	}
	return b, nil
}

func wholeBuffers(r io.Reader, size int) ([]byte, error) {
	b, part := make([]byte, 0, size), make([]byte, 4096)
	for len(b) < size {
		if _, err := r.Read(part); err != nil {
			return b, err
		}
		b = append(b, part[:min(len(part), size-len(b))]...)
	}
	return b, nil
}

func before(end byte) func([]byte) []byte {
	return func(b []byte) []byte {
		head, _, _ := bytes.Cut(b, []byte{end})
		return head
	}
}
