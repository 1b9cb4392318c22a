package httpx

import (
	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/suites/cases"
)

var _ = cases.Register(cases.Case{
	ID:       "http.body.until-close",
	Title:    "takes content of no stated length up to the end of the connection",
	Level:    cases.Must,
	Quick:    true,
	Role:     cases.Client,
	Speaks:   cases.HTTP,
	Basis:    cases.Norm("RFC 9112", `§6.3, item 8: the length is "determined by the number of octets received prior to the server closing the connection"`),
	Since:    "0.1",
	Exchange: answering(untilClose, fixtures.Send(0), fixtures.Hold(fixtures.ReadDeadline.Times(0.4)), fixtures.Close()),
	Expect:   cases.HaveDelivered(),
	Why: "The oldest way to end a reply is to hang up, and old servers and quick scripts still do. Then nothing but the end of the connection " +
		"says that the content is complete, and it may come late. A client that knows Content-Length only reports nothing, or an error.",
	Fix: "Go: net/http does it.\n" +
		"Python: http.client does it; by hand read until recv() returns b\"\".\n" +
		"Node: http does it: wait for \"end\".\n" +
		"Java: HttpClient and HttpURLConnection do it.",
})

var _ = cases.Register(cases.Case{
	ID:     "http.body.until-close-reset",
	Title:  "reports an error when content of no stated length is ended by an abort",
	Level:  cases.Must,
	Quick:  true,
	Role:   cases.Client,
	Speaks: cases.HTTP,
	Basis: cases.Practice(cases.NeverLie, `an abort is no end. (RFC 9112 §8: such a response "is considered complete regardless of the number of message body `+
		`octets received, provided that the header section was received intact", where the connection was closed; RFC 9293 §3.6 calls an abort an error)`),
	Since:    "0.1",
	Exchange: answering(untilClose, upTo(untilClose, fixtures.InContent(size/2)), pause, fixtures.ResetConn()),
	Expect:   cases.HaveFailed(),
	Why: "Where the end of the connection is the end of the content, how it ends is all there is to know. A FIN says \"that was it\". A reset says " +
		"\"something broke\", and what came is a fragment. A client that takes one for the other has no second chance to notice.",
	Fix: "Go: io.ReadAll(resp.Body) returns the reset: check it.\n" +
		"Python: http.client and requests raise ConnectionResetError; aiohttp 3.8 takes a reset for the end: have the server state a length, or send chunks.\n" +
		"Node: http emits \"aborted\" and \"error\": handle them; fetch takes a reset for the end: use http, or have the server state a length.\n" +
		"Java: HttpClient throws an IOException: let it out.",
})
