package httpx

import (
	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/suites/cases"
)

const (
	fixTotal = "Go: http.Client{Timeout: total}, or a request with context.WithTimeout: both include the reading of the body.\n" +
		"Python: requests' timeout is for each read: stream=True, and check time.monotonic() between chunks; httpx and urllib alike; asyncio.timeout with aiohttp.\n" +
		"Node: AbortSignal.timeout(ms) bounds everything; server-side idle timeouts do not.\n" +
		"Java: HttpRequest.timeout ends with the header section: sendAsync(…).orTimeout(total) and cancel; BodySubscribers know no limit."
	fixSilence = "Go: http.Transport.ResponseHeaderTimeout for the header section, http.Client.Timeout for everything: the default has neither.\n" +
		"Python: requests.get(url, timeout=(connect, read)): without it there is none; urllib: urlopen(url, timeout=seconds).\n" +
		"Node: AbortSignal.timeout(ms); http.request needs req.setTimeout(ms, () => req.destroy(new Error(\"timeout\"))).\n" +
		"Java: HttpRequest.newBuilder().timeout(d); HttpURLConnection: setReadTimeout(ms) and setConnectTimeout(ms)."
)

var _ = cases.RegisterFamily("at", []string{"status", "field", "content", "chunk"}, func(at string) cases.Case {
	m, place := content, fixtures.MidStatusLine
	switch at {
	case "field":
		place = fixtures.MidHeader
	case "content":
		place = fixtures.InContent(size / 2)
	case "chunk":
		m, place = chunked, fixtures.InChunk(3)
	}
	return cases.Case{
		ID:       "http.timeout.stall",
		Title:    "reports a timeout when the server falls silent inside its reply",
		Level:    cases.Must,
		Quick:    at == "field" || at == "content",
		Role:     cases.Client,
		Speaks:   cases.HTTP,
		Basis:    cases.Practice(cases.NeverHang, "a declared read deadline ends the wait for the rest, in the header section and in the content"),
		Since:    "0.1",
		Deadline: fixtures.ReadDeadline,
		Timed:    true,
		Exchange: answering(m, upTo(m, place), wait),
		Expect:   cases.And(cases.HaveTimedOut(), cases.HaveTakenAbout(fixtures.ReadDeadline), cases.HaveClosedItsConnection()),
		Why: "Half a header section, or half a page, and then nothing. Many libraries guard the wait for the first byte and leave the rest to " +
			"the caller, who does not know; with some the timer ends as soon as the headers are there. Then a single stuck server keeps " +
			"a worker for good.",
		Fix: fixSilence,
	}
})

var _ = cases.RegisterFamily("of", []string{"head", "content"}, func(of string) cases.Case {
	const drop = 8 // bytes
	long := fixtures.Message{Size: 4096}
	over := func(drops int) fixtures.Span { return fixtures.TotalDeadline.Times(2.5 / float64(drops)) }                          // so many take longer than the deadline
	steps, ends := []fixtures.Step{fixtures.Send(0).Dripping(1, over(100)), wait}, cases.HaveTakenAtMost(fixtures.TotalDeadline) // there may be one for the header section
	if of == "content" {
		steps = []fixtures.Step{upTo(long, fixtures.BehindHeader),
			fixtures.SendPart(0, long.At(fixtures.BehindHeader), 0).Dripping(drop, over(long.Size/drop)), wait}
		ends = cases.HaveTakenAbout(fixtures.TotalDeadline)
	}
	return cases.Case{
		ID:       "http.timeout.drip",
		Title:    "reports a timeout at its total deadline when the reply comes drop by drop",
		Level:    cases.Should,
		Quick:    true,
		Role:     cases.Client,
		Speaks:   cases.HTTP,
		Basis:    cases.Practice(cases.NeverHang, "a declared total deadline bounds the whole exchange, however often a byte comes"),
		Since:    "0.1",
		Deadline: fixtures.TotalDeadline,
		Timed:    true,
		Exchange: answering(long, steps...),
		Expect:   cases.And(cases.HaveTimedOut(), ends),
		Why: "Most timeouts of HTTP libraries are for each read: every byte winds them up again. A server that sends one now and then, broken or " +
			"malicious, is never late and never done. Whoever has to answer within a time needs a limit for the whole exchange.",
		Fix: fixTotal,
	}
})
