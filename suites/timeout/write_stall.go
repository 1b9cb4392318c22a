package timeout

import (
	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/proxy"
	"github.com/faultwire/faultwire/suites/cases"
)

var _ = cases.Register(cases.Case{
	ID:     "tcp.timeout.write-stall",
	Title:  "reports a timeout when its peer never reads what it sends",
	Level:  cases.Must,
	Role:   cases.Client,
	Speaks: cases.Streams,
	Basis: cases.Norm("POSIX.1-2017 System Interfaces", "§2.10.16 SO_SNDTIMEO: a send that has been blocked for this long by flow control "+
		"fails with EAGAIN or EWOULDBLOCK"),
	Since:    "0.1",
	Deadline: fixtures.WriteDeadline,
	Full:     true,
	Timed:    true,
	Wire:     func(cases.Timing, cases.Request) []proxy.Fault { return []proxy.Fault{proxy.Stall().FromTarget()} },
	Exchange: fixtures.Echo(16 << 20), // more than the kernels' buffers on the way will hold
	Expect:   cases.And(cases.HaveTimedOut(), cases.HaveTakenAbout(fixtures.WriteDeadline)),
	Why: "Writing seems to be instant because the system keeps a few megabytes on the program's behalf. When the other " +
		"side stops reading, these buffers fill up and the next write waits, for as long as the connection lives. Many " +
		"programs guard their reads and never think of this one; an upload to a server that hangs then hangs as well.",
	Fix: "Go: conn.SetWriteDeadline(time.Now().Add(d)) before each Write: a read deadline does not cover it.\n" +
		"Python: settimeout(seconds) covers sendall() too, for its whole duration; set it before sending, not only before recv().\n" +
		"Node: if socket.write() returns false, wait for \"drain\" with a timer, and socket.destroy() when it fires.\n" +
		"Java: setSoTimeout does not cover write(); close the socket from a ScheduledExecutorService, or use a Selector.",
})
