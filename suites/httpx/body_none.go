package httpx

import (
	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/suites/cases"
)

const fixNone = "Go: net/http does it; by hand look at the status and the method before you read content.\n" +
	"Python: http.client does it; by hand do not read content of 1xx, 204, 304, nor of a reply to HEAD.\n" +
	"Node: http does it: \"end\" comes at once.\n" +
	"Java: HttpClient does it; with HttpURLConnection do not wait for content of these."

var noContent = cases.Norm("RFC 9112", `§6.3, item 1: "Any response to a HEAD request and any response with a 1xx (Informational), 204 (No Content), or 304 (Not `+
	`Modified) status code is always terminated by the first empty line after the header fields"`)

var _ = cases.RegisterFamily("status", []int{204, 304}, func(status int) cases.Case {
	m := fixtures.Message{Size: size, HTTP: fixtures.HTTP{Status: status}}
	return cases.Case{
		ID:       "http.body.none",
		Title:    "does not wait for content that a reply of this status cannot have",
		Level:    cases.Must,
		Quick:    status == 204,
		Role:     cases.Client,
		Speaks:   cases.HTTP,
		Basis:    noContent,
		Since:    "0.1",
		Timed:    true,
		Exchange: answering(m, fixtures.Send(0), wait),
		Expect:   cases.HaveEndedBefore(fixtures.ReadDeadline), // what a program makes of the status is its own affair
		Why: "Some replies end with their header section, whatever stands in it: there is nothing to say, or nothing new. The connection stays " +
			"open for the next request. A client that waits for content then waits until its deadline, and calls a good answer a timeout.",
		Fix: fixNone,
	}
})

var _ = cases.Register(cases.Case{
	ID:       "http.body.none-to-head",
	Title:    "does not wait for the content whose length the reply to a HEAD states",
	Level:    cases.Must,
	Quick:    true,
	Role:     cases.Client,
	Speaks:   cases.HTTP,
	Basis:    noContent,
	Since:    "0.1",
	Timed:    true,
	Exchange: answering(fixtures.Message{Size: size, HTTP: fixtures.HTTP{Method: "HEAD"}}, fixtures.Send(0), wait),
	Expect:   cases.And(cases.HaveDelivered(), cases.HaveEndedBefore(fixtures.ReadDeadline)),
	Why: "HEAD asks for the header section alone, as GET would have it: with the length of a content that does not come. Who reads on waits " +
		"for bytes that nobody will send.",
	Fix: fixNone,
})
