package connect

import (
	"fmt"
	"time"

	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/proxy"
	"github.com/faultwire/faultwire/suites/cases"
)

const mostAttempts = 10 // in a second, and in the first

var _ = cases.Register(cases.Case{
	ID:       "tcp.connect.retries-bounded",
	Title:    "does not connect again and again in a tight loop when every connection is aborted",
	Level:    cases.Should,
	Role:     cases.Client,
	Speaks:   cases.Connections,
	Basis:    cases.Practice(cases.Recover, fmt.Sprintf("who tries again waits in between: at most %d attempts a second", mostAttempts)),
	Since:    "0.1",
	Wire:     func(cases.Timing, cases.Request) []proxy.Fault { return []proxy.Fault{proxy.AcceptThenReset()} },
	Exchange: fixtures.Echo(13),
	Expect:   cases.And(cases.HaveFailed(), cases.JudgeFunc(fewAttempts)),
	Why: "Trying again is good; trying again at once, and for ever, is an attack. A server that is about to start meets a " +
		"thousand clients, each of which connects as fast as it can, and never gets up. The client itself does nothing else " +
		"meanwhile, and its log fills the disk.",
	Fix: "Go: wait before each retry, twice as long as before it, with some chance in it, up to a limit; and count.\n" +
		"Python: time.sleep(min(limit, base * 2**attempt) * random.uniform(0.5, 1)); urllib3: Retry(backoff_factor=…).\n" +
		"Node: setTimeout(connect, delay) in \"close\", with a delay that grows; never connect() right there.\n" +
		"Java: Thread.sleep with a growing delay between attempts, and a limit to their number.",
})

func fewAttempts(o cases.Observation) *cases.Broken {
	attempts := len(o.Trace.Conns) + o.Trace.Forgotten
	if allowed := mostAttempts * (1 + int(o.Elapsed/time.Second)); attempts > allowed {
		return &cases.Broken{Promise: cases.Recover, Expected: fmt.Sprintf("at most %d attempts a second", mostAttempts),
			Seen: fmt.Sprintf("%d in %v", attempts, o.Elapsed.Round(time.Millisecond))}
	}
	return nil
}
