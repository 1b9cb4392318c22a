package httpx

import (
	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/proxy"
	"github.com/faultwire/faultwire/suites/cases"
)

const (
	fixPassOn = "Go: httputil.ReverseProxy does it; by hand, when io.Copy from the origin fails behind the header: panic(http.ErrAbortHandler).\n" +
		"Python: let the exception end the connection; do not write the last chunk (0) in a finally block.\n" +
		"Node: stream.pipeline(upstream, reply, …): it destroys the reply; upstream.pipe(reply) alone ends it in order.\n" +
		"Java: close the client's socket; do not close the OutputStream that would write the last chunk."

	fixOrigin = "Go: Transport{ResponseHeaderTimeout: d}, and conn.SetReadDeadline before each read of the content.\n" +
		"Python: a timeout for the request to the origin, and 504 in except TimeoutError; a thread or a task for each client.\n" +
		"Node: request.setTimeout(ms, () => request.destroy(…)), and 504 in \"error\" as long as no header was sent.\n" +
		"Java: HttpRequest.timeout(d) ends with the header: bound the reading of the content, too."
)

// asked is a client that takes all of the page, or none of it.
var asked = fixtures.Echo(13).Playing(fixtures.Script("client", fixtures.Dial(), fixtures.Send(0), fixtures.ExpectHonesty(0), fixtures.Close()))

// answered expects the client of a gateway to have been told something that is true.
func answered() cases.Expectation {
	return cases.JudgeFunc(func(o cases.Observation) *cases.Broken {
		promise := cases.NeverLie
		switch o.Outcome {
		case fixtures.OK:
			return nil
		case fixtures.Timeout:
			promise = cases.NeverHang
		}
		return &cases.Broken{Promise: promise, Expected: "the page, whole, or a status that says there is none, or an end by which it is seen not to be whole",
			Seen: "its client got: " + o.Detail}
	})
}

// half is the middle of the page's content.
func half(page fixtures.Message) int64 {
	if page.HTTP.Framing == fixtures.ByChunks {
		return int64(page.At(fixtures.BeforeChunk(page.HTTP.Chunks(page.Size) / 2)))
	}
	return int64(page.At(fixtures.InContent(page.Size / 2)))
}

var _ = cases.RegisterFamily("framing", []string{"length", "chunks"}, func(framing string) cases.Case {
	return cases.Case{
		ID:     "http.gateway.cut",
		Title:  "does not pass on as whole what the server behind it broke off",
		Level:  cases.Must,
		Quick:  framing == "chunks",
		Role:   cases.Server,
		Speaks: cases.HTTP,
		Basis:  cases.Practice(cases.NeverLie, "who passes a message on says of it what he knows; when one is complete RFC 9110 §6.1 and RFC 9112 §8 tell"),
		Since:  "0.1",
		Origin: &cases.Origin{
			Framing: map[string]fixtures.Framing{"length": fixtures.ByLength, "chunks": fixtures.ByChunks}[framing],
			Wire: func(_ cases.Timing, page fixtures.Message) []proxy.Fault {
				return []proxy.Fault{proxy.Close().TowardsTarget().After(half(page)).OnConnection(1)}
			},
		},
		Exchange: asked,
		Expect:   answered(),
		Why: "The server behind the gateway dies in the middle of its reply. The gateway has passed the header on, and half of the content. If it now ends its " +
			"own reply in order, with a last chunk, or with a length that it counted itself, it makes a whole page of half a one, and every client, cache and " +
			"browser behind it believes that: the one who saw the damage has hidden it.",
		Fix: fixPassOn,
	}
})

var _ = cases.Register(cases.Case{
	ID:     "http.gateway.until-close-reset",
	Title:  "does not pass on as whole a content of no stated length that the server behind it ended by an abort",
	Level:  cases.Should,
	Role:   cases.Server,
	Speaks: cases.HTTP,
	Basis: cases.Practice(cases.NeverLie, "RFC 9112 §8 has a client take content that ends with the connection for complete, unless it ended by an error; the gateway "+
		"is that client"),
	Since: "0.1",
	Origin: &cases.Origin{
		Framing: fixtures.ByClose,
		Wire: func(_ cases.Timing, page fixtures.Message) []proxy.Fault {
			return []proxy.Fault{proxy.ResetPeer().TowardsTarget().After(half(page)).OnConnection(1)}
		},
	},
	Exchange: asked,
	Expect:   answered(),
	Why: "Content without a stated length ends where the connection ends. The only sign of a broken one is that the connection was reset. The gateway sees " +
		"it; the client cannot, unless the gateway breaks off in turn. A loop that copies until read() fails, whatever the failure, makes a clean end of it.",
	Fix: fixPassOn,
})

