package timeout

import (
	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/proxy"
	"github.com/faultwire/faultwire/suites/cases"
)

// Latency strikes one direction only, so that the reply is late once.

var goDeadline = cases.Documented("Go net.Conn.SetDeadline", `"an absolute time after which I/O operations fail instead of blocking"`)

var _ = cases.Register(cases.Case{
	ID:     "tcp.timeout.latency-far-below",
	Title:  "does its work as ever when the network takes a tenth of the deadline",
	Level:  cases.Must,
	Quick:  true,
	Role:   cases.Both,
	Speaks: cases.Connections,
	Basis:  cases.Practice(cases.SayWhat, "a timeout is reported only when a deadline has passed"),
	Since:  "0.1",
	Wire: func(t cases.Timing, _ cases.Request) []proxy.Fault {
		return []proxy.Fault{proxy.Latency(min(t.Read, t.Idle)/10, 0).TowardsTarget()}
	},
	Exchange: fixtures.Echo(1024),
	Expect:   cases.HaveDelivered(),
	Why: "On the developer's machine an answer is there before one looks; on a real network it takes a while. Programs " +
		"that poll once and give up, use a non-blocking socket without waiting for it, or mix up seconds and " +
		"milliseconds work on the desk and fail everywhere else. This is the mildest network there is.",
	Fix: "Go: conn.Read blocks until something comes; check the unit: 5*time.Second, for time.Duration(5) is 5 ns.\n" +
		"Python: settimeout() takes seconds; after setblocking(False) wait in select() and take BlockingIOError for \"not yet\".\n" +
		"Node: setTimeout() takes milliseconds; answer in the \"data\" event, not after a fixed pause.\n" +
		"Java: wait in InputStream.read(); available() returning 0 means \"not yet\", not \"the end\".",
})

var _ = cases.Register(cases.Case{
	ID:       "tcp.timeout.latency-just-below",
	Title:    "waits for a reply that comes after three quarters of its read deadline",
	Level:    cases.Must,
	Quick:    true,
	Role:     cases.Client,
	Speaks:   cases.Connections,
	Basis:    goDeadline,
	Since:    "0.1",
	Deadline: fixtures.ReadDeadline,
	Timed:    true,
	Wire: func(t cases.Timing, _ cases.Request) []proxy.Fault {
		return []proxy.Fault{proxy.Latency(t.Read*3/4, 0).TowardsTarget()}
	},
	Exchange: fixtures.Echo(1024),
	Expect:   cases.HaveDelivered(),
	Why: "A timer that fires too early throws away answers that were on their way, and the request is sent again to a " +
		"server that is already slow: that is how a busy moment becomes an outage. It happens when one deadline, set at " +
		"the start, has to last for connecting and sending too, or when a limit was halved to be on the safe side.",
	Fix: "Go: call conn.SetReadDeadline(time.Now().Add(d)) right before the Read, not once when the connection is made.\n" +
		"Python: settimeout(d) counts for each recv() anew; if you count yourself, use time.monotonic().\n" +
		"Node: call socket.setTimeout(ms) when the request is written; a timer of your own must start then, too.\n" +
		"Java: setSoTimeout(ms) with the whole read deadline: it counts for each read() anew.",
})

var _ = cases.Register(cases.Case{
	ID:       "tcp.timeout.latency-above",
	Title:    "reports a timeout at its read deadline when the reply takes twice as long",
	Level:    cases.Must,
	Quick:    true,
	Role:     cases.Client,
	Speaks:   cases.Connections,
	Basis:    goDeadline,
	Since:    "0.1",
	Deadline: fixtures.ReadDeadline,
	Timed:    true,
	Wire: func(t cases.Timing, _ cases.Request) []proxy.Fault {
		return []proxy.Fault{proxy.Latency(2*t.Read, 0).TowardsTarget()}
	},
	Exchange: fixtures.Echo(1024),
	Expect:   cases.And(cases.HaveTimedOut(), cases.HaveTakenAbout(fixtures.ReadDeadline)),
	Why: "Somebody plans with the deadline a program names: a user who waits, or a caller with a deadline of its own. A " +
		"timer that really fires after twice the time, because it is checked only now and then or because the client " +
		"silently tries again, breaks that plan just when the network is slow and every second counts.",
	Fix: "Go: conn.SetReadDeadline(time.Now().Add(d)); the error is os.ErrDeadlineExceeded. Do not retry within the call.\n" +
		"Python: sock.settimeout(seconds) before recv(), and let the TimeoutError out; no loop that tries again around it.\n" +
		"Node: socket.setTimeout(ms, () => socket.destroy(new Error(\"timeout\"))): the event alone closes nothing.\n" +
		"Java: socket.setSoTimeout(ms); read() then throws SocketTimeoutException. Do not catch it just to read again.",
})
