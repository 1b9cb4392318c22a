package httpx

import (
	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/suites/cases"
)

var incomplete = cases.Practice(cases.NeverLie, `a part is not reported as the whole. (RFC 9112 §6.3: if the sender closes the connection before the indicated `+
	`number of octets are received, "the recipient MUST consider the message to be incomplete")`)

var _ = cases.RegisterFamily("at", []string{"begin", "middle", "last"}, func(at string) cases.Case {
	place := map[string]fixtures.Place{
		"begin": fixtures.BehindHeader, "middle": fixtures.InContent(size / 2), "last": fixtures.InContent(-1),
	}[at]
	return cases.Case{
		ID:       "http.body.cut-by-fin",
		Title:    "reports an error when the connection is closed before all of the content is there",
		Level:    cases.Must,
		Quick:    at == "middle",
		Role:     cases.Client,
		Speaks:   cases.HTTP,
		Basis:    incomplete,
		Since:    "0.1",
		Exchange: answering(content, upTo(content, place), fixtures.Close()),
		Expect:   cases.HaveFailed(),
		Why: "The header section says how long the content is, so that a cut can be told from an end. A proxy that is restarted, a " +
			"server that runs out of memory: the connection is closed in good order, and what came looks like a file. Programs that " +
			"read until nothing more comes, and never compare, store half of it and report success.",
		Fix: fixWhole,
	}
})

var _ = cases.Register(cases.Case{
	ID:       "http.body.cut-by-reset",
	Title:    "reports an error when the connection is aborted inside the content",
	Level:    cases.Must,
	Quick:    true,
	Role:     cases.Client,
	Speaks:   cases.HTTP,
	Basis:    incomplete,
	Since:    "0.1",
	Exchange: answering(content, upTo(content, fixtures.InContent(size/2)), pause, fixtures.ResetConn()),
	Expect:   cases.HaveFailed(),
	Why: "An abort is louder than an end: the system reports an error to whoever reads. But some code catches every error of a read " +
		"and goes on with what it has, as if it were the end; and then half of the content passes for all of it.",
	Fix: fixWhole,
})
