package bandwidth

import (
	"time"

	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/proxy"
	"github.com/faultwire/faultwire/suites/cases"
)

const size = 32 << 10 // bytes: it takes a good while at a few dozen KB/s

// fixProgress is for readers: a deadline for a silence is not one for a transfer.
const fixProgress = "Go: conn.SetReadDeadline(time.Now().Add(d)) before each Read; a single one before io.ReadFull spans them all.\n" +
	"Python: settimeout(d) counts for each recv() anew; a clock of your own must start again whenever bytes came.\n" +
	"Node: socket.setTimeout(d) counts idle time; a setTimeout() of your own must be set anew in \"data\".\n" +
	"Java: setSoTimeout(d) counts for each read() anew; Future.get(d) around the whole loop does not."

var _ = cases.Register(cases.Case{
	ID:     "tcp.bandwidth.slow-link",
	Title:  "takes a slow link with steady progress for what it is, not for a timeout",
	Level:  cases.Must,
	Quick:  true,
	Role:   cases.Both,
	Speaks: cases.Connections,
	Basis:  cases.Practice(cases.SayWhat, "a read deadline is about silence: while bytes come it has not passed"),
	Since:  "0.1",
	Timed:  true,
	Wire: func(t cases.Timing, sent cases.Request) []proxy.Fault {
		return []proxy.Fault{proxy.Bandwidth(rate(sent.Bytes, unhurried(t))).TowardsTarget()}
	},
	Exchange: fixtures.Echo(size),
	Expect:   cases.HaveDelivered(),
	Why: "A village, a train, a hotel: the link is slow, but it works, and bytes keep coming. A client that gives its read " +
		"deadline to the whole transfer gives up on a download that was going well, and will do so every time, because " +
		"every attempt is as slow. The waits are short here; only their sum is long.",
	Fix: fixProgress,
})

var _ = cases.Register(cases.Case{
	ID:       "tcp.bandwidth.slower-than-total",
	Title:    "reports a timeout at its total deadline when the link is too slow for it",
	Level:    cases.Must,
	Role:     cases.Client,
	Speaks:   cases.Connections,
	Basis:    cases.Practice(cases.NeverHang, "a declared total deadline bounds the whole exchange, steady progress or not"),
	Since:    "0.1",
	Deadline: fixtures.TotalDeadline,
	Timed:    true,
	Wire: func(t cases.Timing, sent cases.Request) []proxy.Fault {
		return []proxy.Fault{proxy.Bandwidth(max(1, sent.Bytes/(t.Total*5/2).Milliseconds())).TowardsTarget()}
	},
	Exchange: fixtures.Echo(2 * size),
	Expect:   cases.And(cases.HaveTimedOut(), cases.HaveTakenAbout(fixtures.TotalDeadline)),
	Why: "The link is slow, the transfer large, and the client has promised an answer within a time that cannot be kept. " +
		"Nothing is wrong at any moment: bytes come all the while, so a limit on silence never strikes. Whoever calls this " +
		"client waits with it, long after the promised time, unless a clock runs for the whole exchange.",
	Fix: "Go: one conn.SetDeadline(start.Add(total)) for the whole exchange, or a context.WithTimeout that closes conn.\n" +
		"Python: end = time.monotonic() + total, and settimeout(min(read, end - time.monotonic())) before each recv().\n" +
		"Node: AbortSignal.timeout(total) or a setTimeout() of your own that calls socket.destroy().\n" +
		"Java: setSoTimeout(min(read, what is left of total)) before each read(), by System.nanoTime().",
})

var _ = cases.Register(cases.Case{
	ID:     "tcp.bandwidth.asymmetric",
	Title:  "works over a link that is fast one way and slow the other",
	Level:  cases.Should,
	Role:   cases.Both,
	Speaks: cases.Streams,
	Basis:  cases.Practice(cases.Reassemble, `a message arrives whole, however fast each direction is. (RFC 9293 §2.2: "Data flow is supported bidirectionally over TCP connections")`),
	Since:  "0.1",
	Timed:  true,
	Wire: func(t cases.Timing, sent cases.Request) []proxy.Fault {
		return []proxy.Fault{
			proxy.Bandwidth(rate(sent.Bytes, unhurried(t))).TowardsTarget(),
			proxy.Bandwidth(rate(sent.Bytes, t.Read/6)).FromTarget(), // a reply waits for the request: this is silence, too
		}
	},
	Exchange: fixtures.Echo(size),
	Expect:   cases.HaveDelivered(),
	Why: "Most links at home carry ten times as much down as up. A program that writes a piece, waits for its answer and " +
		"writes the next is held up by the slower way each time; one that shares a single clock between sending and " +
		"receiving uses up on the slow way the time it needs on the other. Both directions live their own lives.",
	Fix: fixProgress,
})

// unhurried is how long a slow transfer takes: well inside the total deadline, and short where that is long.
func unhurried(t cases.Timing) time.Duration { return min(t.Total*2/5, time.Second) }

// pause is a silence that nobody takes for an end: well inside every deadline that counts silence.
func pause(t cases.Timing) time.Duration { return min(t.Read, t.Write, t.Idle) / 3 }

// rate is how many KB/s move n bytes in d or a little less; a KB is 1000 bytes.
func rate(n int64, d time.Duration) int64 { return n/max(1, d.Milliseconds()) + 1 }

// plenty is more bytes than the kernels ever take from a sender at once on a link that holds it back.
const plenty = 3 << 19
