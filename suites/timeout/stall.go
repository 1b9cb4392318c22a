package timeout

import (
	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/proxy"
	"github.com/faultwire/faultwire/suites/cases"
)

const (
	size = 1024 // of the message's body; whatever else a request has on the wire is framing

	fixRead = "Go: conn.SetReadDeadline(time.Now().Add(d)) before every Read; the error is os.ErrDeadlineExceeded.\n" +
		"Python: sock.settimeout(seconds) before the first recv(), and catch TimeoutError before OSError, its parent.\n" +
		"Node: socket.setTimeout(ms, () => socket.destroy(new Error(\"timeout\"))): the event alone closes nothing.\n" +
		"Java: socket.setSoTimeout(ms), and catch SocketTimeoutException before IOException, its parent."
)

var _ = cases.Register(cases.Case{
	ID:     "tcp.timeout.stall-before-reply",
	Title:  "reports a timeout when no reply comes",
	Level:  cases.Must,
	Quick:  true,
	Role:   cases.Client,
	Speaks: cases.Connections,
	Basis: cases.Norm("POSIX.1-2017 System Interfaces", "§2.10.16 SO_RCVTIMEO: a receive that has waited for this long without data "+
		"fails with EAGAIN or EWOULDBLOCK"),
	Since:    "0.1",
	Deadline: fixtures.ReadDeadline,
	Timed:    true,
	Wire:     func(cases.Timing, cases.Request) []proxy.Fault { return []proxy.Fault{proxy.Stall().TowardsTarget()} },
	Exchange: fixtures.Echo(size),
	Expect:   cases.And(cases.HaveTimedOut(), cases.HaveTakenAbout(fixtures.ReadDeadline), cases.HaveClosedItsConnection()),
	Why: "The server has taken the request and never answers: it is overloaded, deadlocked or paused. Nothing on the " +
		"connection is broken, so without a deadline a read waits for ever, and the program hangs without a single line " +
		"in its log. It is the fault that beginners' programs survive least, and one call prevents it.",
	Fix: fixRead,
})

var _ = cases.RegisterFamily("at", []int64{1, 512, 1023}, func(at int64) cases.Case {
	return cases.Case{
		ID:       "tcp.timeout.stall-mid-message",
		Title:    "reports a timeout when the peer falls silent inside a message",
		Level:    cases.Must,
		Quick:    at == 512,
		Role:     cases.Client,
		Speaks:   cases.Streams,
		Basis:    cases.Practice(cases.NeverHang, "a read deadline counts from the last byte that came, not only before the first"),
		Since:    "0.1",
		Deadline: fixtures.ReadDeadline,
		Timed:    true,
		Wire: func(_ cases.Timing, sent cases.Request) []proxy.Fault {
			return []proxy.Fault{proxy.Stall().TowardsTarget().After(sent.Body + at)}
		},
		Exchange: fixtures.Echo(size),
		Expect:   cases.And(cases.HaveTimedOut(), cases.HaveTakenAbout(fixtures.ReadDeadline), cases.HaveClosedItsConnection()),
		Why: "The reply begins, then the other side stops in the middle. Two mistakes show here. Some clients guard only " +
			"the first read and hang in the second. Others hold what came so far for the whole message, because one read " +
			"gave them something, and pass on half a record as if it were all. Half a message and silence is a timeout.",
		Fix: fixRead,
	}
})

