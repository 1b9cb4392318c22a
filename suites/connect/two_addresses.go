package connect

import (
	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/proxy"
	"github.com/faultwire/faultwire/suites/cases"
)

var _ = cases.Register(cases.Case{
	ID:     "tcp.connect.next-address",
	Title:  "is served by the other address of a name when the first refuses",
	Level:  cases.Should,
	Role:   cases.Client,
	Speaks: cases.Connections,
	Basis: cases.Norm("RFC 1123", `§2.3: implementations "SHOULD be prepared to try multiple addresses from the list until success is `+
		`obtained"`),
	Since:    "0.1",
	Beside:   []proxy.Fault{proxy.Refuse()},
	Exchange: fixtures.Echo(13),
	Expect:   cases.HaveFoundTheOther(),
	Why: "A name may stand for several addresses. localhost does on most machines: for ::1, which is IPv6, and for 127.0.0.1. " +
		"A server may listen at one of them alone, and which of them a program asks first depends on the system and on the " +
		"language's version. A client that takes the first address for the only one works on its author's machine, and is " +
		"refused on the next by a server that is running.",
	Fix: "Go: net.Dial(\"tcp\", \"name:port\") tries all addresses; do not resolve the name yourself and dial what comes first.\n" +
		"Python: socket.create_connection((name, port)) tries all; socket.connect() tries one, of the socket's own family.\n" +
		"Node: net.connect({host, port, autoSelectFamily: true}); it is the default since Node 20.\n" +
		"Java: InetAddress.getAllByName(name) and a new Socket for each in turn; new Socket(name, port) tries the first alone.",
})

var _ = cases.Register(cases.Case{
	ID:     "tcp.connect.silent-address",
	Title:  "is served by the other address of a name, or reports a timeout in time, when the first does not answer",
	Level:  cases.Should,
	Role:   cases.Client,
	Speaks: cases.Connections,
	Basis: cases.Practice(cases.NeverHang, "a declared connect deadline ends the connect, to however many addresses. That the second is tried "+
		"before the first has failed, after 250 ms, RFC 8305 §5 and §8 recommend to who claims to follow it"),
	Since:    "0.1",
	Deadline: fixtures.ConnectDeadline,
	Timed:    true,
	Beside:   []proxy.Fault{proxy.ConnectBlackhole()},
	Exchange: fixtures.Echo(13),
	Expect:   cases.And(cases.HaveCompletedOr(fixtures.Timeout), cases.HaveTakenAtMost(fixtures.ConnectDeadline)),
	Why: "Where IPv6 is set up but leads nowhere, the first address of a name answers nothing at all. The system's own limit " +
		"for that is minutes. A program that tries the next address only when the first has failed stands still so long, " +
		"though the second would have answered at once: to its user the whole network is down.",
	Fix: "Go: net.Dialer{Timeout: d} divides its time among the addresses, and tries the other family after 300 ms.\n" +
		"Python: socket.create_connection((name, port), timeout=seconds) has so long for each address; asyncio takes happy_eyeballs_delay.\n" +
		"Node: autoSelectFamilyAttemptTimeout, 250 ms by default since Node 20, goes on to the next.\n" +
		"Java: InetAddress.getAllByName(name), and socket.connect(address, ms) with a share of the time for each.",
})
