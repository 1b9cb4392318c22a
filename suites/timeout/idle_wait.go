package timeout

import (
	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/suites/cases"
)

var _ = cases.Register(cases.Case{
	ID:       "tcp.timeout.waits-at-rest",
	Title:    "rests while it waits for a reply",
	Level:    cases.Must,
	Role:     cases.Client,
	Speaks:   cases.Connections,
	Basis:    cases.Practice(cases.Recover, "waiting costs nothing: the kernel wakes who waits"),
	Since:    "0.1",
	Deadline: fixtures.ReadDeadline,
	Watch:    &cases.Watch{},
	Exchange: fixtures.Exchange{Messages: []fixtures.Message{{Size: 13}, {Size: 13, Of: 1}}}.Playing(
		fixtures.Script("kept", fixtures.Expect(0), fixtures.Send(0), fixtures.Expect(1), fixtures.Await("peer")),
		fixtures.Script("fresh", fixtures.Expect(1), fixtures.Await("peer")), // of a client that connects for each exchange
	).Calling(),
	Expect: cases.And(cases.OnCall(1, cases.HaveDelivered()), cases.OnCall(2, cases.HaveTimedOut()), cases.HaveIdled()),
	Why: "\"Look whether something has come, look at the clock, look again\": a loop like this keeps its deadline and gives the right " +
		"answer. It also keeps a whole processor busy with doing nothing, and the battery of a telephone empty. With a hundred such " +
		"clients on a machine nobody gets anything done.",
	Fix: "Go: conn.SetReadDeadline and a blocking Read; no default: in a select in a loop.\n" +
		"Python: settimeout(seconds) and a blocking recv(), or select() with a timeout; no setblocking(False) in a loop.\n" +
		"Node: wait for \"data\"; no loop around socket.read().\n" +
		"Java: setSoTimeout(ms) and a blocking read(); no while (in.available() == 0).",
})