var _ = cases.RegisterFamily("at", []int64{1, 2, 3}, func(at int64) cases.Case {
	return cases.Case{
		ID:       "tcp.timeout.stall-in-prefix",
		Title:    "reports a timeout when the peer falls silent inside the length prefix",
		Level:    cases.Must,
		Quick:    at == 2,
		Role:     cases.Client,
		Speaks:   cases.Framed,
		Basis:    cases.Practice(cases.NeverHang, "a length of which bytes are missing is no length: the read deadline counts"),
		Since:    "0.1",
		Deadline: fixtures.ReadDeadline,
		Timed:    true,
		Wire: func(cases.Timing, cases.Request) []proxy.Fault {
			return []proxy.Fault{proxy.Stall().TowardsTarget().After(at)}
		},
		Exchange: fixtures.Echo(size),
		Expect:   cases.And(cases.HaveTimedOut(), cases.HaveTakenAbout(fixtures.ReadDeadline)),
		Why: "A length of four bytes looks too small to arrive in pieces, so it is often read with a single call and no " +
			"second look. When only some of the four come, that code makes a number out of them and of whatever else is " +
			"in its buffer: a message of length zero, or of four billion. It must notice that the length is not complete, " +
			"and stop waiting for the rest in time.",
		Fix: "Go: io.ReadFull(conn, prefix[:]) with conn.SetReadDeadline set before it.\n" +
			"Python: a recv_exactly(n) that loops over recv(); int.from_bytes(sock.recv(4)) takes two bytes as gladly as four.\n" +
			"Node: collect the chunks, and call buffer.readUInt32BE(0) only once buffer.length >= 4; socket.setTimeout(ms).\n" +
			"Java: DataInputStream.readInt() with socket.setSoTimeout(ms); it waits for all four bytes.",
	}
})

var _ = cases.Register(cases.Case{
	ID:       "tcp.timeout.stall-before-line-end",
	Title:    "reports a timeout when the peer falls silent where only the line end is missing",
	Level:    cases.Must,
	Quick:    true,
	Role:     cases.Client,
	Speaks:   cases.Lines,
	Basis:    cases.Practice(cases.NeverHang, "a line without its end is incomplete: the read deadline counts"),
	Since:    "0.1",
	Deadline: fixtures.ReadDeadline,
	Timed:    true,
	Wire: func(_ cases.Timing, sent cases.Request) []proxy.Fault {
		return []proxy.Fault{proxy.Stall().TowardsTarget().After(sent.Bytes - 1)}
	},
	Exchange: fixtures.Echo(size),
	Expect:   cases.And(cases.HaveTimedOut(), cases.HaveTakenAbout(fixtures.ReadDeadline)),
	Why: "All the text of the line is there, its end is not, and nothing more comes. A program that reads \"what is there\" " +
		"takes it for a line, although the number at its end may lack a digit. One that reads up to the line end without a " +
		"deadline waits for ever: readline() has no patience of its own.",
	Fix: fixRead,
})

var _ = cases.Register(cases.Case{
	ID:     "tcp.timeout.stall-then-resume",
	Title:  "waits out a silence that is shorter than its deadline and loses nothing",
	Level:  cases.Must,
	Role:   cases.Both,
	Speaks: cases.Connections,
	Basis:  cases.Practice(cases.Reassemble, "a pause inside a message changes neither its bytes nor its end"),
	Since:  "0.1",
	Timed:  true,
	Wire: func(t cases.Timing, sent cases.Request) []proxy.Fault {
		return []proxy.Fault{proxy.StallFor(min(t.Read, t.Idle) / 2).TowardsTarget().After(sent.Body + size/2)}
	},
	Exchange: fixtures.Echo(size),
	Expect:   cases.HaveDelivered(),
	Why: "Every real network pauses: a lost packet is sent again, a phone changes cells, a virtual machine is moved. " +
		"Programs that take a short silence for the end of the message cut it in two; programs that clear their buffer " +
		"when a wait was in vain lose its first half. The message goes on where it stopped, and so must the program.",
	Fix: "Go: read with io.ReadFull until the message is complete; do not take a short Read for its end.\n" +
		"Python: keep what recv() gave in a bytearray until the message is whole; a select() that timed out is no end.\n" +
		"Node: keep the chunks in the connection's own state between \"data\" events; never cut messages by a timer.\n" +
		"Java: DataInputStream.readFully(), or a loop over read(); available() == 0 is a pause, not the end.",
})
