package connect

import (
	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/proxy"
	"github.com/faultwire/faultwire/suites/cases"
)

// The client may be writing when these strike: then the kernel, not the client, chooses between reset, broken pipe and end.

var _ = cases.Register(cases.Case{
	ID:       "tcp.connect.reset-on-accept",
	Title:    "reports an error when the server aborts the connection as soon as it is made",
	Level:    cases.Must,
	Quick:    true,
	Role:     cases.Client,
	Speaks:   cases.Connections,
	Basis:    cases.Practice(cases.SayWhat, "an aborted connection is an error, known at once, and no timeout"),
	Since:    "0.1",
	Wire:     func(cases.Timing, cases.Request) []proxy.Fault { return []proxy.Fault{proxy.AcceptThenReset()} },
	Exchange: fixtures.Echo(13),
	Expect:   cases.HaveFailed(),
	Why: "A load balancer with no healthy server behind it, or a server that has run out of room, often accepts a " +
		"connection only to abort it. The connect has succeeded, so the first sign of trouble is an error from a write or " +
		"a read. A client that ignores the result of its write, or retries in a tight loop, looks stuck for a reason that " +
		"was there to be read.",
	Fix: "Go: check the error of every conn.Write and conn.Read; one is syscall.ECONNRESET or syscall.EPIPE.\n" +
		"Python: catch ConnectionError around sendall() and recv(): it covers ConnectionResetError and BrokenPipeError.\n" +
		"Node: socket.on(\"error\", …) reports ECONNRESET or EPIPE; reject the pending request there.\n" +
		"Java: let the IOException of OutputStream.write and InputStream.read (\"Connection reset\", \"Broken pipe\") out.",
})

var _ = cases.Register(cases.Case{
	ID:       "tcp.connect.closed-on-accept",
	Title:    "reports an error when the server closes the connection as soon as it is made",
	Level:    cases.Must,
	Quick:    true,
	Role:     cases.Client,
	Speaks:   cases.Connections,
	Basis:    cases.Practice(cases.NeverLie, "a connection that ends before any reply has brought no reply, not an empty one"),
	Since:    "0.1",
	Wire:     func(cases.Timing, cases.Request) []proxy.Fault { return []proxy.Fault{proxy.AcceptThenClose()} },
	Exchange: fixtures.Echo(13),
	Expect:   cases.HaveFailed(),
	Why: "When the other side closes in good order, nothing looks like an error: a read simply returns no bytes. A " +
		"beginner's client takes these no bytes for the answer, prints an empty line and exits with success, although " +
		"its request was never even read. Whoever calls the program believes that all is well.",
	Fix: "Go: treat io.EOF before the reply is complete as an error; io.ReadFull does it for you.\n" +
		"Python: if recv() returns b\"\" while bytes are still missing, raise an error: it is the end, not a message.\n" +
		"Node: in socket.on(\"end\") or on(\"close\") reject the request unless the whole reply is there.\n" +
		"Java: InputStream.read() returning -1 too early is an EOFException; DataInputStream.readFully throws it.",
})
