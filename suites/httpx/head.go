package httpx

import (
	"strings"

	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/suites/cases"
)

var _ = cases.RegisterFamily("at", []string{"status", "field", "empty-line"}, func(at string) cases.Case {
	place := map[string]fixtures.Place{
		"status": fixtures.MidStatusLine, "field": fixtures.MidHeader, "empty-line": fixtures.BeforeEmptyLine,
	}[at]
	return cases.Case{
		ID:     "http.head.cut",
		Title:  "reports an error when the connection is closed inside the header section",
		Level:  cases.Must,
		Quick:  at == "field",
		Role:   cases.Client,
		Speaks: cases.HTTP,
		Basis: cases.Practice(cases.NeverLie, `half a header section is no reply. (RFC 9112 §8: "If a response terminates in the middle of the header section (before the empty line is received) and the status code `+
			`might rely on header fields to convey the full meaning of the response, then the client cannot assume that meaning has been conveyed")`),
		Since:    "0.1",
		Exchange: answering(content, upTo(content, place), fixtures.Close()),
		Expect:   cases.HaveFailed(),
		Why: "The status says 200, and then the line goes dead. Whether there is content, how long it is, how it is compressed would have " +
			"stood in the fields that are missing. A client that works with those it got sees no length and no content, and reports an " +
			"empty page as a success.",
		Fix: "Go: net/http does it: the error is io.ErrUnexpectedEOF.\n" +
			"Python: http.client takes the end for the end of the header section: check that Content-Length or Transfer-Encoding is there.\n" +
			"Node: http does it: \"error\" with ECONNRESET or HPE_INVALID_EOF_STATE.\n" +
			"Java: HttpClient does it (\"EOF reached while reading\").",
	}
})

var _ = cases.Register(cases.Case{
	ID:       "http.head.empty-reply",
	Title:    "reports an error when the connection is closed instead of a reply",
	Level:    cases.Must,
	Quick:    true,
	Role:     cases.Client,
	Speaks:   cases.HTTP,
	Basis:    cases.Norm("RFC 9112", `§8: an incomplete response is recorded as such; §9.3.1 lets a client send a GET again, on another connection`),
	Since:    "0.1",
	Exchange: answering(content, fixtures.Close()),
	Expect:   cases.And(cases.HaveFailed(), fewRequests(mostRequests)),
	Why: "The server took the request and hung up: it crashed, or it was just being restarted. There is no status, no field, not a byte. That is " +
		"not an empty page. A client may ask once more, for a page; it must not go on for ever, nor say that all went well.",
	Fix: "Go: client.Do returns io.EOF: report it.\n" +
		"Python: http.client raises RemoteDisconnected: let it out.\n" +
		"Node: \"socket hang up\": reject with it.\n" +
		"Java: HttpClient throws \"header parser received no bytes\": let it out.",
})

var _ = cases.RegisterFamily("status", []int{100, 103}, func(status int) cases.Case {
	return cases.Case{
		ID:       "http.head.interim",
		Title:    "passes over what is said before the reply",
		Level:    cases.Must,
		Role:     cases.Client,
		Speaks:   cases.HTTP,
		Basis:    cases.Norm("RFC 9110", `§15.2: "A client MUST be able to parse one or more 1xx responses received prior to a final response, even if the client does not expect one"`),
		Since:    "0.1",
		Exchange: fixtures.Exchange{Messages: []fixtures.Message{{Size: size, HTTP: fixtures.HTTP{Interim: status, Interims: 3}}}},
		Expect:   cases.HaveDelivered(),
		Why: "A server may say something before its answer: \"go on\" (100), \"here is what you will need\" (103). Such a reply is a header section " +
			"without content, and the answer stands behind it. A client that takes the first status for the answer hands out nothing, and " +
			"leaves the real answer to whoever uses the connection next.",
		Fix: "Go: net/http does it.\n" +
			"Python: http.client, and so urllib and requests, passes over 100 only, and a 103 comes as the reply; httpx and aiohttp do it.\n" +
			"Node: http does it: the \"information\" event is not \"response\".\n" +
			"Java: HttpClient and HttpURLConnection do it from 20 on; HttpClient in the later updates of 17, too.",
	}
})

const hints = "HTTP/1.1 103 Early Hints\r\n\r\n"

var _ = cases.Register(cases.Case{
	ID:       "http.head.interim-for-ever",
	Title:    "reports a timeout at its total deadline when nothing but 1xx replies come",
	Level:    cases.Should,
	Role:     cases.Client,
	Speaks:   cases.HTTP,
	Basis:    cases.Practice(cases.NeverHang, "a declared total deadline bounds the whole exchange, whatever comes instead of the answer"),
	Since:    "0.1",
	Deadline: fixtures.TotalDeadline,
	Timed:    true,
	Exchange: answering(content, fixtures.SendLiteral([]byte(strings.Repeat(hints, 200))...).Dripping(len(hints), fixtures.ReadDeadline.Times(0.25)), wait),
	Expect:   cases.And(cases.HaveEnded(), cases.HaveTakenAtMost(fixtures.TotalDeadline)),
	Why: "A server that says \"soon\" again and again never falls silent, and a clock that is wound up by every reply never runs out. No number of " +
		"1xx replies makes an answer: only a deadline for all of it does, or a limit to their number.",
	Fix: fixTotal,
})
