package disconnect

import (
	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/proxy"
	"github.com/faultwire/faultwire/suites/cases"
)

const (
	size = 1024 // of the message's body; whatever else a request has on the wire is framing

	fixEnd = "Go: io.ReadFull(conn, buf) returns io.ErrUnexpectedEOF; with Read, io.EOF before the last byte is an error.\n" +
		"Python: count the bytes; if recv() returns b\"\" before all have come, raise an error.\n" +
		"Node: in socket.on(\"end\") compare what came with what was due, and reject if something is missing.\n" +
		"Java: DataInputStream.readFully() throws EOFException; with read(), -1 before the last byte is an error."
)

var _ = cases.Register(cases.Case{
	ID:     "tcp.disconnect.fin-before-reply",
	Title:  "reports an early end when the server closes without a reply",
	Level:  cases.Must,
	Quick:  true,
	Role:   cases.Client,
	Speaks: cases.Streams,
	Basis:  cases.Practice(cases.NeverLie, "an orderly end before the reply is no reply, not an empty one"),
	Since:  "0.1",
	Wire: func(_ cases.Timing, sent cases.Request) []proxy.Fault {
		return []proxy.Fault{proxy.Close().TowardsTarget().OnceSent(sent.Asked)}
	},
	Exchange: fixtures.Echo(size),
	Expect:   cases.HaveBeenClosed(),
	Why: "A server that restarts, crashes in good order or does not like the request closes the connection without a " +
		"word. To the client this is not an error: its read just returns nothing. A program that prints that nothing and " +
		"exits with success has turned a failure into an empty answer, and the caller will store it.",
	Fix: fixEnd,
})

var _ = cases.RegisterFamily("at", []int64{1, 512, 1023}, func(at int64) cases.Case {
	return cases.Case{
		ID:     "tcp.disconnect.fin-mid-message",
		Title:  "reports an early end when the server closes inside a message",
		Level:  cases.Must,
		Quick:  at == 512,
		Role:   cases.Client,
		Speaks: cases.Streams,
		Basis:  cases.Practice(cases.NeverLie, "a message of which bytes are missing is never delivered as complete"),
		Since:  "0.1",
		Wire: func(_ cases.Timing, sent cases.Request) []proxy.Fault {
			return []proxy.Fault{proxy.Close().TowardsTarget().After(sent.Body + at).OnceSent(sent.Asked)}
		},
		Exchange: fixtures.Echo(size),
		Expect:   cases.HaveBeenClosed(),
		Why: "Reading until the other side closes looks like a fine way to get everything. But a connection that is " +
			"closed halfway through ends just as politely as one that is closed after the last byte. Only the number of " +
			"bytes tells the two apart. A client that does not count delivers half a file, half an invoice, half a " +
			"backup, and says that all went well.",
		Fix: fixEnd,
	}
})

var _ = cases.RegisterFamily("at", []int64{1, 2, 3}, func(at int64) cases.Case {
	return cases.Case{
		ID:     "tcp.disconnect.fin-in-prefix",
		Title:  "reports an early end when the server closes inside the length prefix",
		Level:  cases.Must,
		Quick:  at == 2,
		Role:   cases.Client,
		Speaks: cases.Framed,
		Basis:  cases.Practice(cases.NeverLie, "a stream that ends inside a length has lost a message"),
		Since:  "0.1",
		Wire: func(_ cases.Timing, sent cases.Request) []proxy.Fault {
			return []proxy.Fault{proxy.Close().TowardsTarget().After(at).OnceSent(sent.Asked)}
		},
		Exchange: fixtures.Echo(size),
		Expect:   cases.HaveBeenClosed(),
		Why: "An end between two messages is fine, so clients often take any end while they read a length for the good " +
			"one. But when one, two or three of the four bytes have come, a message had begun and is lost. Code that makes " +
			"a number of the bytes it has, or treats this end like a farewell, loses that message without a sound.",
		Fix: "Go: io.ReadFull(conn, prefix[:]) returns io.EOF for no byte and io.ErrUnexpectedEOF for some: tell them apart.\n" +
			"Python: recv_exactly(4) must raise EOFError when recv() returns b\"\" and it holds 1 to 3 bytes.\n" +
			"Node: on \"end\", buffered bytes that make no whole message are an error: check buffer.length === 0.\n" +
			"Java: DataInputStream.readInt() throws EOFException: let it out unless no byte had come.",
	}
})

