package tlsx

import (
	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/proxy"
	"github.com/faultwire/faultwire/suites/cases"
)

const hello = 40 // bytes: of the first flight, what holds the first record's header and the beginning of the hello

var _ = cases.RegisterFamily("bytes", []int64{1, 100}, func(n int64) cases.Case {
	return cases.Case{
		ID:     "tls.record.sliced",
		Title:  "puts records together, however they come",
		Level:  cases.Must,
		Quick:  n == 1,
		Role:   cases.Both,
		Speaks: cases.Connections,
		Basis:  cases.Norm("RFC 9293", `§2.2: "TCP provides a reliable, in-order, byte-stream service to applications": the records of TLS are not its segments`),
		Since:  "0.1",
		Wire: func(cases.Timing, cases.Request) []proxy.Fault {
			slices := proxy.Slice(n).TowardsTarget()
			if n == 1 {
				slices = slices.UntilByte(hello)
			}
			return []proxy.Fault{slices}
		},
		Exchange: fixtures.Echo(1000),
		Expect:   cases.HaveDelivered(),
		Why: "A record begins with five bytes that say what it is and how long, and like any others they may come one by one. Libraries know that; code " +
			"that peeks at the first bytes to find out whether this is TLS often does not, and sends half of its visitors away.",
		Fix: "Go: crypto/tls does it; to peek use bufio.Reader.Peek, which waits for all that it asks for.\n" +
			"Python: ssl does it; MSG_PEEK returns what is there, perhaps one byte: ask again.\n" +
			"Node: tls does it; collect until there are five bytes.\n" +
			"Java: SSLSocket does it; with SSLEngine loop on BUFFER_UNDERFLOW.",
	}
})

var _ = cases.Register(cases.Case{
	ID:     "tls.record.spoilt",
	Title:  "reports an error when a bit of a record was flipped on the way",
	Level:  cases.Must,
	Quick:  true,
	Role:   cases.Client,
	Speaks: cases.Connections,
	Basis:  cases.Norm("RFC 8446", `§5.2: "If the decryption fails, the receiver MUST terminate the connection with a "bad_record_mac" alert"`),
	Since:  "0.1",
	Exchange: fixtures.Exchange{Messages: []fixtures.Message{{Size: 1000}}}.Playing(
		fixtures.Script("server", fixtures.Expect(0), fixtures.Spoil(), fixtures.Send(0), fixtures.Await("peer")).Times(50)),
	Expect: cases.HaveFailed(),
	Why: "TCP's checksum lets one damaged segment in 65 536 pass, and whoever stands in between can make it right. TLS does not: a record that was " +
		"touched does not decrypt. But the error has to come out of the program; caught and taken for an end, it hides an attack.",
	Fix: "Go: Read returns \"local error: tls: bad record MAC\": report it.\n" +
		"Python: ssl.SSLError (DECRYPTION_FAILED_OR_BAD_RECORD_MAC): do not catch OSError around recv() to mean the end.\n" +
		"Node: \"error\" on the socket: reject with it.\n" +
		"Java: SSLException (\"Tag mismatch\"): let it out.",
})

var _ = cases.Register(cases.Case{
	ID:     "tls.record.spoilt-request",
	Title:  "ends the connection, that one alone, when a bit of a record was flipped on the way",
	Level:  cases.Must,
	Quick:  true,
	Role:   cases.Server,
	Speaks: cases.Connections,
	Basis:  cases.Norm("RFC 8446", `§5.2: "If the decryption fails, the receiver MUST terminate the connection with a "bad_record_mac" alert"`),
	Since:  "0.1",
	Exchange: fixtures.Echo(1000).Playing(
		fixtures.Script("client", fixtures.Dial(), fixtures.Spoil(), fixtures.Send(0), fixtures.Await("peer"), fixtures.Close())),
	Expect: cases.And(cases.HaveDelivered(), cases.HaveServedAFollowUp()),
	Why: "What does not decrypt was damaged or forged. There is nothing to be saved on that connection, and no reason to touch any other. A server that " +
		"takes the error for an ordinary one and reads on, or that ends because nobody catches it, is easily stopped.",
	Fix: "Go: an error of Read ends that connection's goroutine only.\n" +
		"Python: except OSError (SSLError is one) around the handler: close that socket.\n" +
		"Node: \"tlsClientError\" and \"error\" on the socket: destroy() it.\n" +
		"Java: catch IOException (SSLException is one) in the client's task.",
})
