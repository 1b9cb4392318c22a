package httpx

import (
	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/proxy"
	"github.com/faultwire/faultwire/suites/cases"
)

const (
	upload   = 2 << 20 // bytes: more than programs send before they look
	tooLarge = "HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
)

var _ = cases.Register(cases.Case{
	ID:     "http.upload.no-continue",
	Title:  "sends what it has to say after a while although no 100 (Continue) comes",
	Level:  cases.Should,
	Role:   cases.Client,
	Speaks: cases.HTTP,
	Basis:  cases.Norm("RFC 9110", `§10.1.1: "A client that sends a 100-continue expectation is not required to wait for any specific length of time ... SHOULD NOT wait for an indefinite period before sending the content"`),
	Since:  "0.1",
	Full:   true,
	Exchange: fixtures.Exchange{Messages: []fixtures.Message{{Size: upload, HTTP: fixtures.HTTP{Method: "POST"}}}}.Playing(
		fixtures.Script("server", fixtures.Expect(0).Silently(), fixtures.Send(0), wait)),
	Expect: cases.HaveDelivered(),
	Why: "Before it sends much, a client may ask whether it shall (Expect: 100-continue). Servers that do not know that say nothing and wait for the " +
		"content; a client that waits for their word waits for ever, and so do they.",
	Fix: "Go: http.Transport.ExpectContinueTimeout: 1 * time.Second.\n" +
		"Python: http.client does not ask; if you do, send after a second.\n" +
		"Node: send after a timer, not only in \"continue\".\n" +
		"Java: HttpRequest.Builder.expectContinue(true) waits: do not set it for servers that you do not know.",
})

var _ = cases.Register(cases.Case{
	ID:     "http.upload.early-error",
	Title:  "reports the status that the server sent in the middle of the upload, not a broken connection",
	Level:  cases.Should,
	Role:   cases.Client,
	Speaks: cases.HTTP,
	Basis:  cases.Norm("RFC 9112", `§9.5: "A client sending a message body SHOULD monitor the network connection for an error response while it is transmitting the request"`),
	Since:  "0.1",
	Full:   true,
	// What is sent moves no more, so that only who listens meanwhile hears of it.
	Wire: func(cases.Timing, cases.Request) []proxy.Fault {
		return []proxy.Fault{proxy.Stall().FromTarget().After(64 << 10)}
	},
	Exchange: fixtures.Exchange{Messages: []fixtures.Message{{Size: 4 * upload, HTTP: fixtures.HTTP{Method: "POST", Status: 413}}}}.Playing(
		fixtures.Script("server", fixtures.ExpectHead(), fixtures.SendLiteral([]byte(tooLarge)...), wait).Times(again)),
	Expect: cases.HaveBeenTurnedDown(),
	Why: "\"Too large\", says the server as soon as it has seen how much is coming, and reads no more. A client that only writes waits until its own " +
		"deadline, and tells its user about the network. The reason stood there to be read.",
	Fix: "Go: net/http does it.\n" +
		"Python: http.client raises TimeoutError or BrokenPipeError from request(): call getresponse() all the same.\n" +
		"Node: http does it: handle \"response\" while you write.\n" +
		"Java: neither HttpClient nor HttpURLConnection does it; HttpRequest.Builder.expectContinue(true) asks before it sends.",
})
