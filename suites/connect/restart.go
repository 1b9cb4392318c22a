package connect

import (
	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/suites/cases"
)

var _ = cases.Register(cases.Case{
	ID:     "tcp.connect.restart",
	Title:  "starts again at once on the port that it had",
	Level:  cases.Should,
	Role:   cases.Server,
	Speaks: cases.Connections,
	Basis: cases.Practice(cases.Recover, "a server that is started again serves at once. (socket(7), SO_REUSEADDR: bind() may take an address whose "+
		"connections are in TIME-WAIT, in which RFC 9293 §3.6.1 keeps them)"),
	Since:    "0.1",
	Watch:    &cases.Watch{Restart: true},
	Exchange: fixtures.Echo(13),
	Expect:   cases.HaveRestarted(),
	Why: "When a server ends while clients are connected, the ends of those connections stay behind for a minute, in case something " +
		"of them is still on its way. A new server on the same port is then refused with \"address already in use\", unless it says " +
		"that it knows what it does. So the update that should have taken a second takes a minute.",
	Fix: "Go: nothing: net.Listen sets SO_REUSEADDR.\n" +
		"Python: sock.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1) before bind(); socketserver: allow_reuse_address = True.\n" +
		"Node: nothing: server.listen() sets it.\n" +
		"Java: serverSocket.setReuseAddress(true) before bind(); on Linux it is the default.",
})
