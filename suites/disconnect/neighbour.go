package disconnect

import (
	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/suites/cases"
)

const part = 5 // bytes of a request, after which its sender falls silent

var _ = cases.Register(cases.Case{
	ID:     "tcp.disconnect.silent-neighbour",
	Title:  "serves another client at once while one has fallen silent inside its request",
	Level:  cases.Must,
	Quick:  true,
	Role:   cases.Server,
	Speaks: cases.Connections,
	Basis:  cases.Practice(cases.Recover, "a client that stops in the middle keeps nobody else from being served"),
	Since:  "0.1",
	// The silent one goes on afterwards and is served, too: a server that first got rid of it had made the other wait.
	Exchange: fixtures.Echo(13).Playing(fixtures.Script("silent",
		fixtures.Dial(), fixtures.SendPart(0, 0, part), fixtures.Signal("silence"), fixtures.Await("bystander"),
		fixtures.SendPart(0, part, 0), fixtures.Expect(0), fixtures.Close(),
	)).Beside(fixtures.Echo(13), "silence"),
	Expect: cases.And(cases.HaveServedTheBystander(), cases.HaveDelivered()),
	Why: "One client sends a part of its request and then stops, like a phone that has lost its signal. A server that handles " +
		"one client after the other now waits for the rest, and everybody else waits with it. In a test with a single client " +
		"this server looks perfect; with two users it is as reliable as the worse one's network.",
	Fix: "Go: go handle(conn) for every accepted connection.\n" +
		"Python: threading.Thread(target=handle, args=(client,)).start(), socketserver.ThreadingTCPServer, or asyncio.start_server.\n" +
		"Node: keep state per socket, and never loop until data comes: return, and go on in the next \"data\" event.\n" +
		"Java: new Thread(() -> handle(socket)).start() for every accepted socket; from 21 on Thread.startVirtualThread.",
})
