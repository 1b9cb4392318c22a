package mutants

import (
	"encoding/binary"
	"io"
	"math"

	"github.com/faultwire/faultwire/fixtures"
)

// frameClientMutants misread the length prefix.
func frameClientMutants() []Mutant {
	return []Mutant{
		clientMutant("client-prefix-one-recv", fixtures.FramedProtocol,
			"reads the length prefix with one recv",
			func(c *client) { c.length = prefixByOneRecv },
			by(neverLie, "tcp.reassembly.prefix-split*", "tcp.reassembly.one-byte-slices", "tcp.timeout.stall-in-prefix[at=1]",
				"tcp.disconnect.fin-in-prefix[at=1]")),
		clientMutant("client-cut-prefix-is-empty", fixtures.FramedProtocol,
			"takes an end inside the length prefix for an empty message",
			func(c *client) { c.length = zeroAtEnd },
			by(neverLie, "tcp.disconnect.fin-in-prefix*", "tcp.disconnect.fin-before-reply")),
		clientMutant("client-trusts-length", fixtures.FramedProtocol,
			"waits for as many bytes as the prefix announces, 4 GiB if need be",
			func(c *client) { c.length, c.body = anyLength, asTheyCome },
			by(sayWhat, "tcp.reassembly.hostile-length")),
		clientMutant("client-empty-is-end", fixtures.FramedProtocol,
			"takes an empty message for the end of the stream",
			func(c *client) { c.length = neverZero },
			by(reassemble, "tcp.reassembly.zero-length")),
		clientMutant("client-length-in-two-bytes", fixtures.FramedProtocol,
			"keeps 16 bits of a message's length",
			func(c *client) { c.length = lowBits },
			by(neverLie, "tcp.reassembly.size[bytes=65536]", "tcp.reassembly.size[bytes=65537]")),
		clientMutant("client-signed-length", fixtures.FramedProtocol,
			"takes the length prefix for a signed number, and dies of a negative one",
			func(c *client) { c.length, c.body = signed, whole },
			by(sayWhat, "tcp.reassembly.hostile-length")),
	}
}

func lowBits(r io.Reader) (int, error) {
	n, err := announced(r)
	return n & math.MaxUint16, err
}

func signed(r io.Reader) (int, error) {
	n, err := anyLength(r)
	return int(int32(n)), err
}

func prefixByOneRecv(r io.Reader) (int, error) {
	var prefix [4]byte
	n, err := r.Read(prefix[:])
	if n > 0 {
		err = nil
	}
	return min(int(binary.BigEndian.Uint32(prefix[:])), fixtures.MaxFrame), err
}

func zeroAtEnd(r io.Reader) (int, error) {
	n, err := announced(r)
	if fixtures.OutcomeOf(err) == fixtures.Closed {
		return 0, nil
	}
	return n, err
}

func anyLength(r io.Reader) (int, error) {
	var prefix [4]byte
	_, err := io.ReadFull(r, prefix[:])
	return int(min(uint64(binary.BigEndian.Uint32(prefix[:])), math.MaxInt)), err
}

// asTheyCome is whole without allocating what the peer announces: a mutant must not wear out the machine.
func asTheyCome(r io.Reader, size int) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, int64(size)))
	if err == nil && len(b) < size {
		err = io.ErrUnexpectedEOF
	}
	return b, err
}

func neverZero(r io.Reader) (int, error) {
	n, err := announced(r)
	if n == 0 && err == nil {
		err = io.EOF
	}
	return n, err
}
