package reassembly

import (
	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/suites/cases"
)

var _ = cases.Register(cases.Case{
	ID:       "tcp.reassembly.cross-talk",
	Title:    "gives each of eight clients its own bytes back",
	Level:    cases.Must,
	Quick:    true,
	Role:     cases.Server,
	Speaks:   cases.Streams,
	Basis:    cases.Practice(cases.Recover, "what one connection carries never shows in another"),
	Since:    "0.1",
	Exchange: several(20, 4096).Playing(fixtures.Script("talker", talk(20)...).AtOnce(8)),
	Expect:   cases.HaveDelivered(),
	Why: "A buffer in a global variable, or in an object that all connections share, works with one client at a time. With " +
		"eight, one client's bytes are overwritten by another's between reading and writing, and a user sees somebody " +
		"else's data. It is the worst thing a server can do, no error is ever reported, and no test with a single client " +
		"finds it.",
	Fix: "Go: buf := make([]byte, n) inside the connection's goroutine; go test -race finds the shared one.\n" +
		"Python: local variables of the handler, not globals and not attributes of the server object.\n" +
		"Node: let buffer inside the createServer callback, one for each socket, not at the top of the file.\n" +
		"Java: byte[] buf as a local variable of the client's task, not a field or a static.",
})

// talk is what a client does that sends n messages and waits for each answer.
func talk(n int) []fixtures.Step {
	steps := []fixtures.Step{fixtures.Dial()}
	for i := range n {
		steps = append(steps, fixtures.Send(i), fixtures.Expect(i))
	}
	return append(steps, fixtures.Close())
}
