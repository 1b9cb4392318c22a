package timeout

import (
	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/proxy"
	"github.com/faultwire/faultwire/suites/cases"
)

var _ = cases.Register(cases.Case{
	ID:     "tcp.timeout.closed-is-no-timeout",
	Title:  "reports a connection that was closed while it waited as closed, not as a timeout",
	Level:  cases.Must,
	Quick:  true,
	Role:   cases.Client,
	Speaks: cases.Connections,
	Basis:  cases.Practice(cases.SayWhat, "an end that the peer caused is told from a deadline that passed"),
	Since:  "0.1",
	Timed:  true,
	// So early that a client may ask again, as for a page of HTTP it may, and hear the same before the deadline.
	Wire: func(t cases.Timing, _ cases.Request) []proxy.Fault {
		return []proxy.Fault{proxy.Timeout(t.Read / 5).TowardsTarget()}
	},
	Exchange: fixtures.Echo(1024),
	Expect:   cases.And(cases.HaveFailed(), cases.HaveEndedBefore(fixtures.ReadDeadline)),
	Why: "Here the wait is cut short: long before the deadline a proxy gives up and closes the connection. The client is " +
		"free at once and knows something definite. A client that calls every failed wait a timeout, or sits out its " +
		"deadline on a connection that is long closed, gives wrong advice (\"raise the timeout\") and wastes the time in " +
		"which it could have tried again.",
	Fix: "Go: only errors.Is(err, os.ErrDeadlineExceeded) is a timeout; io.EOF and ECONNRESET are answers of their own.\n" +
		"Python: recv() returning b\"\" is an end: leave the loop at once; only TimeoutError is a timeout.\n" +
		"Node: handle \"end\" and \"close\" besides \"timeout\", and settle the request with the one that comes first.\n" +
		"Java: read() returning -1 is an end: leave the loop; only SocketTimeoutException is a timeout.",
})
