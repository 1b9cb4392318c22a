package timeout

import (
	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/proxy"
	"github.com/faultwire/faultwire/suites/cases"
)

var _ = cases.Register(cases.Case{
	ID:       "tcp.timeout.black-hole",
	Title:    "reports a timeout when all that it sends vanishes without a trace",
	Level:    cases.Must,
	Role:     cases.Client,
	Speaks:   cases.Connections,
	Basis:    cases.Practice(cases.NeverHang, "a read deadline ends the wait for a peer that is no longer there"),
	Since:    "0.1",
	Deadline: fixtures.ReadDeadline,
	Timed:    true,
	Wire:     func(cases.Timing, cases.Request) []proxy.Fault { return []proxy.Fault{proxy.Blackhole().FromTarget()} },
	Exchange: fixtures.Echo(1024),
	Expect:   cases.And(cases.HaveTimedOut(), cases.HaveTakenAbout(fixtures.ReadDeadline)),
	Why: "A router forgets the connection, a cable is pulled, a firewall rule changes: the connection still looks open " +
		"from here, writing succeeds, and nothing ever reaches the other side or comes back, not even its farewell. " +
		"\"The send worked\" only means that the bytes are in a buffer of this machine. The client learns the truth from " +
		"its own clock or never.",
	Fix: "Go: conn.SetReadDeadline(time.Now().Add(d)) after the Write: a Write without an error is no receipt.\n" +
		"Python: sock.settimeout(seconds); keep-alive (SO_KEEPALIVE) alone takes two hours to notice.\n" +
		"Node: socket.setTimeout(ms, () => socket.destroy(new Error(\"timeout\"))); setKeepAlive(true) is no replacement.\n" +
		"Java: socket.setSoTimeout(ms) before the read(); setKeepAlive(true) is no replacement.",
})
