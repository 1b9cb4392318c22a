package timeout

import (
	"fmt"
	"time"

	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/proxy"
	"github.com/faultwire/faultwire/suites/cases"
)

const upload = 8 << 20 // bytes: more than the buffers on the way take at once

var _ = cases.Register(cases.Case{
	ID:       "tcp.timeout.silent-while-sending",
	Title:    "reports a timeout while what it sends still moves, when nothing ever comes back",
	Level:    cases.Must,
	Role:     cases.Client,
	Speaks:   cases.Streams,
	Basis:    cases.Practice(cases.NeverHang, "a declared total deadline bounds the whole exchange, whichever way bytes still move"),
	Since:    "0.1",
	Deadline: fixtures.TotalDeadline,
	Timed:    true,
	Full:     true,
	Wire: func(t cases.Timing, sent cases.Request) []proxy.Fault {
		return []proxy.Fault{proxy.Bandwidth(max(1, sent.Asked/(t.Total*3).Milliseconds())).FromTarget()}
	},
	// Who echoed it would stop reading when nobody takes the echo.
	Exchange: fixtures.Echo(upload).Playing(fixtures.Script("server", fixtures.Expect(0), fixtures.Await("peer"))),
	Expect:   cases.And(cases.HaveTimedOut(), cases.JudgeFunc(byTotal)),
	Why: "The upload crawls along, a little every moment, and so the connection looks alive. The server, meanwhile, has stopped " +
		"answering. A client whose clock is wound up again by everything that happens on the connection, in either direction, " +
		"waits for as long as it has something to send, and then once more.",
	Fix: "Go: one conn.SetDeadline(start.Add(total)) for the whole exchange; do not move it in the loop that writes.\n" +
		"Python: end = time.monotonic() + total; settimeout(end - time.monotonic()) before each sendall() and recv().\n" +
		"Node: socket.setTimeout counts writes as activity: a setTimeout(() => socket.destroy(), total) of your own does not.\n" +
		"Java: a ScheduledExecutorService that closes the socket when the total has passed; setSoTimeout is for reads only.",
})

// byTotal expects the end at the total deadline, or before it at one of the others.
func byTotal(o cases.Observation) *cases.Broken {
	low, _ := cases.Window(min(o.Timing.Read, o.Timing.Write, o.Timing.Total), o.Scale)
	_, high := cases.Window(o.Timing.Total, o.Scale)
	if o.Elapsed+o.Blur >= low && o.Elapsed <= high {
		return nil
	}
	return &cases.Broken{Promise: cases.NeverHang, Expected: fmt.Sprintf("an end by the total deadline: after %v to %v", low, high),
		Seen: fmt.Sprintf("%s after %v", o.Outcome, o.Elapsed.Round(time.Millisecond))}
}
