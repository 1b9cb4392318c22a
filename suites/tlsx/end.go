package tlsx

import (
	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/suites/cases"
)

const (
	size = 1000
	half = -size / 2 // as far as is sent: half of the content is missing

	fixTruncation = "Go: Read returns io.EOF without close_notify, too, where a record has ended: have the length sent, or chunks.\n" +
		"Python: ssl.SSLContext's default suppress_ragged_eofs=True hides it: wrap_socket(…, suppress_ragged_eofs=False) raises SSLEOFError.\n" +
		"Node: tls does not tell: have the length sent, or chunks.\n" +
		"Java: SSLSocket throws \"closing inbound before receiving peer's close_notify\" only in part: have the length sent, or chunks."
)

var untilClose = fixtures.Message{Size: size, HTTP: fixtures.HTTP{Framing: fixtures.ByClose}}

func answering(m fixtures.Message, steps ...fixtures.Step) fixtures.Exchange {
	steps = append([]fixtures.Step{fixtures.Expect(0)}, steps...)
	return fixtures.Exchange{Messages: []fixtures.Message{m}}.Playing(fixtures.Script("server", steps...).Times(50))
}

var _ = cases.Register(cases.Case{
	ID:       "tls.end.truncated",
	Title:    "reports an error when content of no stated length ends without close_notify",
	Level:    cases.Should,
	Quick:    true,
	Role:     cases.Client,
	Speaks:   cases.HTTP,
	Basis:    cases.Norm("RFC 9112", `§9.8: a response whose length is not stated is "complete only if a valid closure alert has been received"; RFC 8446 §6.1 names the attack. Most clients do not look`),
	Since:    "0.1",
	Excused:  true,
	Exchange: answering(untilClose, fixtures.SendPart(0, 0, half), fixtures.Cut()),
	Expect:   cases.HaveFailed(),
	Why: "Whoever stands in between cannot read the connection, nor change it. But he can end it: one forged FIN, wherever he likes. That is why TLS has " +
		"an end of its own, close_notify, which nobody can forge. Who does not wait for it lets others decide how much of the truth he gets.",
	Fix: fixTruncation,
})

var _ = cases.Register(cases.Case{
	ID:       "tls.end.no-notify",
	Title:    "takes a reply that is complete by its own length, though no close_notify follows",
	Level:    cases.Should,
	Quick:    true,
	Role:     cases.Client,
	Speaks:   cases.Connections,
	Basis:    cases.Norm("RFC 9112", `§9.8: a response with all its octets received is complete, closure alert or not; for other protocols that is practice`),
	Since:    "0.1",
	Exchange: answering(fixtures.Message{Size: size}, fixtures.Send(0), fixtures.Cut()),
	Expect:   cases.HaveDelivered(),
	Why: "All that was announced is there. That the server then hung up without a word of TLS is bad manners, and common. Where the length says what is " +
		"complete, the end of the connection has nothing to add.",
	Fix: "Go: stop at the last byte that is due: io.ReadFull, resp.Body.\n" +
		"Python: stop at the last byte that is due; requests does it.\n" +
		"Node: stop at the last byte that is due; http does it.\n" +
		"Java: stop at the last byte that is due; HttpClient does it.",
})

var _ = cases.RegisterFamily("notify", []string{"yes", "no"}, func(notify string) cases.Case {
	end := map[string]fixtures.Step{"yes": fixtures.Close(), "no": fixtures.Cut()}[notify]
	return cases.Case{
		ID:     "tls.end.mid-message",
		Title:  "reports an error when the connection ends inside a message",
		Level:  cases.Must,
		Quick:  true,
		Role:   cases.Client,
		Speaks: cases.Connections,
		Basis: cases.Practice(cases.NeverLie, `a part is not reported as the whole. (RFC 9112 §8 and §6.3: a message of which octets are missing is incomplete, and close_notify `+
			`does not make it whole)`),
		Since:    "0.1",
		Exchange: answering(fixtures.Message{Size: size}, fixtures.SendPart(0, 0, half), end),
		Expect:   cases.HaveFailed(),
		Why: "A secure end is still an end too early. close_notify says that the server, and nobody else, has hung up; it does not say that it was done. Half a " +
			"message stays half a message, under TLS as without.",
		Fix: "Go: io.ReadFull; io.ReadAll(resp.Body) checks the length.\n" +
			"Python: count the bytes: recv() returns b\"\" under TLS as without.\n" +
			"Node: count the bytes in \"end\".\n" +
			"Java: DataInputStream.readFully; count the bytes.",
	}
})

