package disconnect

import (
	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/proxy"
	"github.com/faultwire/faultwire/suites/cases"
)

const fixReset = "Go: return conn.Read's error as it is: errors.Is(err, syscall.ECONNRESET), neither io.EOF nor a timeout.\n" +
	"Python: let ConnectionResetError out of recv(); an except OSError that returns b\"\" turns it into an end.\n" +
	"Node: socket.on(\"error\", e => …) with e.code === \"ECONNRESET\" comes before \"close\": reject with it.\n" +
	"Java: let the SocketException (\"Connection reset\") of read() out; do not catch IOException and return what came."

var _ = cases.Register(cases.Case{
	ID:     "tcp.disconnect.reset-before-reply",
	Title:  "reports a reset when the connection is aborted before the reply",
	Level:  cases.Must,
	Quick:  true,
	Role:   cases.Client,
	Speaks: cases.Connections,
	Basis: cases.Practice(cases.SayWhat, "an abort is told from an orderly end. RFC 9293 §3.6 (MUST-12) has TCP tell the client; "+
		"the client tells its user"),
	Since: "0.1",
	Wire: func(_ cases.Timing, sent cases.Request) []proxy.Fault {
		return []proxy.Fault{proxy.ResetPeer().TowardsTarget().OnceSent(sent.Asked)}
	},
	Exchange: fixtures.Echo(size),
	Expect:   cases.HaveBeenReset(),
	Why: "A reset is TCP's way of slamming the door: the server's process was killed, or a firewall cut the line. The " +
		"request may or may not have been carried out, and that is just what the caller must know before it tries again. " +
		"A client that reports a timeout, or an ordinary end, takes this knowledge away: the order is placed twice, or " +
		"never.",
	Fix: fixReset,
})

var _ = cases.RegisterFamily("at", []int64{1, 512, 1023}, func(at int64) cases.Case {
	return cases.Case{
		ID:     "tcp.disconnect.reset-mid-message",
		Title:  "reports a reset when the connection is aborted inside a message",
		Level:  cases.Must,
		Quick:  at == 512,
		Role:   cases.Client,
		Speaks: cases.Streams,
		Basis: cases.Practice(cases.SayWhat, "an abort inside a message is told from an orderly end. RFC 9293 §3.6 (MUST-12) has TCP "+
			"tell the client; the client tells its user"),
		Since: "0.1",
		Wire: func(_ cases.Timing, sent cases.Request) []proxy.Fault {
			return []proxy.Fault{proxy.ResetPeer().TowardsTarget().After(sent.Body + at).OnceSent(sent.Asked)}
		},
		Exchange: fixtures.Echo(size),
		Expect:   cases.HaveBeenReset(),
		Why: "The system tells a program of a reset exactly once. The read that gets the error must keep it: the next read " +
			"returns nothing, as if the connection had ended in good order. Clients that try once more after an error, or " +
			"catch every exception and hand out what they have, deliver part of a reply and never learn that the server " +
			"died while it was writing it.",
		Fix: fixReset,
	}
})

var _ = cases.Register(cases.Case{
	ID:     "tcp.disconnect.reset-after-reply",
	Title:  "delivers a complete reply although the connection is aborted right behind it",
	Level:  cases.Should,
	Role:   cases.Client,
	Speaks: cases.Streams,
	Basis:  cases.Practice(cases.NeverLie, "a reply that came whole is a success, however the connection ends afterwards"),
	Since:  "0.1",
	Wire: func(_ cases.Timing, sent cases.Request) []proxy.Fault {
		return []proxy.Fault{proxy.ResetPeer().TowardsTarget().After(sent.Bytes).OnceSent(sent.Asked)}
	},
	Exchange: fixtures.Echo(size), // so that the reply is as long as the request
	Expect:   cases.HaveDelivered(),
	Why: "Some servers end every connection with a reset, to save themselves the waiting that an orderly end brings. The " +
		"whole answer has arrived by then. A client that does not stop at the last byte, but reads on until the " +
		"connection is over, runs into the reset and throws a good answer away.",
	Fix: "Go: stop at the last byte that is due (io.ReadFull), not at the end of the stream (io.ReadAll).\n" +
		"Python: stop calling recv() when the message is complete; do not read until b\"\".\n" +
		"Node: resolve the request in \"data\" as soon as the last byte is there, not in \"end\" or \"close\".\n" +
		"Java: readNBytes(length) or readFully() rather than readAllBytes().",
})
