package bandwidth

import (
	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/proxy"
	"github.com/faultwire/faultwire/suites/cases"
)

var _ = cases.Register(cases.Case{
	ID:     "tcp.bandwidth.zero-window",
	Title:  "loses nothing when its peer stops reading for a while",
	Level:  cases.Must,
	Role:   cases.Both,
	Speaks: cases.Streams,
	Basis: cases.Norm("RFC 9293", `§3.8.6.1: while the receiver answers probes, "the sending TCP peer MUST allow the connection to `+
		`stay open (MUST-37)"`),
	Since: "0.1",
	Timed: true,
	Wire: func(t cases.Timing, _ cases.Request) []proxy.Fault {
		return []proxy.Fault{proxy.StallFor(pause(t)).FromTarget().After(1 << 10)}
	},
	Exchange: fixtures.Echo(plenty),
	Expect:   cases.HaveDelivered(),
	Why: "A peer that is busy stops reading for a moment. Its window closes: TCP's word for \"send no more, I have no room\". " +
		"The connection is in perfect health, and goes on when there is room again. Programs that take a write that " +
		"cannot go on for a dead peer, or that drop what did not fit into the buffer at once, turn a short pause into " +
		"missing bytes.",
	Fix: "Go: conn.Write waits and writes all; check n and err, and give SetWriteDeadline more than a moment.\n" +
		"Python: sendall(); with a non-blocking socket keep data[send(data):] and wait in select() until it is writable.\n" +
		"Node: when socket.write() returns false, pause and go on at \"drain\"; what was written is kept in order.\n" +
		"Java: a SocketChannel's write() may take only a part: keep the ByteBuffer while hasRemaining().",
})
