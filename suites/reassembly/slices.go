package reassembly

import (
	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/proxy"
	"github.com/faultwire/faultwire/suites/cases"
)

// byteStream is why no program may read a meaning into the pieces that a message comes in.
var byteStream = cases.Norm("RFC 9293", `§2.2: "TCP provides a reliable, in-order, byte-stream service to applications."`)

const fixPieces = "Go: io.ReadFull(conn, buf): one conn.Read may return any part of what was sent.\n" +
	"Python: loop over recv() until len(data) == length: recv(1024) means at most 1024, not exactly.\n" +
	"Node: a \"data\" event is a piece, not a message: collect the chunks with Buffer.concat until the length is reached.\n" +
	"Java: DataInputStream.readFully(buf) or in.readNBytes(length): read(buf) may return fewer bytes."

var _ = cases.RegisterFamily("at", []int64{1, 512, 1023}, func(at int64) cases.Case {
	const size = 1024
	return cases.Case{
		ID:     "tcp.reassembly.split",
		Title:  "puts a message together that comes in two pieces",
		Level:  cases.Must,
		Quick:  at == 512,
		Role:   cases.Both,
		Speaks: cases.Connections,
		Basis:  byteStream,
		Since:  "0.1",
		Wire: func(_ cases.Timing, sent cases.Request) []proxy.Fault {
			return []proxy.Fault{proxy.SplitAt(sent.Body + at).TowardsTarget()}
		},
		Exchange: fixtures.Echo(size),
		Expect:   cases.HaveDelivered(),
		Why: "What was sent with one call need not be received with one: TCP carries a stream of bytes, like a hose, and " +
			"knows nothing of the buckets they were poured from. On one machine a short message nearly always comes in " +
			"one piece, so code that reads once and believes it has all of it passes every test, until the first busy " +
			"network cuts its message in two.",
		Fix: fixPieces,
	}
})

const short = 13 // bytes: few enough to cut at each of them

var _ = cases.RegisterFamily("at", offsets(short), func(at int64) cases.Case {
	return cases.Case{
		ID:     "tcp.reassembly.split-anywhere",
		Title:  "puts a short message together, wherever it is cut in two",
		Level:  cases.Must,
		Role:   cases.Both,
		Speaks: cases.Streams,
		Basis:  byteStream,
		Since:  "0.1",
		Wire: func(_ cases.Timing, sent cases.Request) []proxy.Fault {
			return []proxy.Fault{proxy.SplitAt(sent.Body + at).TowardsTarget()}
		},
		Exchange: fixtures.Echo(short),
		Expect:   cases.HaveDelivered(),
		Why: "A message that is cut in the middle is put together well by many a program that is wrong when its first byte comes " +
			"alone, or its last. So this one is cut at each place there is. A short message is seldom cut by a network, but " +
			"often by a program: some write a header and a body by two calls, some a byte at a time.",
		Fix: fixPieces,
	}
})

// offsets are the places at which a message of size bytes can be cut in two.
func offsets(size int64) (all []int64) {
	for at := range size - 1 {
		all = append(all, at+1)
	}
	return all
}

var _ = cases.Register(cases.Case{
	ID:     "tcp.reassembly.one-byte-slices",
	Title:  "puts a message together that comes one byte at a time",
	Level:  cases.Must,
	Quick:  true,
	Role:   cases.Both,
	Speaks: cases.Streams,
	Basis:  byteStream,
	Since:  "0.1",
	Wire: func(cases.Timing, cases.Request) []proxy.Fault {
		return []proxy.Fault{proxy.Slice(1).TowardsTarget()}
	},
	Exchange: fixtures.Echo(32), // few enough for a loaded machine to hand over one by one within a deadline
	Expect:   cases.HaveDelivered(),
	Why: "The worst cut there is, and every cut at once: each read returns a single byte. Code that joins exactly two " +
		"pieces, looks for a line end only inside one piece, or starts from scratch with every read is found out here. " +
		"If a program gets this right, no network will ever cut a message in a way it cannot put together.",
	Fix: fixPieces,
})

var _ = cases.RegisterFamily("seed", []uint64{1, 2, 3}, func(uint64) cases.Case {
	return cases.Case{
		ID:     "tcp.reassembly.random-slices",
		Title:  "puts a message together that is cut at random",
		Level:  cases.Must,
		Role:   cases.Both,
		Speaks: cases.Connections,
		Basis:  byteStream,
		Since:  "0.1",
		Wire: func(cases.Timing, cases.Request) []proxy.Fault {
			return []proxy.Fault{proxy.SliceAbout(50, 24).TowardsTarget()}
		},
		Exchange: fixtures.Echo(1024),
		Expect:   cases.HaveDelivered(),
		Why: "Nobody chooses where a network cuts, so neither does this test: the pieces are of 2 to 98 bytes, in no " +
			"order. It finds the assumption that nobody knew they had made, such as that a piece is never " +
			"larger than the buffer, or that a header and its first byte arrive together. The same --seed makes the same cuts, " +
			"so a failure can be looked into.",
		Fix: fixPieces,
	}
})
