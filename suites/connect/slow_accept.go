package connect

import (
	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/proxy"
	"github.com/faultwire/faultwire/suites/cases"
)

var _ = cases.Register(cases.Case{
	ID:     "tcp.connect.slow-accept",
	Title:  "does its work as ever with a server that is slow to accept",
	Level:  cases.Must,
	Role:   cases.Client,
	Speaks: cases.Connections,
	Basis: cases.Norm("POSIX accept()", `a connection is made before it is accepted: accept() shall "extract the first connection on the `+
		`queue of pending connections"`),
	Since:    "0.1",
	Deadline: fixtures.ReadDeadline,
	Timed:    true,
	Wire: func(t cases.Timing, _ cases.Request) []proxy.Fault {
		return []proxy.Fault{proxy.AcceptDelay(min(t.Read, t.Total) * 3 / 5)}
	},
	Exchange: fixtures.Echo(13),
	Expect:   cases.HaveDelivered(),
	Why: "The operating system makes the connection by itself; the server only fetches it. While the server is busy elsewhere the " +
		"client is connected, may write, and gets no answer: that is a matter for its read deadline, which has not passed yet. " +
		"A client that takes a greeting that is late for a failed connect gives up a server that was about to answer.",
	Fix: "Go: the limit of net.Dialer ends with the connect; conn.SetReadDeadline(time.Now().Add(d)) counts from the Read.\n" +
		"Python: create_connection's timeout is also that of the recv() after it: settimeout(seconds) anew if they differ.\n" +
		"Node: end the timer of the connect in \"connect\", and start the one of the read there.\n" +
		"Java: socket.connect(address, ms) and socket.setSoTimeout(ms) are two limits: set both.",
})
