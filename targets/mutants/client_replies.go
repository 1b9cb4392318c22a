package mutants

import (
	"bytes"
	"io"
	"unicode/utf8"

	"github.com/faultwire/faultwire/fixtures"
)

// replyMutants take another part of the stream for the reply than what was sent.
func replyMutants() []Mutant {
	return []Mutant{
		clientMutant("client-one-recv", fixtures.EchoProtocol,
			"takes what one recv returns for the whole message",
			func(c *client) { c.body = oneRecv },
			by(neverLie, "tcp.reassembly.split*", "tcp.reassembly.split-anywhere*", "tcp.reassembly.one-byte-slices", "tcp.reassembly.random-slices*")),
		clientMutant("client-eof-is-complete", fixtures.EchoProtocol,
			"takes an orderly end for the end of the message",
			func(c *client) { c.body = endingAt(fixtures.Closed) },
			by(neverLie, "tcp.disconnect.fin-before-reply", "tcp.disconnect.fin-mid-message*", "tcp.disconnect.data-limit",
				"tcp.disconnect.half-close-mid-message")),
		clientMutant("client-any-end-is-complete", fixtures.EchoProtocol,
			"calls whatever ends the connection, if it is no timeout, a success",
			func(c *client) {
				c.word = func(err error) fixtures.Outcome {
					if o := fixtures.OutcomeOf(err); o != fixtures.Closed && o != fixtures.Reset {
						return o
					}
					return fixtures.OK
				}
			},
			by(neverLie, "tcp.connect.closed-on-accept", "tcp.connect.reset-on-accept", "tcp.disconnect.fin-mid-message*")),
		clientMutant("client-reset-is-complete", fixtures.EchoProtocol,
			"takes a reset for the end of the message",
			func(c *client) { c.body = endingAt(fixtures.Reset) },
			by(neverLie, "tcp.disconnect.reset-before-reply", "tcp.disconnect.reset-mid-message*", "tcp.disconnect.reset-anywhere*")),
		clientMutant("client-silence-is-complete", fixtures.EchoProtocol,
			"takes what has come when its read deadline passes for the whole message",
			func(c *client) { c.body = endingAt(fixtures.Timeout) },
			by(neverLie, "tcp.timeout.stall-before-reply", "tcp.timeout.stall-mid-message*", "tcp.timeout.black-hole")),
		clientMutant("client-short-buffer", fixtures.EchoProtocol,
			"keeps 1024 bytes of a message and drops the rest",
			func(c *client) { c.body = then(func(b []byte) []byte { return b[:min(len(b), 1024)] }) },
			by(neverLie, "tcp.reassembly.size[bytes=1025]", "tcp.reassembly.size[bytes=65536]")),
		clientMutant("client-drops-end-of-block", fixtures.EchoProtocol,
			"drops the last byte of every full block of 4096, where a C string would have its NUL",
			func(c *client) { c.body = then(withoutBlockEnds) },
			by(neverLie, "tcp.reassembly.size[bytes=4096]", "tcp.reassembly.size[bytes=65535]")),
		clientMutant("client-drops-byte-65536", fixtures.FramedProtocol,
			"drops the byte at offset 65536",
			func(c *client) { c.body = then(without(65536)) },
			by(neverLie, "tcp.reassembly.size[bytes=65537]")),
		clientMutant("client-text-mode", fixtures.EchoProtocol,
			"makes each CR LF an LF, as files in text mode do",
			func(c *client) { c.body = then(textMode) },
			by(neverLie, "tcp.reassembly.binary")),
		clientMutant("client-decodes-chunks", fixtures.EchoProtocol,
			"decodes UTF-8 chunk by chunk, so that a cut character becomes U+FFFD",
			func(c *client) { c.body = decodedByChunk },
			by(neverLie, "tcp.reassembly.utf8")),
		clientMutant("client-short-writes", fixtures.EchoProtocol,
			"sends what the kernel takes at once, and forgets the rest",
			func(c *client) { c.mood = hasty },
			by(reassemble, "tcp.bandwidth.zero-window")),
		clientMutant("client-waits-for-fin", fixtures.EchoProtocol,
			"has the complete reply, but waits for the peer's FIN",
			func(c *client) { c.finish = awaitEnd },
			by(reassemble, "tcp.reassembly.reply-then-silence", "tcp.disconnect.late-fin")),
	}
}

func oneRecv(r io.Reader, size int) ([]byte, error) {
	b := make([]byte, size)
	n, err := r.Read(b)
	return b[:n], err
}

// endingAt reads until the reply is complete or until such an error, which it swallows.
func endingAt(end fixtures.Outcome) func(io.Reader, int) ([]byte, error) {
	return func(r io.Reader, size int) ([]byte, error) {
		b, err := whole(r, size)
		if fixtures.OutcomeOf(err) == end {
			err = nil
		}
		return b, err
	}
}

// then does something to a reply that was read soundly.
func then(spoil func([]byte) []byte) func(io.Reader, int) ([]byte, error) {
	return func(r io.Reader, size int) ([]byte, error) {
		b, err := whole(r, size)
		return spoil(b), err
	}
}

func withoutBlockEnds(b []byte) []byte {
	const block = 4096
	var kept []byte
	for ; len(b) >= block; b = b[block:] {
		kept = append(kept, b[:block-1]...)
	}
	return append(kept, b...)
}

func without(offset int) func([]byte) []byte {
	return func(b []byte) []byte {
		if offset >= len(b) {
			return b
		}
		return append(b[:offset], b[offset+1:]...)
	}
}

func textMode(b []byte) []byte { return bytes.ReplaceAll(b, []byte("\r\n"), []byte("\n")) }

// decodedByChunk leaves alone what is no text, so that the defect is the cut alone.
func decodedByChunk(r io.Reader, size int) ([]byte, error) {
	var decoded []byte
	raw := make([]byte, 0, size)
	for len(raw) < size {
		n, err := r.Read(raw[len(raw):size])
		chunk := raw[len(raw) : len(raw)+n]
		decoded = append(decoded, bytes.ToValidUTF8(chunk, []byte("\uFFFD"))...)
		raw = raw[:len(raw)+n]
		if err != nil {
			return raw, err
		}
	}
	if utf8.Valid(raw) {
		return decoded, nil
	}
	return raw, nil
}

func awaitEnd(conn patient) error {
	if half, ok := conn.Conn.(interface{ CloseWrite() error }); ok {
		half.CloseWrite()
	}
	_, err := io.Copy(io.Discard, conn)
	return err
}
