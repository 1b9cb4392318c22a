package connect

import (
	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/proxy"
	"github.com/faultwire/faultwire/suites/cases"
)

var _ = cases.Register(cases.Case{
	ID:     "tcp.connect.refused",
	Title:  "reports a refused connection as refused",
	Level:  cases.Must,
	Quick:  true,
	Role:   cases.Client,
	Speaks: cases.Connections,
	Basis: cases.Norm("POSIX connect()", `ECONNREFUSED: "The target address was not listening for connections or refused the `+
		`connection request."`),
	Since:    "0.1",
	Deadline: fixtures.ConnectDeadline,
	Timed:    true,
	Wire:     func(cases.Timing, cases.Request) []proxy.Fault { return []proxy.Fault{proxy.Refuse()} },
	Exchange: fixtures.Echo(13),
	Expect:   cases.And(cases.HaveBeenRefused(), cases.HaveEndedBefore(fixtures.ConnectDeadline)),
	Why: "A refusal is the quickest honest answer a network gives: the machine is there, but no program listens on that " +
		"port. Most often the service is down or the port is wrong. A client that calls this a timeout, or just \"network " +
		"error\", sends people to look for a broken cable while the server only needs a restart; one that retries for ever " +
		"hides the mistake completely.",
	Fix: "Go: test the error of net.Dial with errors.Is(err, syscall.ECONNREFUSED).\n" +
		"Python: catch ConnectionRefusedError from socket.create_connection, before OSError, of which it is a kind.\n" +
		"Node: in socket.on(\"error\", e => …) look for e.code === \"ECONNREFUSED\".\n" +
		"Java: catch java.net.ConnectException from Socket.connect, before IOException, of which it is a kind.",
})
