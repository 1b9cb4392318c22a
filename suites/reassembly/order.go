package reassembly

import (
	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/proxy"
	"github.com/faultwire/faultwire/suites/cases"
)

var _ = cases.Register(cases.Case{
	ID:     "tcp.reassembly.jitter",
	Title:  "keeps a long message in order over a link with an uneven delay",
	Level:  cases.Must,
	Quick:  true,
	Role:   cases.Both,
	Speaks: cases.Streams,
	Basis:  byteStream,
	Since:  "0.1",
	Wire: func(t cases.Timing, _ cases.Request) []proxy.Fault {
		tenth := min(t.Read, t.Idle) / 10
		return []proxy.Fault{proxy.Latency(tenth/2, tenth/2).TowardsTarget()}
	},
	Exchange: fixtures.Echo(256 << 10),
	Expect:   cases.HaveDelivered(),
	Why: "TCP delivers in order, always; what comes out of order was mixed up afterwards. Programs that hand each piece to " +
		"another thread, or write with several at a time, depend on the pieces coming evenly: as soon as some are late, a " +
		"fast thread overtakes a slow one and two blocks of the file are swapped. The size is right, no error is " +
		"reported, and the contents are wrong.",
	Fix: "Go: one goroutine reads a connection and one writes it; several may only compute.\n" +
		"Python: one reader a socket; with asyncio, await each write in turn instead of create_task for each piece.\n" +
		"Node: no await between receiving a chunk and storing it: \"data\" handlers that await overtake each other.\n" +
		"Java: one thread reads a socket; do not submit each block to an ExecutorService that writes it.",
})