var _ = cases.Register(cases.Case{
	ID:     "tcp.disconnect.fin-before-line-end",
	Title:  "reports an early end when the server closes where only the line end is missing",
	Level:  cases.Must,
	Quick:  true,
	Role:   cases.Client,
	Speaks: cases.Lines,
	Basis:  cases.Practice(cases.NeverLie, "a line is complete at its line end: without it nobody knows how much is missing"),
	Since:  "0.1",
	Wire: func(_ cases.Timing, sent cases.Request) []proxy.Fault {
		return []proxy.Fault{proxy.Close().TowardsTarget().After(sent.Bytes - 1).OnceSent(sent.Asked)}
	},
	Exchange: fixtures.Echo(size),
	Expect:   cases.HaveBeenClosed(),
	Why: "Here all the text has come, and only the line end has not. Nearly every library hands out such a rest as if it were a " +
		"line. This time it would even be right; but \"transfer 1000\" cut off behind its first 0 looks just as " +
		"complete. What tells the two apart is the line end, so a line without one is an error, not a line.",
	Fix: "Go: ReadString('\\n') returns the rest together with io.EOF: look at the error first; bufio.Scanner hides it.\n" +
		"Python: if not line.endswith(b\"\\n\"): raise EOFError(...) after readline().\n" +
		"Node: what is left in the buffer in \"end\" is an error; the readline module emits it as a \"line\".\n" +
		"Java: readLine() hides it; read up to '\\n' yourself, and treat -1 before it as an EOFException.",
})

var _ = cases.Register(cases.Case{
	ID:     "tcp.disconnect.data-limit",
	Title:  "reports an error when a proxy lets only half of the reply through and closes",
	Level:  cases.Must,
	Role:   cases.Client,
	Speaks: cases.Streams,
	Basis:  cases.Practice(cases.NeverLie, "a reply that was cut off is never delivered as complete"),
	Since:  "0.1",
	Wire: func(cases.Timing, cases.Request) []proxy.Fault {
		return []proxy.Fault{proxy.LimitData(size / 2).TowardsTarget()}
	},
	Exchange: fixtures.Echo(size),
	Expect:   cases.HaveFailed(), // the limit does not wait for a client that still writes
	Why: "Between a client and its server there is often a machine with opinions: a proxy with a size limit, a virus " +
		"scanner, a metered link. When it has had enough it closes the connection, and the client gets the first half " +
		"and then the same polite end as ever. If it does not know how much to expect, it cannot tell that it was robbed.",
	Fix: fixEnd,
})

var _ = cases.Register(cases.Case{
	ID:     "tcp.disconnect.half-close-mid-message",
	Title:  "reports an early end when the server stops sending inside a message but stays connected",
	Level:  cases.Must,
	Role:   cases.Client,
	Speaks: cases.Streams,
	Basis:  cases.Practice(cases.NeverLie, "an orderly end inside a message is an error, whether or not the peer still listens"),
	Since:  "0.1",
	Wire: func(_ cases.Timing, sent cases.Request) []proxy.Fault {
		return []proxy.Fault{proxy.HalfClose().TowardsTarget().After(sent.Body + size/2).OnceSent(sent.Asked)}
	},
	Exchange: fixtures.Echo(size),
	Expect:   cases.HaveBeenClosed(),
	Why: "Each direction of a connection ends by itself: the server may say \"that was my last byte\" and go on " +
		"listening. For the reply it makes no difference, the rest will never come. But a client that only notices a dead " +
		"connection when it fails to write waits here for ever, and one that loops over reads that return nothing burns a " +
		"whole processor while it does.",
	Fix: "Go: leave the read loop on io.EOF, whatever conn.Write would still accept; io.ReadFull does.\n" +
		"Python: leave the loop when recv() returns b\"\": it will return b\"\" for ever after.\n" +
		"Node: listen for \"end\", not only for \"close\", which may come much later, and reject the request there.\n" +
		"Java: leave the loop when read() returns -1: it will return -1 for ever after. isConnected() stays true.",
})
