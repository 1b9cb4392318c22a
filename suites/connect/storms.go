package connect

import (
	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/suites/cases"
)

const storms = 20 // visitors: below the 50 a second at which xinetd, by default, closes its door for a while

var _ = cases.Register(cases.Case{
	ID:     "tcp.connect.close-storm",
	Title:  "goes on serving after visitors that connect and leave without a word",
	Level:  cases.Must,
	Quick:  true,
	Role:   cases.Server,
	Speaks: cases.Connections,
	Basis:  cases.Practice(cases.Recover, "a client that says nothing costs the server nothing: the next one is served"),
	Since:  "0.1",
	Exchange: fixtures.Echo(13).Playing(
		fixtures.Script("visitor", fixtures.Dial(), fixtures.Close()).Times(storms).AsScenery(),
	).Beside(fixtures.Echo(13), "visitor"),
	Expect: cases.And(cases.HaveServedTheBystander(), cases.HaveServedAFollowUp()),
	Why: "Port scanners, health checks and impatient users open a connection and close it again without sending a byte. " +
		"A server that serves one connection and then ends, or that stumbles over an empty request, is gone after the " +
		"first of them, and everyone who comes later finds the door shut.",
	Fix: "Go: call Accept in a loop and give each connection its own goroutine; io.EOF from its first Read is no failure.\n" +
		"Python: while True around accept(), and take recv() returning b\"\" for the end of that client only.\n" +
		"Node: net.createServer serves on by itself; do not call server.close() in a connection's \"end\" handler.\n" +
		"Java: while (true) around ServerSocket.accept(), and end only the connection when read() returns -1.",
})

var _ = cases.Register(cases.Case{
	ID:     "tcp.connect.reset-storm",
	Title:  "goes on serving after visitors that connect and abort at once",
	Level:  cases.Must,
	Quick:  true,
	Role:   cases.Server,
	Speaks: cases.Connections,
	Basis: cases.Practice(cases.Recover, "a connection that died before it was served is not the server's failure; POSIX accept() "+
		"names it: ECONNABORTED"),
	Since: "0.1",
	Exchange: fixtures.Echo(13).Playing(
		fixtures.Script("visitor", fixtures.Dial(), fixtures.ResetConn()).AtOnce(storms).AsScenery(),
	).Beside(fixtures.Echo(13), "visitor"),
	Expect: cases.And(cases.HaveServedTheBystander(), cases.HaveServedAFollowUp()),
	Why: "A connection can die while it still waits to be accepted: the client crashed or was killed. The server hears of " +
		"it in odd places, from accept() itself, from asking for the peer's address, or from the first read. One error " +
		"that nobody catches there ends the loop that accepts, and with it the service for everybody.",
	Fix: "Go: when Accept returns an error, log it and continue, unless errors.Is(err, net.ErrClosed).\n" +
		"Python: put try/except OSError around accept(), and another around each client's handler (getpeername() too).\n" +
		"Node: add socket.on(\"error\", …) to every socket of net.createServer: an unheard error ends the process.\n" +
		"Java: catch IOException inside the accept() loop, not around it; run each client in a try of its own.",
})
