package httpx

import (
	"fmt"

	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/suites/cases"
)

// mostRequests is how often a page may be asked for before somebody gives up.
const mostRequests = 10

var noRetry = cases.Norm("RFC 9110", `§9.2.2: "A client SHOULD NOT automatically retry a request with a non-idempotent method unless it has some means to know that the request `+
	`semantics are actually idempotent"`)

const fixOnce = "Go: net/http does it: it sends a POST again only if nothing of it was written, or with an Idempotency-Key.\n" +
	"Python: requests does it; with Retry leave POST out of allowed_methods.\n" +
	"Node: fetch does it; with retry libraries exclude POST, or give each an Idempotency-Key.\n" +
	"Java: -Djdk.httpclient.enableAllMethodRetry must not be set; HttpURLConnection sends a failed POST again unless sun.net.http.retryPost=false."

var _ = cases.Register(cases.Case{
	ID:       "http.retry.post-fresh",
	Title:    "sends a POST once, and reports an error, when the connection ends without a reply",
	Level:    cases.Should,
	Quick:    true,
	Role:     cases.Client,
	Speaks:   cases.HTTP,
	Basis:    noRetry,
	Since:    "0.1",
	Exchange: answering(fixtures.Message{Size: size, HTTP: fixtures.HTTP{Method: "POST"}}, fixtures.Close()),
	Expect:   cases.And(cases.HaveFailed(), uploadedOnce()),
	Why: "The order has gone out, and the line went dead. Was it taken? Nobody can tell from here. A library that helpfully sends it again orders " +
		"twice, pays twice, posts twice; and the program above it never hears of it.",
	Fix: fixOnce,
})

var _ = cases.Register(cases.Case{
	ID:     "http.retry.post-reused",
	Title:  "sends a POST once when a kept connection ends with it",
	Level:  cases.Should,
	Quick:  true,
	Role:   cases.Client,
	Speaks: cases.HTTP,
	Basis:  noRetry,
	Since:  "0.1",
	Exchange: fixtures.Exchange{Messages: two(fixtures.HTTP{Method: "POST"})}.Playing(
		fixtures.Script("kept", fixtures.Expect(0), fixtures.Send(0), fixtures.Expect(1), fixtures.Close()),
		fixtures.Script("anew", fixtures.Expect(1), fixtures.Close()).Times(again),
	).Calling(),
	Expect: cases.And(cases.OnCall(1, cases.HaveDelivered()), cases.OnCall(2, cases.HaveFailed()), uploadedOnce()),
	Why: "A kept connection often ends just when it is used again, and so libraries try again without asking. For a page that is right. A POST " +
		"may have been read and done before the connection ended: then the second is a second order.",
	Fix: fixOnce,
})

var _ = cases.Register(cases.Case{
	ID:       "http.retry.bounded",
	Title:    "gives up asking for a page that is never answered",
	Level:    cases.Should,
	Role:     cases.Client,
	Speaks:   cases.HTTP,
	Basis:    cases.Practice(cases.Recover, fmt.Sprintf("who tries again stops at some time: after %d requests, at most. (RFC 9110 §9.2.2: a client SHOULD NOT automatically retry a failed automatic retry)", mostRequests)),
	Since:    "0.1",
	Exchange: answering(content, fixtures.ResetConn()),
	Expect:   cases.And(cases.HaveFailed(), fewRequests(mostRequests)),
	Why: "Asking again helps when the server was restarted just then. When it is broken, a thousand clients that ask again and again keep it from " +
		"ever coming back, and each of them keeps its own caller waiting.",
	Fix: "Go: count the attempts, and wait longer before each.\n" +
		"Python: Retry(total=3, backoff_factor=0.5); wget: --tries=3.\n" +
		"Node: count the attempts; got: retry: {limit: 2}.\n" +
		"Java: -Djdk.httpclient.redirects.retrylimit, and a counter of your own.",
})

func requests(o cases.Observation) (all, uploads int) {
	for _, c := range o.Reference.Conns {
		all, uploads = all+c.Requests, uploads+c.Uploads
	}
	return all, uploads
}

func fewRequests(most int) cases.Expectation {
	return cases.JudgeFunc(func(o cases.Observation) *cases.Broken {
		if n, _ := requests(o); n > most {
			return &cases.Broken{Promise: cases.Recover, Expected: fmt.Sprintf("at most %d requests", most), Seen: fmt.Sprintf("%d of them", n)}
		}
		return nil
	})
}

func uploadedOnce() cases.Expectation {
	return cases.JudgeFunc(func(o cases.Observation) *cases.Broken {
		if _, n := requests(o); n > 1 {
			return &cases.Broken{Promise: cases.NeverLie, Expected: "one POST at the server", Seen: fmt.Sprintf("%d of them", n)}
		}
		return nil
	})
}
