package timeout

import (
	"fmt"
	"time"

	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/proxy"
	"github.com/faultwire/faultwire/suites/cases"
)

const (
	cancelAt    = 0.1 // of the deadline that would end it
	stoppedBy   = 0.8 // well before it, however busy the machine
	basisCancel = "a call whose context is cancelled returns, and lets go of its connection"
)

var _ = cases.RegisterFamily("while", []string{"connecting", "reading"}, func(while string) cases.Case {
	deadline := map[string]fixtures.Deadline{"connecting": fixtures.ConnectDeadline, "reading": fixtures.ReadDeadline}[while]
	c := cases.Case{
		ID:     "tcp.timeout.cancelled",
		Title:  "stops soon when it is cancelled while it is " + while,
		Level:  cases.Should,
		Role:   cases.Client,
		Speaks: cases.Connections,
		Basis: map[string]cases.Basis{
			"connecting": cases.Documented("Go net.Dialer.DialContext", `"If the context expires before the connection is complete, an error is returned"`),
			"reading":    cases.Practice(cases.NeverHang, basisCancel),
		}[while],
		Since:    "0.1",
		Timed:    true,
		Cancel:   deadline.Times(cancelAt),
		Exchange: fixtures.Echo(1024),
		Expect:   cases.And(stopped(deadline), cases.HaveClosedItsConnection()),
		Why: "The user closes the window, the request that this one was for has timed out, the program is told to end: nobody wants the " +
			"answer any more. A call that goes on waiting keeps its connection, its memory and perhaps a lock, and the program " +
			"cannot end before the slowest of its deadlines has passed.",
		Fix: "Go: DialContext, and context.AfterFunc(ctx, func() { conn.Close() }): a context does not end a Read by itself.\n" +
			"Python: asyncio.wait_for or task.cancel(); in a thread close the socket with shutdown(SHUT_RDWR) from another.\n" +
			"Node: pass the AbortSignal on, and socket.destroy() when it fires.\n" +
			"Java: close the socket from the thread that cancels: the blocked read() throws a SocketException.",
	}
	if while == "connecting" {
		c.Wire = func(cases.Timing, cases.Request) []proxy.Fault { return []proxy.Fault{proxy.ConnectBlackhole()} }
	} else {
		c.Wire = func(cases.Timing, cases.Request) []proxy.Fault {
			return []proxy.Fault{proxy.Stall().TowardsTarget().At(0)}
		}
	}
	return c
})

// stopped expects an end, and no success, soon after the exchange was cancelled, and long before the deadline.
func stopped(d fixtures.Deadline) cases.Expectation {
	return cases.JudgeFunc(func(o cases.Observation) *cases.Broken {
		deadline := float64(o.Timing.Of(d))
		if o.Elapsed <= time.Duration(deadline*stoppedBy) && o.Outcome != fixtures.OK {
			return nil
		}
		return &cases.Broken{Promise: cases.NeverHang, Expected: fmt.Sprintf("an end right after it was cancelled at %v", time.Duration(deadline*cancelAt)),
			Seen: fmt.Sprintf("%s after %v", o.Outcome, o.Elapsed.Round(time.Millisecond))}
	})
}
