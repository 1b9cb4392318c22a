package reassembly

import (
	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/proxy"
	"github.com/faultwire/faultwire/suites/cases"
)

var _ = cases.RegisterFamily("at", []int64{1, 2, 3}, func(at int64) cases.Case {
	return cases.Case{
		ID:     "tcp.reassembly.prefix-split",
		Title:  "puts a length prefix together that comes in two pieces",
		Level:  cases.Must,
		Quick:  at == 2,
		Role:   cases.Both,
		Speaks: cases.Framed,
		Basis:  byteStream,
		Since:  "0.1",
		Wire: func(cases.Timing, cases.Request) []proxy.Fault {
			return []proxy.Fault{proxy.SplitAt(at).TowardsTarget()}
		},
		Exchange: fixtures.Echo(13),
		Expect:   cases.HaveDelivered(),
		Why: "Programs that carefully loop for the message's body often read the four bytes of its length with one call: " +
			"four bytes will hardly be cut. They are, once in some million messages, and then the program computes a " +
			"length from two bytes, waits for a message that nobody sent, and everything behind it is misread as well.",
		Fix: "Go: io.ReadFull(conn, prefix[:]) for the prefix as for the body.\n" +
			"Python: the same recv_exactly(n) loop for the prefix as for the body, then int.from_bytes(prefix, \"big\").\n" +
			"Node: wait until buffer.length >= 4 before buffer.readUInt32BE(0); keep what is left for the next \"data\".\n" +
			"Java: DataInputStream.readInt(): it waits for all four bytes.",
	}
})

// fixLength is for either side: a length is a stranger's claim.
const fixLength = "Go: compare binary.BigEndian.Uint32(prefix) with a limit of your own before make([]byte, n).\n" +
	"Python: if int.from_bytes(prefix, \"big\") > LIMIT: close the connection and raise an error, before any recv() for it.\n" +
	"Node: if (buffer.readUInt32BE(0) > LIMIT) socket.destroy(new Error(\"message too long\")), before Buffer.alloc.\n" +
	"Java: readInt() returns 0xFFFFFFFF as -1: reject n < 0 || n > LIMIT before new byte[n]."

var _ = cases.Register(cases.Case{
	ID:     "tcp.reassembly.hostile-length",
	Title:  "rejects a reply that claims to be four gigabytes long, at once",
	Level:  cases.Should,
	Quick:  true,
	Role:   cases.Client,
	Speaks: cases.Framed,
	Basis:  cases.Practice(cases.NeverHang, "a length beyond all reason is an error when it arrives, not a wait or an allocation (CWE-789)"),
	Since:  "0.1",
	Timed:  true,
	Exchange: fixtures.Echo(13).Playing(fixtures.Script("server",
		fixtures.SendLiteral(0xff, 0xff, 0xff, 0xff, 'x'), fixtures.Await("peer"))),
	Expect: cases.And(cases.HaveRejected(), cases.HaveEndedBefore(fixtures.ReadDeadline)),
	Why: "A length that comes over the network is a claim by a stranger. Whoever believes it reserves four gigabytes of " +
		"memory, or waits for bytes that will never come, because of four bytes that a broken or hostile server sent. A " +
		"client that was connected to the wrong port by mistake gets such numbers, too: they are the letters of somebody " +
		"else's protocol.",
	Fix: fixLength,
})

var _ = cases.Register(cases.Case{
	ID:       "tcp.reassembly.hostile-request",
	Title:    "closes on a request that claims to be four gigabytes long, and serves others meanwhile",
	Level:    cases.Should,
	Quick:    true,
	Role:     cases.Server,
	Speaks:   cases.Framed,
	Basis:    cases.Practice(cases.Recover, "a length beyond all reason ends its own connection, not a wait or an allocation (CWE-789)"),
	Since:    "0.1",
	Exchange: hostileRequest,
	Expect:   cases.And(cases.HaveServedTheBystander(), cases.HaveEndedInOrder()),
	Why: "Anybody can send a server four bytes. If the server reserves as much memory as they claim, a handful of " +
		"connections brings it down; if it waits for the rest, each of them stays for ever. One comparison with the " +
		"longest message that makes sense is the whole defence.",
	Fix: fixLength,
})

// hostileRequest sends the prefix alone, so that nothing is left unread when the server closes: that would be an RST.
var hostileRequest = fixtures.Echo(13).Playing(fixtures.Script("liar",
	fixtures.Dial(), fixtures.SendLiteral(0xff, 0xff, 0xff, 0xff), fixtures.Signal("claimed"), fixtures.ExpectEnd(),
)).Beside(fixtures.Echo(13), "claimed")
