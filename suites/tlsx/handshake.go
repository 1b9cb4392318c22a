package tlsx

import (
	"fmt"
	"time"

	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/proxy"
	"github.com/faultwire/faultwire/suites/cases"
)

// Where in what the server says first a handshake is disturbed: before it, in the header of the first record, in the ServerHello, and
// behind that, where the certificate is.
var flights = []string{"begin", "record", "hello", "certificate"}

func bytes(at string) int64 {
	return map[string]int64{"begin": 0, "record": 3, "hello": 50, "certificate": 400}[at]
}

var _ = cases.RegisterFamily("at", flights, func(at string) cases.Case {
	return cases.Case{
		ID:       "tls.handshake.stall",
		Title:    "reports a timeout when the server falls silent in the handshake",
		Level:    cases.Must,
		Quick:    at == "begin" || at == "hello",
		Role:     cases.Client,
		Speaks:   cases.Connections,
		Basis:    cases.Practice(cases.NeverHang, "the handshake is under a declared deadline, too: that of the connect, of the read, or of the whole"),
		Since:    "0.1",
		Deadline: fixtures.ReadDeadline,
		Timed:    true,
		Wire: func(cases.Timing, cases.Request) []proxy.Fault {
			stall := proxy.Stall().TowardsTarget()
			if at == "begin" {
				return []proxy.Fault{stall.At(0)}
			}
			return []proxy.Fault{stall.After(bytes(at))}
		},
		Exchange: fixtures.Echo(1000),
		Expect:   cases.And(cases.HaveTimedOut(), cases.JudgeFunc(inTime)),
		Why: "The connection is made, so the connect deadline has done its work; nothing was sent yet, so the read deadline has not begun. In " +
			"between, client and server exchange keys, and if the server says nothing there, many programs have no clock that runs.",
		Fix: "Go: tls.Dialer with a context.WithTimeout, or conn.SetDeadline before Handshake; http.Transport.TLSHandshakeTimeout.\n" +
			"Python: settimeout() before wrap_socket(): do_handshake() obeys it.\n" +
			"Node: socket.setTimeout(ms) right after tls.connect(), with destroy() in \"timeout\".\n" +
			"Java: setSoTimeout(ms) on the SSLSocket before startHandshake().",
	}
})

// inTime expects the end at whichever deadline covers a handshake: not before the shortest, nor behind the longest.
func inTime(o cases.Observation) *cases.Broken {
	if o.Undeclared {
		return nil
	}
	t := o.Timing
	low, _ := cases.Window(min(t.Connect, t.Read, t.Total), o.Scale)
	_, high := cases.Window(max(t.Connect, t.Read, t.Total), o.Scale)
	if o.Elapsed+o.Blur >= low && o.Elapsed <= high {
		return nil
	}
	return &cases.Broken{Promise: cases.NeverHang, Expected: fmt.Sprintf("an end after %v to %v", low, high),
		Seen: fmt.Sprintf("%s after %v", o.Outcome, o.Elapsed.Round(time.Millisecond))}
}

var _ = cases.RegisterFamily("at", flights, func(at string) cases.Case {
	return broken("fin", at, "closed", proxy.Close(), cases.Practice(cases.SayWhat, "an end in the handshake is an error, known at once, and no timeout"))
})

var _ = cases.RegisterFamily("at", flights, func(at string) cases.Case {
	return broken("reset", at, "aborted", proxy.ResetPeer(), cases.Practice(cases.SayWhat, "an abort in the handshake is an error, known at once, and no timeout. RFC 9293 §3.6 (MUST-12) has TCP tell the client"))
})

