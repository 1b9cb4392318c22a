package httpx

import (
	"fmt"

	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/proxy"
	"github.com/faultwire/faultwire/suites/cases"
)

const fixParser = "Go: net/http does it; by hand http.ReadRequest on one bufio.Reader for the connection's whole life.\n" +
	"Python: http.server does it, several requests a connection with protocol_version = \"HTTP/1.1\"; by hand makefile(\"rb\") and readline(), and keep what is left for the next request.\n" +
	"Node: http does it; by hand keep the rest of a \"data\" event.\n" +
	"Java: com.sun.net.httpserver does it; by hand one BufferedInputStream a connection."

var _ = cases.Register(cases.Case{
	ID:     "http.request.pipelined",
	Title:  "answers three requests that come together, in their order",
	Level:  cases.Must,
	Quick:  true,
	Role:   cases.Server,
	Speaks: cases.HTTP,
	Basis:  cases.Norm("RFC 9112", `§9.3.2: a server "MUST send the corresponding responses in the same order that the requests were received"`),
	Since:  "0.1",
	// A reply to HEAD has no content: in another place it would be misread.
	Exchange: fixtures.Exchange{Messages: []fixtures.Message{{}, {HTTP: fixtures.HTTP{Method: "HEAD"}, Of: 1}, {Of: 2}}}.Playing(
		fixtures.Script("client", fixtures.Dial(), fixtures.SendTogether(0, 3), fixtures.Expect(0), fixtures.Expect(1), fixtures.Expect(2), fixtures.Close())),
	Expect: cases.HaveDelivered(),
	Why: "A client may send its next request before it has the answer to the first. They arrive in one piece. A server that reads \"what is there\" and " +
		"looks for one request in it throws the others away, and the client waits for answers that nobody will write.",
	Fix: fixParser,
})

var _ = cases.RegisterFamily("bytes", []int64{1, 7}, func(n int64) cases.Case {
	return cases.Case{
		ID:     "http.request.sliced",
		Title:  "understands a request however it is cut",
		Level:  cases.Must,
		Quick:  n == 1,
		Role:   cases.Server,
		Speaks: cases.HTTP,
		Basis:  cases.Norm("RFC 9112", `§2.2: a message is parsed "as a sequence of octets"; RFC 9293 §2.2: TCP is a byte stream, whose segments mean nothing`),
		Since:  "0.1",
		Wire: func(cases.Timing, cases.Request) []proxy.Fault {
			slices := proxy.Slice(n).TowardsTarget()
			if n == 1 {
				slices = slices.UntilByte(40) // soon enough for who waits for a header section only so long
			}
			return []proxy.Fault{slices}
		},
		Exchange: fixtures.Echo(13),
		Expect:   cases.HaveDelivered(),
		Why: "A request is a few lines, and mostly one packet brings them all. Over a slow or a lossy link they come in pieces: half a line, a CR without " +
			"its LF. A server that parses each read by itself answers 400 to people whose only fault is their network.",
		Fix: fixParser,
	}
})

var _ = cases.Register(cases.Case{
	ID:     "http.request.head-cut",
	Title:  "survives a request that ends inside its header section, and answers it with no success",
	Level:  cases.Must,
	Role:   cases.Server,
	Speaks: cases.HTTP,
	Basis:  cases.Practice(cases.NeverLie, `a part of a request is no request. (RFC 9112 §8: "A server that receives an incomplete request message, usually due to a canceled request or a triggered timeout exception, MAY send an error response prior to closing the connection")`),
	Since:  "0.1",
	Exchange: fixtures.Echo(200).Playing(
		fixtures.Script("client", fixtures.Dial(), fixtures.SendPart(0, 0, -100), fixtures.CloseWrite(), fixtures.ExpectNoSuccess(0), fixtures.Close())),
	Expect: cases.HaveDelivered(),
	Why: "The user pressed \"stop\" before the request was out. What came is not a request. A server that acts on it guesses at the rest: which host, " +
		"which user, which conditions. And one that throws where it expected another line may take its worker with it.",
	Fix: "Go: net/http does it; by hand http.ReadRequest returns io.ErrUnexpectedEOF: answer nothing, or 400.\n" +
		"Python: http.server takes the end for the empty line, and answers; by hand a readline() of b\"\" before the empty line means that there is no request.\n" +
		"Node: http does it; by hand \"end\" before the empty line means that there is no request.\n" +
		"Java: com.sun.net.httpserver does it; by hand a read() of -1 before the empty line means that there is no request.",
})

var _ = cases.Register(cases.Case{
	ID:     "http.request.body-cut",
	Title:  "does not answer with success a request whose content is not all there",
	Level:  cases.Must,
	Quick:  true,
	Role:   cases.Server,
	Speaks: cases.HTTP,
	Basis:  incomplete,
	Since:  "0.1",
	Exchange: fixtures.Exchange{Messages: []fixtures.Message{{Size: size, HTTP: fixtures.HTTP{Method: "POST"}}}}.Playing(
		fixtures.Script("client", fixtures.Dial(), fixtures.SendPart(0, 0, -size/2), fixtures.CloseWrite(), fixtures.ExpectNoSuccess(0), fixtures.Close())),
	Expect: cases.HaveDelivered(),
	Why: "Half of an upload, and the client ends: its battery is empty. A server that works with what came stores half a file, or an order without its " +
		"last lines, under the name of a whole one. The length stood in the header section.",
	Fix: "Go: io.ReadAll(r.Body) returns io.ErrUnexpectedEOF: check it, and answer 400.\n" +
		"Python: rfile.read(length) may return less: compare, and answer 400.\n" +
		"Node: handle \"aborted\" and \"error\" of the request; \"end\" comes only if it is whole.\n" +
		"Java: exchange.getRequestBody().readAllBytes() throws an IOException: let it end the exchange.",
})

