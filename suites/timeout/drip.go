package timeout

import (
	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/proxy"
	"github.com/faultwire/faultwire/suites/cases"
)

var _ = cases.Register(cases.Case{
	ID:       "tcp.timeout.drip",
	Title:    "reports a timeout at its total deadline when the reply comes drop by drop",
	Level:    cases.Must,
	Quick:    true,
	Role:     cases.Client,
	Speaks:   cases.Connections,
	Basis:    cases.Practice(cases.NeverHang, "a declared total deadline bounds the whole exchange, however often a byte comes"),
	Since:    "0.1",
	Deadline: fixtures.TotalDeadline,
	Timed:    true,
	Wire: func(t cases.Timing, sent cases.Request) []proxy.Fault {
		return []proxy.Fault{cases.Drip(sent.Bytes, t.Total*5/2, t)}
	},
	Exchange: fixtures.Echo(4096),
	Expect:   cases.And(cases.HaveTimedOut(), cases.HaveTakenAbout(fixtures.TotalDeadline)),
	Why: "A timeout on each read sounds like a limit, but every byte that arrives starts it anew. A server that sends a " +
		"drop now and then, broken or malicious, keeps such a client busy for hours without ever being late. Whoever " +
		"promises an answer within two seconds needs a second clock, for the whole exchange, that nothing winds back.",
	Fix: "Go: one conn.SetDeadline(start.Add(total)) for the whole exchange, or the nearer of it and the read's.\n" +
		"Python: end = time.monotonic() + total, and before each recv() settimeout(min(read, end - time.monotonic())).\n" +
		"Node: a setTimeout(() => socket.destroy(new Error(\"timeout\")), total) of your own: socket.setTimeout counts idle time.\n" +
		"Java: before each read() setSoTimeout(min(read, what is left of total)), by System.nanoTime().",
})