func broken(how, at, word string, fault proxy.Fault, basis cases.Basis) cases.Case {
	fault = fault.TowardsTarget().After(bytes(at))
	if at == "begin" {
		fault = fault.OnceSent(1)
	}
	return cases.Case{
		ID:       "tls.handshake." + how,
		Title:    "reports an error when the connection is " + word + " in the handshake",
		Level:    cases.Must,
		Quick:    at == "hello",
		Role:     cases.Client,
		Speaks:   cases.Connections,
		Basis:    basis,
		Since:    "0.1",
		Timed:    true,
		Wire:     func(cases.Timing, cases.Request) []proxy.Fault { return []proxy.Fault{fault} },
		Exchange: fixtures.Echo(1000),
		Expect:   cases.And(cases.HaveFailed(), cases.HaveEndedBefore(fixtures.ReadDeadline)),
		Why: "A server that cannot read its key, a proxy that does not like the name asked for, a firewall: many say so by hanging up in the " +
			"middle of the handshake. The client knows at once that there will be no secure connection, and should say so at once, " +
			"instead of waiting for its deadline or, worse, going on without.",
		Fix: "Go: Handshake returns io.EOF or ECONNRESET: report it.\n" +
			"Python: ssl.SSLEOFError, ConnectionResetError: let them out.\n" +
			"Node: \"error\" (ECONNRESET: \"Client network socket disconnected before secure TLS connection was established\").\n" +
			"Java: SSLHandshakeException (\"Remote host terminated the handshake\"), SocketException: let them out.",
	}
}

var _ = cases.Register(cases.Case{
	ID:     "tls.handshake.plaintext",
	Title:  "reports an error when the server answers in plain text",
	Level:  cases.Must,
	Role:   cases.Client,
	Speaks: cases.Connections,
	Basis:  cases.Norm("RFC 8446", `§5: "If a TLS implementation receives an unexpected record type, it MUST terminate the connection with an "unexpected_message" alert"`),
	Since:  "0.1",
	Timed:  true,
	Exchange: fixtures.Echo(1000).Playing(fixtures.Script("server",
		fixtures.SendLiteral([]byte("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")...), fixtures.Await("peer")).WithoutTLS().Times(50)),
	Expect: cases.And(cases.HaveFailed(), cases.HaveEndedBefore(fixtures.ReadDeadline)),
	Why: "The port is right, the protocol is not: somebody forgot to switch TLS on, or stands in between and hopes that it will do without. What comes " +
		"is no record of TLS, and nothing may be made of it.",
	Fix: "Go: tls does it: \"first record does not look like a TLS handshake\".\n" +
		"Python: ssl does it: SSLError WRONG_VERSION_NUMBER. Do not fall back to plain text.\n" +
		"Node: tls does it: ERR_SSL_WRONG_VERSION_NUMBER.\n" +
		"Java: SSLException \"Unsupported or unrecognized SSL message\": let it out.",
})

const silent = 60 // clients

var _ = cases.Register(cases.Case{
	ID:       "tls.handshake.silent-clients",
	Title:    "serves a newcomer while sixty clients have connected and begun no handshake",
	Level:    cases.Should,
	Role:     cases.Server,
	Speaks:   cases.Connections,
	Basis:    cases.Practice(cases.Recover, "clients that are only connected do not keep others from being served"),
	Since:    "0.1",
	Exchange: fixtures.Echo(13).Playing(crowd(silent)...).Beside(fixtures.Echo(13), seat(silent)),
	Expect:   cases.HaveServedTheBystander(),
	Why: "A handshake takes two to talk. A server that makes it in its accept loop, before it gives the connection to a worker, waits there for a " +
		"client that says nothing, and nobody else gets in.",
	Fix: "Go: the listener of tls.Listen leaves it to the first Read, in the connection's own goroutine; do not call Handshake in the accept loop.\n" +
		"Python: wrap_socket(…, do_handshake_on_connect=False) around the listener, and do_handshake() in the client's thread.\n" +
		"Node: tls.createServer does it; handshakeTimeout ends it.\n" +
		"Java: startHandshake() in the client's thread, with setSoTimeout before it.",
})

// crowd is n clients that come one after another and say nothing.
func crowd(n int) []fixtures.Conn {
	conns := make([]fixtures.Conn, 0, n)
	for i := 1; i <= n; i++ {
		steps := []fixtures.Step{fixtures.Dial(), fixtures.Signal(seat(i)), fixtures.Await("bystander"), fixtures.Close()}
		if i > 1 {
			steps = append([]fixtures.Step{fixtures.Await(seat(i - 1))}, steps...)
		}
		conns = append(conns, fixtures.Script(fmt.Sprintf("silent %d", i), steps...).AsScenery().WithoutTLS())
	}
	return conns
}

func seat(i int) string { return fmt.Sprintf("seat %d", i) }
