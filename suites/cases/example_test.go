package cases_test

import (
	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/proxy"
	"github.com/faultwire/faultwire/suites/cases"
)

// A case of your own, in a package that your test imports for its sake.
var _ = cases.Register(cases.Case{
	ID:       "tcp.timeout.my-stall",
	Title:    "reports a timeout when the reply stops behind its first 100 bytes",
	Level:    cases.Must,
	Role:     cases.Client,
	Speaks:   cases.Streams,
	Basis:    cases.Practice(cases.NeverHang, "a read deadline counts from the last byte"),
	Since:    "0.1",
	Deadline: fixtures.ReadDeadline,
	Timed:    true,
	Wire: func(_ cases.Timing, sent cases.Request) []proxy.Fault {
		return []proxy.Fault{proxy.Stall().TowardsTarget().After(sent.Body + 100)}
	},
	Exchange: fixtures.Echo(1024),
	Expect:   cases.And(cases.HaveTimedOut(), cases.HaveTakenAbout(fixtures.ReadDeadline)),
	Why:      "…",
	Fix:      "…",
})

// Cases register themselves when their package is imported; the catalogue is what has been registered.
func ExampleRegister() {}
