package timeout

import (
	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/proxy"
	"github.com/faultwire/faultwire/suites/cases"
)

const fixStale = "Go: conn.Close() in the error path, and dial anew for the next request; after a timeout never reuse a net.Conn.\n" +
	"Python: except TimeoutError: sock.close(); self.sock = None, so that the next call connects again.\n" +
	"Node: socket.destroy() in the timeout handler, and drop it from your pool; http.Agent does so by itself.\n" +
	"Java: catch (SocketTimeoutException e) { socket.close(); }, and take a new Socket for the next request."

var _ = cases.Register(cases.Case{
	ID:       "tcp.timeout.then-recovers",
	Title:    "is served again after a timeout",
	Level:    cases.Must,
	Quick:    true,
	Role:     cases.Client,
	Speaks:   cases.Connections,
	Basis:    cases.Practice(cases.Recover, "a timeout ends one exchange: the next one works"),
	Since:    "0.1",
	Deadline: fixtures.ReadDeadline,
	Timed:    true,
	Wire: func(_ cases.Timing, sent cases.Request) []proxy.Fault {
		return []proxy.Fault{proxy.Stall().TowardsTarget().After(sent.Body + size/2).OnConnection(1)}
	},
	Exchange: fixtures.Exchange{Messages: []fixtures.Message{{Size: size}, {Size: size, Of: 1}}}.Calling(),
	Expect:   cases.And(cases.OnFirstCallOrAgain(cases.HaveTimedOut()), cases.OnCall(2, cases.HaveRecovered())),
	Why: "A timeout is an everyday event; what counts is what the program does next. Many report it well and are broken from " +
		"then on: they go on with a connection on which half a reply is still to come, or they have given up the " +
		"connection and never make a new one, until somebody restarts them.",
	Fix: fixStale,
})

var _ = cases.Register(cases.Case{
	ID:       "tcp.timeout.stale-reply",
	Title:    "does not take a reply that came too late for the answer to the next request",
	Level:    cases.Must,
	Quick:    true,
	Role:     cases.Client,
	Speaks:   cases.Connections,
	Basis:    cases.Practice(cases.NeverLie, "a reply belongs to its own request (RFC 9112 §9.2 says so of HTTP; redis-py had CVE-2023-28858)"),
	Since:    "0.1",
	Deadline: fixtures.ReadDeadline,
	Timed:    true,
	Exchange: twoReplies.Playing(
		fixtures.Script("late", fixtures.Expect(0), fixtures.Hold(fixtures.ReadDeadline.Times(1.6)), fixtures.Send(0), fixtures.ServeOn())).
		Calling(),
	Expect: cases.And(cases.OnFirstCallOrAgain(cases.HaveTimedOut()), cases.OnCall(2, cases.HaveRecovered())),
	Why: "The first request times out, but its answer is only late: it arrives a moment later, on the same connection. A client " +
		"that sends its second request on that connection reads the first one's answer and takes it for the second's. From " +
		"then on every answer is one behind: a user sees another user's data. This very mistake has happened to well-known " +
		"libraries. Nobody can know what a connection still holds after a timeout, so it has to be closed.",
	Fix: fixStale,
})

// twoReplies are of one size: only their bytes tell whose they are.
var twoReplies = fixtures.Exchange{Messages: []fixtures.Message{{Size: 100}, {Size: 100, Of: 1}}}

var _ = cases.Register(cases.Case{
	ID:     "tcp.timeout.renewed",
	Title:  "gives each exchange on a connection a deadline of its own",
	Level:  cases.Must,
	Quick:  true,
	Role:   cases.Client,
	Speaks: cases.Connections,
	Basis: cases.Practice(cases.Recover, `each exchange has the whole of its deadline. (Go net.Conn, SetDeadline: "an absolute time after which I/O `+
		`operations fail")`),
	Since: "0.1",
	Timed: true,
	Wire: func(t cases.Timing, _ cases.Request) []proxy.Fault {
		return []proxy.Fault{proxy.Latency(min(t.Read, t.Total)*65/100, 0).TowardsTarget()}
	},
	Exchange: fixtures.Exchange{Messages: []fixtures.Message{{Size: 13}, {Size: 13, Of: 1}, {Size: 13, Of: 2}}}.Calling(),
	Expect:   cases.And(cases.OnCall(1, cases.HaveDelivered()), cases.OnCall(2, cases.HaveDelivered()), cases.OnCall(3, cases.HaveDelivered())),
	Why: "In some languages a deadline is a point in time, not a length of time. If it is set once, when the connection is made, " +
		"the first exchange is bounded as it should be, the second has what the first left over, and a connection that is " +
		"kept for an hour fails at once, on a network on which nothing is wrong.",
	Fix: "Go: conn.SetDeadline(time.Now().Add(d)) at the beginning of every exchange, not after net.Dial.\n" +
		"Python: settimeout() counts for each call; a deadline of your own needs time.monotonic() + d for each exchange.\n" +
		"Node: clearTimeout() when the reply is complete, setTimeout() for the next one.\n" +
		"Java: setSoTimeout() counts for each read(); take System.nanoTime() anew for a total.",
})