var _ = cases.Register(cases.Case{
	ID:     "http.request.half-close",
	Title:  "answers a client that has ended its own direction behind the request",
	Level:  cases.Should,
	Role:   cases.Server,
	Speaks: cases.HTTP,
	Basis:  cases.Practice(cases.NeverLie, "who has asked to the end is answered. (RFC 9293 §3.6: to close is to have no more to send; RFC 9112 §9.6 lets a connection be closed so)"),
	Since:  "0.1",
	Exchange: fixtures.Echo(13).Playing(
		fixtures.Script("client", fixtures.Dial(), fixtures.Send(0), fixtures.CloseWrite(), fixtures.Expect(0), fixtures.ExpectEnd())),
	Expect: cases.HaveDelivered(),
	Why: "\"That was my question, I have no more\": a FIN behind the request, as simple tools send it. The other direction is open, and the answer is " +
		"awaited. A server that takes the end of the input for the end of the client hangs up without a word.",
	Fix: "Go: net/http answers, but it cancels r.Context(): what an answer needs must not hang on that (context.WithoutCancel).\n" +
		"Python: b\"\" from recv() behind a whole request is no reason not to answer.\n" +
		"Node: http.createServer sets allowHalfOpen: do not destroy() in \"end\".\n" +
		"Java: read() returning -1 behind a whole request is no reason not to answer.",
})

var _ = cases.Register(cases.Case{
	ID:       "http.request.head-drip",
	Title:    "ends a client that sends its header section drop by drop",
	Level:    cases.Should,
	Quick:    true,
	Role:     cases.Server,
	Speaks:   cases.HTTP,
	Basis:    cases.Documented("Go http.Server.ReadHeaderTimeout", `"the amount of time allowed to read request headers"; RFC 9110 §15.5.9 has the status for it, 408, and RFC 9112 §9.5 leaves the limit to the server`),
	Since:    "0.1",
	Deadline: fixtures.IdleDeadline,
	Timed:    true,
	Exchange: fixtures.Echo(2000).Playing(fixtures.Script("dripper",
		fixtures.Dial(), fixtures.SendPart(0, 0, -1).Dripping(40, fixtures.IdleDeadline.Times(0.2)).Until("peer"), fixtures.ExpectNoSuccess(0), fixtures.Close())),
	Expect: cases.And(cases.HaveDelivered(), endedIn(4)),
	Why: "A few bytes of a header now and then keep a connection alive for hours: never silent, never done. A few hundred of them are all that a server " +
		"has. An idle limit does not help, since it is wound up by every byte; the header section needs one for itself.",
	Fix: "Go: http.Server{ReadHeaderTimeout: 5 * time.Second}.\n" +
		"Python: a deadline for the whole request, time.monotonic() before each readline(); a proxy in front.\n" +
		"Node: server.headersTimeout and server.requestTimeout (60 and 300 seconds by default).\n" +
		"Java: -Dsun.net.httpserver.maxReqTime, or a proxy in front.",
})

const uploaders = 10

var _ = cases.Register(cases.Case{
	ID:       "http.request.slow-uploads",
	Title:    "serves a newcomer while ten clients send their content drop by drop",
	Level:    cases.Should,
	Role:     cases.Server,
	Speaks:   cases.HTTP,
	Basis:    cases.Practice(cases.Recover, "clients that are slow, on purpose or not, do not keep others from being served"),
	Since:    "0.1",
	Exchange: fixtures.Exchange{Messages: []fixtures.Message{{Size: size, HTTP: fixtures.HTTP{Method: "POST"}}}}.Playing(slowly(uploaders)...).Beside(fixtures.Echo(13), slow(uploaders)),
	Expect:   cases.HaveServedTheBystander(),
	Why: "An upload over a bad link takes minutes, and all that time the server waits for the next byte. If it waits in one of a few workers, ten such " +
		"clients are enough to stop it: no attack is needed, a train full of telephones will do.",
	Fix: "Go: net/http has a goroutine for each; http.Server.ReadTimeout, or SetReadDeadline in the handler, bounds it.\n" +
		"Python: ThreadingHTTPServer instead of HTTPServer; with gunicorn an asynchronous worker, or a proxy that buffers.\n" +
		"Node: http has no workers to run out of; server.requestTimeout bounds it.\n" +
		"Java: virtual threads (from 21 on), or an asynchronous servlet; a pool of 200 is soon full.",
})

// slowly is n clients that come one after another, and whose content is on its way when the last has begun.
func slowly(n int) []fixtures.Conn {
	conns := make([]fixtures.Conn, 0, n)
	for i := 1; i <= n; i++ {
		steps := []fixtures.Step{
			fixtures.Dial(), fixtures.SendPart(0, 0, -size/2), fixtures.Signal(slow(i)),
			fixtures.SendPart(0, -size/2, 0).Dripping(1, fixtures.IdleDeadline.Times(0.25)).Until("bystander"), fixtures.Close(),
		}
		if i > 1 {
			steps = append([]fixtures.Step{fixtures.Await(slow(i - 1))}, steps...)
		}
		conns = append(conns, fixtures.Script(fmt.Sprintf("uploader %d", i), steps...).AsScenery())
	}
	return conns
}

func slow(i int) string { return fmt.Sprintf("uploader %d under way", i) }
