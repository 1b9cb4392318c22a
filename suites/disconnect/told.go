package disconnect

import (
	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/suites/cases"
)

var _ = cases.Register(cases.Case{
	ID:     "tcp.disconnect.told-to-end",
	Title:  "ends when it is told to, although a client is connected",
	Level:  cases.Should,
	Role:   cases.Server,
	Speaks: cases.Connections,
	Basis:  cases.Practice(cases.NeverHang, "SIGTERM ends a server in time, clients or not, and its clients hear of it"),
	Since:  "0.1",
	Told:   "connected",
	Exchange: fixtures.Echo(1024).Playing(fixtures.Script("client",
		fixtures.Dial(), fixtures.Send(0), fixtures.Expect(0), fixtures.SendPart(0, 0, -1), fixtures.Signal("connected"), fixtures.Await("peer"))),
	Expect: cases.And(cases.HaveDelivered(), cases.HaveEndedWhenTold()),
	Why: "Every update stops the old server first, by SIGTERM. One that waits until the last client has gone, though some never go, " +
		"holds up the update until it is killed, and then all connections break in the middle of whatever they were doing. A good " +
		"end takes no new clients, finishes what is under way within a limit, and closes the rest.",
	Fix: "Go: signal.NotifyContext; then close the listener and, after a limit, the connections; http.Server.Shutdown(ctx).\n" +
		"Python: signal.signal(SIGTERM, …) that sets an event; daemon=True for threads, or close their sockets.\n" +
		"Node: process.on(\"SIGTERM\", …): server.close() waits for every connection: destroy() them after a limit.\n" +
		"Java: a shutdown hook that closes the ServerSocket and the sockets; it must not wait for them without a limit.",
})
