package connect

import (
	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/proxy"
	"github.com/faultwire/faultwire/suites/cases"
)

var _ = cases.Register(cases.Case{
	ID:     "tcp.connect.black-hole",
	Title:  "gives up a connect that nobody answers when its connect deadline passes",
	Level:  cases.Must,
	Quick:  true,
	Role:   cases.Client,
	Speaks: cases.Connections,
	Basis: cases.Practice(cases.NeverHang, "a declared connect deadline ends the connect. The system's own limit is no substitute: "+
		"RFC 9293 §3.8.3 has a SYN repeated for at least 3 minutes"),
	Since:    "0.1",
	Deadline: fixtures.ConnectDeadline,
	Timed:    true,
	Wire:     func(cases.Timing, cases.Request) []proxy.Fault { return []proxy.Fault{proxy.ConnectBlackhole()} },
	Exchange: fixtures.Echo(13),
	Expect:   cases.And(cases.HaveTimedOut(), cases.HaveTakenAbout(fixtures.ConnectDeadline)),
	Why: "A firewall that drops packets, or a machine that is switched off, answers nothing at all: no refusal, only " +
		"silence. The operating system keeps knocking for minutes before it gives up, and until then the program stands " +
		"still inside its connect call, where a timeout set for reading does not help. Only a deadline for the connect " +
		"itself lets the program try another server or tell its user in time.",
	Fix: "Go: dial with net.Dialer{Timeout: d} or DialContext; net.Dial alone waits as long as the system does.\n" +
		"Python: socket.create_connection(address, timeout=seconds); a settimeout() after it comes too late.\n" +
		"Node: socket.setTimeout(ms, () => socket.destroy(new Error(\"timeout\"))) right after net.connect().\n" +
		"Java: new Socket(), then socket.connect(address, ms); the constructor with host and port has no limit.",
})
