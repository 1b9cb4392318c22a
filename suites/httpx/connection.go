package httpx

import (
	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/suites/cases"
)

// two are two messages, to be asked for one after the other.
func two(second fixtures.HTTP) []fixtures.Message {
	return []fixtures.Message{{Size: size}, {Size: size, Of: 1, HTTP: second}}
}

var recovery = cases.Norm("RFC 9112", `§9.3.1: "Clients ... ought to anticipate the need to recover from asynchronous close events"; RFC 9110 §9.2.2: an idempotent request "can `+
	`be repeated automatically if a communication failure occurs before the client is able to read the server's response"`)

var _ = cases.Register(cases.Case{
	ID:     "http.connection.closed-while-idle",
	Title:  "asks by a new connection when the one that it kept has been closed",
	Level:  cases.Should,
	Quick:  true,
	Role:   cases.Client,
	Speaks: cases.HTTP,
	Basis:  recovery,
	Since:  "0.1",
	Exchange: pausing(fixtures.Exchange{Messages: two(fixtures.HTTP{})}.
		Playing(fixtures.Script("kept", fixtures.Expect(0), fixtures.Send(0), fixtures.Close())).Calling("kept")),
	Expect: cases.And(cases.OnCall(1, cases.HaveDelivered()), cases.OnCall(2, cases.HaveRecovered())),
	Why: "Servers close connections that nobody uses, often after a few seconds. The client kept it for the next request, and that may be the " +
		"first to find out. Nothing was sent yet, or nothing that may not be sent again: a page is simply asked for once more, and nobody " +
		"notices. Who reports an error instead fails for no reason, now and then, when traffic is low.",
	Fix: "Go: net/http does it for GET.\n" +
		"Python: requests does it; with http.client catch RemoteDisconnected, close() and ask again, once.\n" +
		"Node: http.Agent does it in part: retry once if req.reusedSocket and err.code is ECONNRESET.\n" +
		"Java: HttpClient does it.",
})

// pausing lets the end of a connection arrive before the next call.
func pausing(x fixtures.Exchange) fixtures.Exchange {
	x.Calls[len(x.Calls)-1].Pause = fixtures.ReadDeadline.Times(0.3)
	return x
}

var _ = cases.Register(cases.Case{
	ID:     "http.connection.dies-with-request",
	Title:  "either asks again, once, or reports an error when a kept connection ends with the request on it",
	Level:  cases.May,
	Role:   cases.Client,
	Speaks: cases.HTTP,
	Basis:  recovery,
	Since:  "0.1",
	Exchange: fixtures.Exchange{Messages: two(fixtures.HTTP{})}.
		Playing(fixtures.Script("kept", fixtures.Expect(0), fixtures.Send(0), fixtures.Expect(1), fixtures.Close())).Calling(),
	Expect: cases.And(cases.OnCall(1, cases.HaveDelivered()), cases.OnCall(2, cases.HaveRecovered())),
	Why: "The request was on its way when the server closed the connection. Whether the server has done anything nobody knows; for a page that does " +
		"not matter, and it may be asked for again. This records whether your program does.",
	Fix: "Go: net/http asks again if nothing of a reply came and the connection was used before.\n" +
		"Python: requests asks again only with Retry(total=1).\n" +
		"Node: if req.reusedSocket is true and the error is ECONNRESET, ask again, once.\n" +
		"Java: HttpClient asks again.",
})

var _ = cases.Register(cases.Case{
	ID:     "http.connection.surplus",
	Title:  "does not take what stands behind a reply for the answer to its next request",
	Level:  cases.Must,
	Quick:  true,
	Role:   cases.Client,
	Speaks: cases.HTTP,
	Basis: cases.Norm("RFC 9112", `§6.3: a client that receives more data than the message has "MUST NOT process, cache, or forward such extra data as a separate response, since such `+
		`behavior would be vulnerable to cache poisoning"`),
	Since: "0.1",
	Exchange: fixtures.Exchange{
		Messages: []fixtures.Message{{Size: size}, {Size: size, Of: 1}, {Size: size, Of: 2}},
		Calls:    []fixtures.Call{{Message: 0}, {Message: 2, Pause: fixtures.ReadDeadline.Times(0.2)}},
	}.Playing(fixtures.Script("kept", fixtures.Expect(0), fixtures.SendTogether(0, 2), fixtures.Expect(2), fixtures.Send(2), wait)),
	Expect: cases.And(cases.OnCall(1, cases.HaveDelivered()), cases.OnCall(2, cases.HaveRecovered())),
	Why: "Behind the reply, in the same packet, stands another one that nobody asked for: a broken server, or one that was made to say it. If the " +
		"client keeps the connection and finds the surplus when it asks next, it takes it for the answer, and from then on every answer is " +
		"the one to the question before. Somebody sees somebody else's page.",
	Fix: "Go: net/http does it: \"Unsolicited response received on idle HTTP channel\".\n" +
		"Python: close the connection if something is readable on it before you send: select([sock], [], [], 0).\n" +
		"Node: http.Agent destroys the socket; with net.Socket do it yourself when \"data\" comes unasked.\n" +
		"Java: HttpClient closes the connection.",
})
