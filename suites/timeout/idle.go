package timeout

import (
	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/suites/cases"
)

var _ = cases.Register(cases.Case{
	ID:       "tcp.timeout.idle-reaped",
	Title:    "closes a connection that has been silent for its idle deadline",
	Level:    cases.Should,
	Role:     cases.Server,
	Speaks:   cases.Connections,
	Basis:    cases.Practice(cases.Recover, "a declared idle deadline ends a silent connection, that connection alone, and in order"),
	Since:    "0.1",
	Deadline: fixtures.IdleDeadline,
	Timed:    true,
	Exchange: fixtures.Echo(13).Playing(fixtures.Script("sleeper",
		fixtures.Dial(), fixtures.Hold(fixtures.IdleDeadline.Times(0.9)), fixtures.ExpectEnd())),
	Expect: cases.And(cases.HaveTakenAbout(fixtures.IdleDeadline), cases.HaveEndedInOrder()),
	Why: "Clients vanish without saying goodbye: a laptop is closed, a train enters a tunnel. The server is never told, and " +
		"the connection stays, with its socket, its memory and perhaps its thread. A server that never lets go of silent " +
		"connections collects them for weeks and then, one night, has no room for anybody.",
	Fix: "Go: conn.SetReadDeadline(time.Now().Add(idle)) before each Read, and close the connection when it passes.\n" +
		"Python: client.settimeout(idle), and on TimeoutError close that client only: the server goes on.\n" +
		"Node: socket.setTimeout(idle, () => socket.end()); the event alone closes nothing.\n" +
		"Java: socket.setSoTimeout(idle), and on SocketTimeoutException close that socket only.",
})
