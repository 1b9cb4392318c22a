package disconnect

import (
	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/suites/cases"
)

var _ = cases.RegisterFamily("size", []int{1, 13, 102400}, func(size int) cases.Case {
	return cases.Case{
		ID:     "tcp.disconnect.half-close",
		Title:  "answers in full a client that has closed its sending side, then ends its own",
		Level:  cases.Must,
		Quick:  size == 13,
		Role:   cases.Server,
		Speaks: cases.Echoing,
		Basis: cases.Practice(cases.NeverLie, "a client that has said its last byte still gets its whole answer. RFC 9293 §3.6 lets it "+
			"end one direction alone"),
		Since: "0.1",
		Exchange: fixtures.Echo(size).Playing(fixtures.Script("client",
			fixtures.Dial(), fixtures.Send(0), fixtures.CloseWrite(), fixtures.Expect(0), fixtures.ExpectEnd())),
		Expect: cases.HaveDelivered(),
		Why: "A client may say \"this was my last byte\" and still wait for the answer: printf … | nc -N does it every time. A " +
			"server that takes this for a goodbye drops what it had not yet sent back, and the end of every transfer is " +
			"missing. One that ignores it never closes, and each such client leaves a dead connection behind.",
		Fix: "Go: when Read returns io.EOF, first write what is left, then close; io.Copy(conn, conn) and Close do just that.\n" +
			"Python: when recv() returns b\"\", sendall() what is pending, then close(); do not drop the buffer.\n" +
			"Node: net.createServer({allowHalfOpen: true}) and socket.end() in \"end\": the default ends your side at once.\n" +
			"Java: when read() returns -1, flush() the rest, then close(); isInputShutdown() is no reason to stop writing.",
	}
})

var _ = cases.Register(cases.Case{
	ID:     "tcp.disconnect.half-close-empty",
	Title:  "ends in order, and says nothing, when a client ends without a word",
	Level:  cases.Should,
	Role:   cases.Server,
	Speaks: cases.Streams,
	Basis:  cases.Practice(cases.Recover, "a client that asked for nothing gets nothing, and no connection is kept for it"),
	Since:  "0.1",
	Exchange: fixtures.Echo(13).Playing(fixtures.Script("client",
		fixtures.Dial(), fixtures.CloseWrite(), fixtures.ExpectEnd())),
	Expect: cases.And(cases.HaveEndedInOrder(), cases.HaveDelivered()),
	Why: "The shortest conversation there is: a client connects and ends. Servers that greet before they listen, or that " +
		"answer an empty request like a full one, send bytes nobody asked for. Servers that do not look at what their " +
		"read returned never notice the end and keep the connection, half dead, until they have no room left.",
	Fix: "Go: leave the loop when Read returns io.EOF, and defer conn.Close() in the handler.\n" +
		"Python: leave the loop when recv() returns b\"\", inside a with client: that closes the socket.\n" +
		"Node: in \"end\" call socket.end() if allowHalfOpen is set; write nothing before \"data\".\n" +
		"Java: leave the loop when read() returns -1; try (socket) { … } closes it.",
})

var _ = cases.Register(cases.Case{
	ID:     "tcp.disconnect.orderly-end",
	Title:  "ends its side in order when a client has been served and ends",
	Level:  cases.Must,
	Quick:  true,
	Role:   cases.Server,
	Speaks: cases.Connections,
	Basis:  cases.Practice(cases.SayWhat, "a connection that was served well ends with a FIN: an RST says that something broke"),
	Since:  "0.1",
	Exchange: fixtures.Echo(1024).Playing(fixtures.Script("client",
		fixtures.Dial(), fixtures.Send(0), fixtures.Expect(0), fixtures.CloseWrite(), fixtures.ExpectEnd())),
	Expect: cases.And(cases.HaveEndedInOrder(), cases.HaveDelivered()),
	Why: "There are two ways to end a connection: in order, which says \"all is done\", and by a reset, which says " +
		"\"something went wrong, forget it\". A server that closes with a reset, because it set SO_LINGER to zero or left " +
		"bytes unread, makes its clients report errors after perfect exchanges, and can destroy the last bytes of an " +
		"answer that is still on its way.",
	Fix: "Go: conn.Close() after reading up to io.EOF; no SetLinger(0) on a connection that went well.\n" +
		"Python: close() after recv() returned b\"\"; no SO_LINGER with a time of 0.\n" +
		"Node: socket.end() in \"end\"; socket.resetAndDestroy() and destroy() are for broken connections.\n" +
		"Java: close() after read() returned -1; no setSoLinger(true, 0).",
})
