package bandwidth

import (
	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/proxy"
	"github.com/faultwire/faultwire/suites/cases"
)

var _ = cases.Register(cases.Case{
	ID:     "tcp.bandwidth.slow-reader",
	Title:  "sends the whole of a long answer to a client that reads slowly",
	Level:  cases.Must,
	Quick:  true,
	Role:   cases.Server,
	Speaks: cases.Streams,
	Basis: cases.Documented("Python socket.send", `"Applications are responsible for checking that all data has been sent"; `+
		`POSIX send() and write() may take a part only`),
	Since: "0.1",
	Wire: func(t cases.Timing, sent cases.Request) []proxy.Fault {
		return []proxy.Fault{
			proxy.Bandwidth(rate(sent.Bytes, unhurried(t))).FromTarget(),
			proxy.StallFor(pause(t)).FromTarget(), // on a busy machine, too, the buffers are full once
		}
	},
	Exchange: fixtures.Echo(plenty),
	Expect:   cases.HaveDelivered(),
	Why: "A call that sends returns a number: how many bytes it took. With short answers it is always all of them, so few " +
		"programs look. When the client reads slowly the buffers fill up, the call takes only a part, and whoever does not " +
		"look at the number drops the rest in silence. Large answers to users with slow links then have holes.",
	Fix: "Go: conn.Write takes everything or returns an error: check it. With unix.Write loop until all is written.\n" +
		"Python: sendall() instead of send(); with a non-blocking socket loop over send() and keep the rest.\n" +
		"Node: socket.write() keeps the rest itself; do not destroy() the socket before the write's callback, use end().\n" +
		"Java: OutputStream.write takes everything; with a SocketChannel loop while (buffer.hasRemaining()).",
})
