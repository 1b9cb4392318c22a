package disconnect

import (
	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/proxy"
	"github.com/faultwire/faultwire/suites/cases"
)

const short = 13 // bytes: few enough to end behind each of them

// within are the places inside a message of short bytes.
var within = []int64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}

var _ = cases.RegisterFamily("at", within, func(at int64) cases.Case {
	return cases.Case{
		ID:     "tcp.disconnect.fin-anywhere",
		Title:  "reports an early end wherever in a short message the server closes",
		Level:  cases.Must,
		Role:   cases.Client,
		Speaks: cases.Streams,
		Basis:  cases.Practice(cases.NeverLie, "a message of which bytes are missing, be it one, is never delivered as complete"),
		Since:  "0.1",
		Wire: func(_ cases.Timing, sent cases.Request) []proxy.Fault {
			return []proxy.Fault{proxy.Close().TowardsTarget().After(sent.Body + at).OnceSent(sent.Asked)}
		},
		Exchange: fixtures.Echo(short),
		Expect:   cases.HaveBeenClosed(),
		Why: "A program that counts what it received sees each of these; one that looks whether \"something\" came, whether it looks " +
			"whole, or whether the last piece was short, is right at some of these places and wrong at others. Which of them a " +
			"network picks is chance, so all are tried.",
		Fix: fixEnd,
	}
})

var _ = cases.RegisterFamily("at", within, func(at int64) cases.Case {
	return cases.Case{
		ID:     "tcp.disconnect.reset-anywhere",
		Title:  "reports a reset wherever in a short message it strikes",
		Level:  cases.Must,
		Role:   cases.Client,
		Speaks: cases.Streams,
		Basis:  cases.Practice(cases.SayWhat, "a connection that was aborted inside a message is reported as aborted"),
		Since:  "0.1",
		Wire: func(_ cases.Timing, sent cases.Request) []proxy.Fault {
			return []proxy.Fault{proxy.ResetPeer().TowardsTarget().After(sent.Body + at).OnceSent(sent.Asked)}
		},
		Exchange: fixtures.Echo(short),
		Expect:   cases.HaveBeenReset(),
		Why: "The bytes before a reset arrive, then a read fails. A program that has something by then may take it for its answer " +
			"and forget the error, or take the error for a timeout, or the reset for an end. Each place in the message is tried, " +
			"because the mistake often stands in the branch for \"the first read\" or \"the last\".",
		Fix: fixReset,
	}
})