var _ = cases.Register(cases.Case{
	ID:     "http.gateway.no-reply",
	Title:  "says so when the server behind it ends the connection without a reply",
	Level:  cases.Must,
	Role:   cases.Server,
	Speaks: cases.HTTP,
	Basis: cases.Practice(cases.NeverLie, "no reply is no success. RFC 9110 §15.6.3 has a status for it, 502 (Bad Gateway): the server, while acting as a gateway, "+
		"\"received an invalid response from an inbound server\""),
	Since: "0.1",
	Origin: &cases.Origin{Wire: func(cases.Timing, fixtures.Message) []proxy.Fault {
		return []proxy.Fault{proxy.Close().TowardsTarget().OnConnection(1)}
	}},
	Exchange: asked,
	Expect:   answered(),
	Why: "The server behind the gateway was restarted, or crashed over this very request. A gateway that shows a friendly page then, with status 200, tells " +
		"every program that asked that all is well: the page is stored, counted and cached. 502 is for this, and it may well have a friendly page.",
	Fix: "Go: ReverseProxy.ErrorHandler, or http.Error(w, …, http.StatusBadGateway).\n" +
		"Python: self.send_error(502) in except (ConnectionError, HTTPException).\n" +
		"Node: reply.writeHead(502) in the request's \"error\".\n" +
		"Java: exchange.sendResponseHeaders(502, …) in catch (IOException e).",
})

var _ = cases.RegisterFamily("at", []string{"begin", "content"}, func(at string) cases.Case {
	return cases.Case{
		ID:     "http.gateway.silent",
		Title:  "gives up a server behind it that falls silent, when its read deadline passes",
		Level:  cases.Must,
		Quick:  at == "begin",
		Role:   cases.Server,
		Speaks: cases.HTTP,
		Basis: cases.Practice(cases.NeverHang, "a declared read deadline is how long it waits for the server behind it. RFC 9110 §15.6.5 has a status for it, "+
			"504 (Gateway Timeout)"),
		Since:    "0.1",
		Deadline: fixtures.ReadDeadline,
		Timed:    true,
		Origin: &cases.Origin{Wire: func(_ cases.Timing, page fixtures.Message) []proxy.Fault {
			after := map[string]int64{"begin": 0, "content": half(page)}[at]
			return []proxy.Fault{proxy.Stall().TowardsTarget().After(after).OnConnection(1)}
		}},
		Exchange: asked,
		Expect:   cases.And(answered(), cases.HaveTakenAtMost(fixtures.ReadDeadline)),
		Why: "The server behind the gateway hangs. Without a deadline the gateway hangs with it, and each client that waits holds a connection, a thread and its " +
			"memory there: soon the gateway answers nobody, though most of what is behind it works. A deadline for the header alone does not help " +
			"where the silence comes in the middle of the content.",
		Fix: fixOrigin,
	}
})

var _ = cases.Register(cases.Case{
	ID:     "http.gateway.slow-neighbour",
	Title:  "serves another client while the server behind it is slow for one",
	Level:  cases.Must,
	Role:   cases.Server,
	Speaks: cases.HTTP,
	Basis:  cases.Practice(cases.Recover, "one request that waits keeps no other waiting"),
	Since:  "0.1",
	Origin: &cases.Origin{Wire: func(cases.Timing, fixtures.Message) []proxy.Fault {
		return []proxy.Fault{proxy.Bandwidth(1).TowardsTarget().OnConnection(1)} // no silence that a deadline could end, for 5 s
	}},
	Exchange: fixtures.Echo(13).Playing(fixtures.Script("stuck", fixtures.Dial(), fixtures.Send(0), fixtures.Await("bystander"), fixtures.ResetConn()).AsScenery()).
		Beside(fixtures.Echo(13), "fault"),
	Expect: cases.HaveServedTheBystander(),
	Why: "One page behind the gateway takes long, the others are quick. If a single connection to the server behind, or a lock around it, serves all clients in " +
		"turn, the quick ones wait for the slow one, and a user who clicks on it twice takes the whole site down.",
	Fix: "Go: net/http serves each client in a goroutine; hold no lock while you ask the server behind, and set no MaxConnsPerHost: 1.\n" +
		"Python: ThreadingHTTPServer in place of HTTPServer, and a connection to the server behind for each request.\n" +
		"Node: no http.Agent with maxSockets: 1, and no queue that awaits one request before it begins the next.\n" +
		"Java: HttpServer.setExecutor(Executors.newCachedThreadPool()): without it one request is served after another.",
})
