package disconnect

import (
	"slices"

	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/proxy"
	"github.com/faultwire/faultwire/suites/cases"
)

const fixSurvival = "Go: an error of Read or Write ends that connection's goroutine only: return, never log.Fatal or panic.\n" +
	"Python: try/except OSError around each client's whole handler; struct.error and the like belong in it, too.\n" +
	"Node: socket.on(\"error\", …) on every socket: an \"error\" event that nobody hears ends the process.\n" +
	"Java: catch IOException per client, inside its own task; let nothing escape into the accept() loop."

var _ = cases.Register(cases.Case{
	ID:     "tcp.disconnect.resets-survived",
	Title:  "goes on serving after clients that abort in the middle of everything",
	Level:  cases.Must,
	Quick:  true,
	Role:   cases.Server,
	Speaks: cases.Connections,
	Basis:  cases.Practice(cases.Recover, "one client's abort is that client's trouble, never the server's"),
	Since:  "0.1",
	Exchange: fixtures.Echo(1024).Playing(
		fixtures.Script("aborts inside its request",
			fixtures.Dial(), fixtures.SendPart(0, 0, -1), fixtures.ResetConn()).Times(5).AsScenery(),
		fixtures.Script("aborts instead of reading",
			fixtures.Dial(), fixtures.Send(0), fixtures.ResetConn()).Times(5).AsScenery(),
		fixtures.Script("aborts when it is served",
			fixtures.Dial(), fixtures.Send(0), fixtures.Expect(0), fixtures.ResetConn()).Times(5).AsScenery(),
	).Beside(fixtures.Echo(13), "aborts when it is served"),
	Expect: cases.And(cases.HaveServedTheBystander(), cases.HaveServedAFollowUp()),
	Why: "Clients crash, are killed, lose their network. The server hears of it as an error from a read or a write it is " +
		"just doing. If nobody catches that error it climbs up to the main loop and ends the program: one user's crash " +
		"becomes everyone's outage. It may strike while a request comes in, while the answer goes out, or when all is done.",
	Fix: fixSurvival,
})

var _ = cases.Register(cases.Case{
	ID:     "tcp.disconnect.fin-mid-request",
	Title:  "goes on serving after clients that leave in the middle of a request",
	Level:  cases.Must,
	Role:   cases.Server,
	Speaks: cases.Connections,
	Basis:  cases.Practice(cases.Recover, "half a request ends its own connection and nothing else"),
	Since:  "0.1",
	Exchange: fixtures.Echo(1024).Playing(
		fixtures.Script("leaver", fixtures.Dial(), fixtures.SendPart(0, 0, -1), fixtures.Close()).Times(5).AsScenery(),
	).Beside(fixtures.Echo(13), "leaver"),
	Expect: cases.And(cases.HaveServedTheBystander(), cases.HaveServedAFollowUp()),
	Why: "A user presses \"stop\", and the connection is closed after half a request. Reading the other half returns " +
		"nothing, again and again: a loop that waits for the missing bytes without looking at that result spins for ever, " +
		"and a parser that is handed the half throws. Either can take a server down that only ever met whole requests.",
	Fix: fixSurvival,
})

var _ = cases.Register(cases.Case{
	ID:     "tcp.disconnect.reset-while-writing",
	Title:  "goes on serving after clients that are gone while it still writes to them",
	Level:  cases.Must,
	Role:   cases.Server,
	Speaks: cases.Streams,
	Basis: cases.Practice(cases.Recover, "a write to a client that has gone fails, and ends neither the process nor another's "+
		"connection; POSIX send() names the dangers: ECONNRESET, EPIPE and SIGPIPE"),
	Since: "0.1",
	// The wire closes when the last request has been delivered. The server has replies left to write then: the first of
	// them is answered with an RST, the next ones fail.
	Wire: func(_ cases.Timing, sent cases.Request) []proxy.Fault {
		return []proxy.Fault{proxy.Close().TowardsTarget().After(pipelined * sent.Bytes)}
	},
	Exchange: fixtures.Echo(1024).Playing(fixtures.Script("leaver", slices.Concat(
		[]fixtures.Step{fixtures.Dial()},
		slices.Repeat([]fixtures.Step{fixtures.Send(0)}, pipelined),
		slices.Repeat([]fixtures.Step{fixtures.Expect(0)}, pipelined),
	)...).Times(3).AsScenery()).Beside(fixtures.Echo(13), "leaver"),
	Expect: cases.And(cases.HaveServedTheBystander(), cases.HaveServedAFollowUp()),
	Why: "Writing to a client that has left does not fail at once: the first bytes are taken by the system, and only then " +
		"does it learn that nobody is there. The next write gets an error, and in many languages a signal, SIGPIPE, which " +
		"kills a process that has not asked it not to. Servers that check the errors of their reads, but not of their " +
		"writes, end here.",
	Fix: "Go: check the error of conn.Write and end that connection; sockets raise no SIGPIPE in Go.\n" +
		"Python: catch BrokenPipeError and ConnectionResetError (both ConnectionError) around sendall(); leave SIGPIPE ignored.\n" +
		"Node: socket.on(\"error\", …) takes EPIPE and ECONNRESET; check socket.writable before a late write.\n" +
		"Java: catch the IOException (\"Broken pipe\") of OutputStream.write and flush in that client's task.",
})

const pipelined = 100 // requests in one go, unanswered