var _ = cases.Register(cases.Case{
	ID:     "tls.end.reset",
	Title:  "reports an error when content of no stated length is ended by an abort",
	Level:  cases.Must,
	Quick:  true,
	Role:   cases.Client,
	Speaks: cases.HTTP,
	Basis:  cases.Practice(cases.NeverLie, `an abort is no end. (RFC 9112 §9.8 wants a closure alert, and §8 the end of the connection; RFC 9293 §3.6 calls an abort an error)`),
	Since:  "0.1",
	// The pause lets what was sent be read: Node reports an RST that comes within a millisecond of data as an end.
	Exchange: answering(untilClose, fixtures.SendPart(0, 0, half), fixtures.Hold(fixtures.ReadDeadline.Times(0.1)), fixtures.ResetConn()),
	Expect:   cases.HaveFailed(),
	Why: "Louder than a FIN without close_notify: the connection broke. What came is a fragment, by every rule there is. A library that takes whatever ends " +
		"the stream for its end reports success all the same.",
	Fix: "Go: Read returns the reset: check it.\n" +
		"Python: 3.10 to 3.12 take a reset under TLS for an end, 3.13 does not: update, or have the length sent, or chunks.\n" +
		"Node: http emits \"aborted\" and \"error\": handle them; fetch takes a reset for the end: use http, or have the length sent.\n" +
		"Java: SSLSocket and HttpClient throw an IOException: let it out.",
})

const fixNotify = "Go: tls.Conn.Close sends it.\n" +
	"Python: ssl_socket.unwrap() sends it; close() alone does not.\n" +
	"Node: tlsSocket.end() sends it; destroy() does not.\n" +
	"Java: SSLSocket.close() sends it."

var _ = cases.Register(cases.Case{
	ID:       "tls.end.notifies",
	Title:    "says that it ends before it closes the connection",
	Level:    cases.Should,
	Role:     cases.Client,
	Speaks:   cases.Connections,
	Basis:    cases.Norm("RFC 8446", `§6.1: "Each party MUST send a "close_notify" alert before closing its write side of the connection, unless it has already sent some error alert"; that so few do makes it a SHOULD here`),
	Since:    "0.1",
	Exchange: answering(fixtures.Message{Size: size}, fixtures.Send(0), fixtures.Await("peer")),
	Expect:   cases.And(cases.HaveDelivered(), cases.HaveNotified()),
	Why: "The other side cannot tell a program that is done from a connection that was cut, unless it is told. If it was an upload that you just sent, you " +
		"want it to know.",
	Fix: fixNotify,
})

var _ = cases.Register(cases.Case{
	ID:     "tls.end.server-notifies",
	Title:  "says that it ends before it closes the connection",
	Level:  cases.Should,
	Role:   cases.Server,
	Speaks: cases.Connections,
	Basis:  cases.Norm("RFC 8446", `§6.1: "Each party MUST send a "close_notify" alert before closing its write side of the connection, unless it has already sent some error alert"; that so few do makes it a SHOULD here`),
	Since:  "0.1",
	Exchange: fixtures.Echo(size).Playing(
		fixtures.Script("client", fixtures.Dial(), fixtures.Send(0), fixtures.Expect(0), fixtures.CloseWrite(), fixtures.Await("peer"), fixtures.Close())),
	Expect: cases.And(cases.HaveDelivered(), cases.HaveNotified()),
	Why: "A client that got everything up to the end of the connection can be sure that it was the end only if the server said so under the encryption. " +
		"Without, every careful client has to report an attack.",
	Fix: fixNotify,
})
