package timeout

import (
	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/proxy"
	"github.com/faultwire/faultwire/suites/cases"
)

var _ = cases.Register(cases.Case{
	ID:     "tcp.timeout.signals",
	Title:  "reports a timeout at its read deadline although signals interrupt its wait",
	Level:  cases.Should,
	Role:   cases.Client,
	Speaks: cases.Connections,
	Basis: cases.Documented("Python PEP 475", "a system call that a signal interrupts is tried again, with what is left of its timeout; POSIX has it "+
		"fail with EINTR"),
	Since:    "0.1",
	Deadline: fixtures.ReadDeadline,
	Timed:    true,
	Nudged:   true,
	Wire:     func(cases.Timing, cases.Request) []proxy.Fault { return []proxy.Fault{proxy.Stall().TowardsTarget()} },
	Exchange: fixtures.Echo(1024),
	Expect:   cases.And(cases.HaveTimedOut(), cases.HaveTakenAbout(fixtures.ReadDeadline)),
	Why: "A window is resized, a child process ends, a timer of the program's own fires: each is a signal, and a program that handles " +
		"it has its wait interrupted. Code that takes the interruption for an error fails for no reason; code that simply waits " +
		"anew, with the whole time, never times out while signals keep coming.",
	Fix: "Go: nothing: the runtime tries again, and a deadline is a moment, not a length of time.\n" +
		"Python: nothing since 3.5, unless a handler raises; in a loop of your own count with time.monotonic().\n" +
		"Node: nothing: the event loop tries again.\n" +
		"Java: nothing for signals; after an InterruptedException wait for what is left of the time only.",
})
