package httpx

import (
	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/proxy"
	"github.com/faultwire/faultwire/suites/cases"
)

// redirects is how many follow one another: more, and some clients give up.
const redirects = 9

// hops are a message without content that points to the next, and so on, and the page at the end.
func hops(n int) []fixtures.Message {
	messages := make([]fixtures.Message, n+1)
	for i := range n {
		messages[i] = fixtures.Message{Of: i, HTTP: fixtures.HTTP{Status: 302, Location: i + 1}}
	}
	messages[n] = fixtures.Message{Size: size, Of: n}
	return messages
}

var _ = cases.Register(cases.Case{
	ID:       "http.redirect.stall",
	Title:    "reports a timeout when the page that it is sent on to does not come",
	Level:    cases.Should,
	Role:     cases.Client,
	Speaks:   cases.HTTP,
	Basis:    cases.Practice(cases.NeverHang, "the deadlines of a request hold for the one that a redirect leads to"),
	Since:    "0.1",
	Deadline: fixtures.ReadDeadline,
	Timed:    true,
	Exchange: fixtures.Exchange{Messages: hops(1)}.Playing(
		fixtures.Script("first", fixtures.Expect(0), fixtures.Send(0), fixtures.Expect(1), wait),
		fixtures.Script("second", fixtures.Expect(1), wait), // of a client that connects anew
	),
	Expect: cases.And(cases.HaveTimedOut(), cases.HaveTakenAbout(fixtures.ReadDeadline)),
	Why: "The first server answers at once: \"over there\". Over there nobody answers. To the caller it is one request; in the library it is two, " +
		"and a timer that was ended by the first reply has to be started for the second.",
	Fix: fixSilence,
})

var _ = cases.Register(cases.Case{
	ID:       "http.redirect.total",
	Title:    "keeps its total deadline over a chain of redirects, each of which is in time",
	Level:    cases.Should,
	Role:     cases.Client,
	Speaks:   cases.HTTP,
	Basis:    cases.Documented("Go http.Client.Timeout", `"The timeout includes connection time, any redirects, and reading the response body"`),
	Since:    "0.1",
	Deadline: fixtures.TotalDeadline,
	Timed:    true,
	Wire: func(t cases.Timing, sent cases.Request) []proxy.Fault {
		reply := sent.Body / (redirects + 1) // each takes a fifth of the total deadline: often less than who has one for the header section waits
		return []proxy.Fault{cases.Drip(reply, t.Total/5, t)}
	},
	Exchange: fixtures.Exchange{Messages: hops(redirects)},
	Expect:   cases.And(cases.HaveEnded(), cases.HaveTakenAtMost(fixtures.TotalDeadline)),
	Why: "Nine times \"over there\", and each time the answer comes drop by drop. No single read is late, and no single hop, but together they are " +
		"later than anybody was promised. What the user waits for is the page, not a hop.",
	Fix: fixTotal,
})
