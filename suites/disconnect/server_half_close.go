package disconnect

import (
	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/suites/cases"
)

var _ = cases.Register(cases.Case{
	ID:     "tcp.disconnect.server-half-close",
	Title:  "takes a reply whose server has ended its own direction behind it",
	Level:  cases.Must,
	Role:   cases.Client,
	Speaks: cases.Streams,
	Basis:  cases.Norm("RFC 9293", `§3.6: "CLOSE is an operation meaning "I have no more data to send."" The other direction goes on`),
	Since:  "0.1",
	Exchange: fixtures.Echo(size).Playing(
		fixtures.Script("server", fixtures.Expect(0), fixtures.Send(0), fixtures.CloseWrite(), fixtures.Await("peer"))),
	Expect: cases.HaveDelivered(),
	Why: "A server that has said all it will ever say may end its own direction at once and still listen. What the client gets is the " +
		"whole reply and the end right behind it. A client that looks for the end first, or takes any end for a failure, loses a " +
		"reply that is complete; one that waits for more after it never closes its own side.",
	Fix: "Go: take what Read returned before you look at io.EOF: n > 0 may come together with it.\n" +
		"Python: count the bytes that are due; b\"\" behind the last of them is a good end.\n" +
		"Node: \"end\" after the last byte is no error; allowHalfOpen: true if you still have something to send.\n" +
		"Java: read() returning -1 behind the last byte is a good end; close the socket then.",
})
