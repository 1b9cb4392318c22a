package mutants

import (
	"bytes"
	"slices"
	"sync"
	"time"

	"github.com/faultwire/faultwire/fixtures"
)

// streamMutants send back something else than what came.
func streamMutants() []Mutant {
	spoiling := func(newFilter func() filter) func(*server) {
		return func(s *server) { s.echo = stream(newFilter) }
	}
	return []Mutant{
		serverMutant("server-one-recv", fixtures.EchoProtocol,
			"receives once, answers and closes",
			func(s *server) { s.echo = echoOnce },
			by(reassemble, "tcp.reassembly.in-turn", "tcp.reassembly.size[bytes=1025]", "tcp.reassembly.one-byte-slices")),
		serverMutant("server-loses-tail", fixtures.EchoProtocol,
			"gathers chunks for 50 ms or 64 KiB, and forgets at the client's FIN what it has gathered",
			func(s *server) { s.echo = gathering },
			by(reassemble, "tcp.disconnect.half-close[size=1]", "tcp.disconnect.half-close[size=13]",
				"tcp.disconnect.half-close[size=102400]")),
		serverMutant("server-full-block-waits", fixtures.EchoProtocol,
			"takes a full block of 4096 for a sign that more will follow, and waits for it",
			func(s *server) { s.echo = waitingBehindFullBlocks },
			by(reassemble, "tcp.reassembly.size[bytes=4096]")),
		serverMutant("server-whole-lines", fixtures.EchoProtocol,
			"once it has seen a line, sends back whole lines only",
			spoiling(wholeLines),
			by(reassemble, "tcp.reassembly.trailing-part")),
		serverMutant("server-stops-at-nul", fixtures.EchoProtocol,
			"takes a NUL for the end of a string, and sends back nothing from there on",
			spoiling(untilNUL),
			by(reassemble, "tcp.reassembly.binary")),
		serverMutant("server-text-mode", fixtures.EchoProtocol,
			"makes each CR LF an LF, as files in text mode do",
			spoiling(func() filter { return textMode }),
			by(neverLie, "tcp.reassembly.binary")),
		serverMutant("server-drops-byte-65536", fixtures.EchoProtocol,
			"drops the byte at offset 65536",
			spoiling(func() filter { return at(65536, func(b []byte, i int) []byte { return without(i)(b) }) }),
			by(neverLie, "tcp.disconnect.half-close[size=102400]"),
			by(reassemble, "tcp.reassembly.size[bytes=65537]")),
		serverMutant("server-repeats-bytes", fixtures.EchoProtocol,
			"repeats up to 10 bytes behind 50 kB",
			spoiling(func() filter { return at(50_000, repeated) }),
			by(neverLie, "tcp.reassembly.size[bytes=65535]", "tcp.disconnect.half-close[size=102400]")),
		serverMutant("server-swaps-blocks", fixtures.EchoProtocol,
			"sends back the first chunk behind 64 KiB with its halves swapped",
			spoiling(swapping),
			by(neverLie, "tcp.disconnect.half-close[size=102400]", "tcp.reassembly.jitter")),
		serverMutant("server-short-writes", fixtures.EchoProtocol,
			"sends what the kernel takes at once, and forgets the rest",
			func(s *server) {
				s.echo = func(conn patient) error { return stream(func() filter { return unchanged })(hasty(conn)) }
			},
			byEither([]string{neverLie, reassemble}, "tcp.bandwidth.slow-reader")),
		serverMutant("server-shared-buffer", fixtures.EchoProtocol,
			"has one buffer for all connections",
			func(s *server) { s.echo = stream(sharingOneBuffer()) },
			by(neverLie, "tcp.reassembly.cross-talk")),
	}
}

func echoOnce(conn patient) error {
	b := make([]byte, 1024)
	n, err := conn.Read(b)
	if err != nil {
		return err
	}
	_, err = conn.Write(b[:n])
	return err
}

func gathering(conn patient) error {
	quiet := conn
	quiet.read = 50 * time.Millisecond
	var gathered []byte
	b := make([]byte, 32<<10)
	for {
		from := conn
		if len(gathered) > 0 {
			from = quiet
		}
		n, err := from.Read(b)
		pause := fixtures.OutcomeOf(err) == fixtures.Timeout && len(gathered) > 0
		if err != nil && !pause {
			return err
		}
		gathered = append(gathered, b[:n]...)
		if pause || len(gathered) >= 64<<10 {
			if _, err := conn.Write(gathered); err != nil {
				return err
			}
			gathered = nil
		}
	}
}

func waitingBehindFullBlocks(conn patient) error {
	var gathered []byte
	b := make([]byte, 4096)
	for {
		n, err := conn.Read(b)
		gathered = append(gathered, b[:n]...)
		if n == len(b) {
			continue
		}
		if _, err := conn.Write(gathered); err != nil {
			return err
		}
		gathered = gathered[:0]
		if err != nil {
			return err
		}
	}
}

func wholeLines() filter {
	var part []byte
	lines := false
	return func(chunk []byte) []byte {
		part = append(part, chunk...)
		end := bytes.LastIndexByte(part, '\n') + 1
		lines = lines || end > 0
		if !lines {
			end = len(part)
		}
		whole := slices.Clone(part[:end])
		part = part[end:]
		return whole
	}
}

func untilNUL() filter {
	ended := false
	return func(chunk []byte) []byte {
		if ended {
			return nil
		}
		chunk, _, ended = bytes.Cut(chunk, []byte{0})
		return chunk
	}
}

// at does something to the chunk that holds the byte at offset, the chunk's byte i.
func at(offset int, do func(chunk []byte, i int) []byte) filter {
	return func(chunk []byte) []byte {
		i := offset
		offset -= len(chunk)
		if i < 0 || i >= len(chunk) {
			return chunk
		}
		return do(chunk, i)
	}
}

func repeated(chunk []byte, i int) []byte {
	return slices.Concat(chunk[:i], chunk[i:min(i+10, len(chunk))], chunk[i:])
}

func swapping() filter {
	passed, done := 0, false
	return func(chunk []byte) []byte {
		before := passed
		passed += len(chunk)
		if done || before < 64<<10 || len(chunk) < 2 {
			return chunk
		}
		done = true
		return slices.Concat(chunk[len(chunk)/2:], chunk[:len(chunk)/2])
	}
}

// sharingOneBuffer locks the buffer, so that the race detector has nothing to say: the defect is that another connection
// fills it between this one's read and write.
func sharingOneBuffer() func() filter {
	var shared struct {
		sync.Mutex
		bytes []byte
	}
	return func() filter {
		return func(chunk []byte) []byte {
			shared.Lock()
			shared.bytes = slices.Clone(chunk)
			shared.Unlock()
			time.Sleep(time.Millisecond) // the work on the message, for which the author thought the buffer safe
			shared.Lock()
			defer shared.Unlock()
			return shared.bytes
		}
	}
}
