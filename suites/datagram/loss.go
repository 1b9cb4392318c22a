package datagram

import (
	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/proxy"
	"github.com/faultwire/faultwire/suites/cases"
)

const (
	size = 100 // of a message, in bytes

	fixWait = "Go: conn.SetReadDeadline(time.Now().Add(d)) before Read; the error is os.ErrDeadlineExceeded.\n" +
		"Python: sock.settimeout(seconds) before recv(), and catch TimeoutError before OSError, its parent.\n" +
		"Node: a setTimeout of your own that calls socket.close() and reports a timeout; dgram sockets have none.\n" +
		"Java: socket.setSoTimeout(ms), and catch SocketTimeoutException before IOException, its parent."
)

var _ = cases.Register(cases.Case{
	ID:     "udp.delivery.lost-request",
	Title:  "asks again or reports a timeout when its request is lost",
	Level:  cases.Must,
	Quick:  true,
	Role:   cases.Client,
	Speaks: cases.Datagrams,
	Basis: cases.Practice(cases.SayWhat, "what is not answered is a timeout, unless it is asked for again in time (RFC 8085 §3.3 leaves "+
		"reliability to the application)"),
	Since:    "0.1",
	Deadline: fixtures.ReadDeadline,
	Timed:    true,
	Wire: func(cases.Timing, cases.Request) []proxy.Fault {
		return []proxy.Fault{proxy.Loss().FromTarget().OnDatagram(1)}
	},
	Exchange: fixtures.Echo(size),
	Expect:   cases.And(cases.HaveCompletedOr(fixtures.Timeout), cases.Unless(fixtures.OK, cases.HaveTakenAbout(fixtures.ReadDeadline))),
	Why: "UDP promises nothing: a datagram may simply disappear, and nobody is told, neither the sender nor the receiver. A client that sends once " +
		"and then waits for its answer without a deadline waits for ever, the first time that a packet is lost. On a desk that never " +
		"happens; on a radio link it happens every minute.",
	Fix: fixWait,
})

var _ = cases.Register(cases.Case{
	ID:     "udp.delivery.lost-reply",
	Title:  "asks again or reports a timeout when the reply is lost",
	Level:  cases.Must,
	Quick:  true,
	Role:   cases.Client,
	Speaks: cases.Datagrams,
	Basis: cases.Practice(cases.SayWhat, "what is not answered is a timeout, unless it is asked for again in time (RFC 8085 §3.3 leaves "+
		"reliability to the application)"),
	Since:    "0.1",
	Deadline: fixtures.ReadDeadline,
	Timed:    true,
	Wire: func(cases.Timing, cases.Request) []proxy.Fault {
		return []proxy.Fault{proxy.Loss().TowardsTarget().OnDatagram(1)}
	},
	Exchange: fixtures.Echo(size),
	Expect:   cases.And(cases.HaveCompletedOr(fixtures.Timeout), cases.Unless(fixtures.OK, cases.HaveTakenAbout(fixtures.ReadDeadline))),
	Why: "The server has done what it was asked, and its answer is lost on the way back. To the client that looks just like a lost request: it " +
		"cannot know which of the two it was. So it must neither wait for ever nor say that all went well, and whether it may ask again " +
		"depends on whether the request may be carried out twice.",
	Fix: fixWait,
})

var _ = cases.Register(cases.Case{
	ID:       "udp.delivery.total-loss",
	Title:    "reports a timeout, and does not flood the network, when nothing arrives",
	Level:    cases.Must,
	Quick:    true,
	Role:     cases.Client,
	Speaks:   cases.Datagrams,
	Basis:    cases.Practice(cases.NeverHang, "however often a client asks again, in the end it gives up, and says that it timed out"),
	Since:    "0.1",
	Deadline: fixtures.ReadDeadline,
	Timed:    true,
	Wire:     func(cases.Timing, cases.Request) []proxy.Fault { return []proxy.Fault{proxy.Loss().FromTarget()} },
	Exchange: fixtures.Echo(size),
	Expect:   cases.And(cases.HaveTimedOut(), cases.HaveTakenAbout(fixtures.ReadDeadline), cases.HaveSentAtMost(enough)),
	Why: "The network is down, or the server is. A client that only asks again and again never ends, and the person in front of it " +
		"sees nothing at all. One that asks without a pause is worse: a thousand of them keep a server that has just come back from ever " +
		"answering. In the end every client has to give up and say so.",
	Fix: "Go: conn.SetReadDeadline for each attempt, and a count of attempts; return the last error.\n" +
		"Python: for wait in (0.1, 0.2, 0.4): sock.settimeout(wait), send, recv; behind the loop raise TimeoutError.\n" +
		"Node: clear the timer that sends again when the last attempt is over, close the socket and report a timeout.\n" +
		"Java: a loop with socket.setSoTimeout(ms) that ends; let the last SocketTimeoutException through.",
})

// enough is how often a client may ask within one read deadline: thirty times as often as makes sense.
const enough = 100

var _ = cases.Register(cases.Case{
	ID:       "udp.delivery.back-off",
	Title:    "asks less and less often when nobody answers",
	Level:    cases.Should,
	Role:     cases.Client,
	Speaks:   cases.Datagrams,
	Basis:    cases.Norm("RFC 8085", `§3.1.3, §7: "SHOULD back-off retransmission timers following loss"`),
	Since:    "0.1",
	Deadline: fixtures.ReadDeadline,
	Timed:    true,
	Wire:     func(cases.Timing, cases.Request) []proxy.Fault { return []proxy.Fault{proxy.Loss().FromTarget()} },
	Exchange: fixtures.Echo(size),
	Expect:   cases.HaveBackedOff(fixtures.ReadDeadline),
	Why: "Most often a datagram is lost because a link somewhere is full. If everybody who lost one sends it again in the same rhythm, the link " +
		"stays full: the repair keeps the damage alive. So each pause should be longer than the one before, twice as long by custom. " +
		"TCP does this by itself; over UDP it is the program's to do.",
	Fix: "Go: for wait := d; ; wait *= 2 { … conn.SetReadDeadline(time.Now().Add(wait)) … }.\n" +
		"Python: wait = 0.1, then wait *= 2 after each TimeoutError, up to the whole deadline.\n" +
		"Node: setTimeout(again, wait), and wait *= 2 each time; not setInterval.\n" +
		"Java: socket.setSoTimeout(wait); wait *= 2; in the loop that sends again.",
})
