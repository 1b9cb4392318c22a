package bandwidth

import (
	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/proxy"
	"github.com/faultwire/faultwire/suites/cases"
)

var _ = cases.Register(cases.Case{
	ID:     "tcp.bandwidth.full-duplex",
	Title:  "gets more through than all buffers on the way hold, of which each byte comes back at once",
	Level:  cases.Must,
	Role:   cases.Both,
	Speaks: cases.Plain,
	Basis:  cases.Practice(cases.NeverHang, `who sends and reads at once comes to an end, however little the way holds. (RFC 9293 §2.2: "Data flow is supported bidirectionally over TCP connections")`),
	Since:  "0.1",
	Full:   true,
	Timed:  true,
	Wire: func(t cases.Timing, _ cases.Request) []proxy.Fault {
		moment := pause(t) / 2 // for which nothing moves, so that the buffers are a network's, not loopback's, and full
		return []proxy.Fault{proxy.StallFor(moment).TowardsTarget(), proxy.StallFor(moment).FromTarget()}
	},
	Exchange: fixtures.Echo(8 << 20),
	Expect:   cases.HaveDelivered(),
	Why: "The server answers while the question is still coming in. If the client sends everything before it reads anything, the " +
		"answer piles up until every buffer on the way is full; the server cannot write, so it does not read; the client cannot write, " +
		"so it never comes to read. Both wait for ever. With small messages the buffers hide it.",
	Fix: "Go: one goroutine writes, another reads.\n" +
		"Python: a thread that sends, or asyncio with a task for each direction.\n" +
		"Node: nothing: write() does not wait; stop when it returns false, and go on at \"drain\".\n" +
		"Java: two threads, or a Selector that looks for OP_READ and OP_WRITE.",
})
