package disconnect

import (
	"fmt"
	"slices"

	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/proxy"
	"github.com/faultwire/faultwire/suites/cases"
)

const (
	abrupt = 20 // connections that are reset in each state

	fixLeak = "Go: defer conn.Close() as the first line of the handler, and a deadline, so that the handler ends.\n" +
		"Python: with conn: around the whole handler; a finally: conn.close() runs after a ConnectionResetError, too.\n" +
		"Node: a handler for \"error\", without which the process ends; socket.destroy() in it, and no list that keeps the socket.\n" +
		"Java: try (socket) { … } in the handler: close() has to run after a SocketException, too."
)

// resets are connections that end with an RST in the three states that programs meet: while they wait, while they answer, when
// they have answered. A reset that a write takes hides from the read, and the other way about.
var resets = fixtures.Echo(size).Playing(
	fixtures.Script("idle", fixtures.Dial(), fixtures.ResetConn()).Times(abrupt).AsScenery(),
	fixtures.Script("racing", fixtures.Dial(), fixtures.Send(0), fixtures.ResetConn()).Times(abrupt).AsScenery(),
	fixtures.Script("answered", fixtures.Dial(), fixtures.Send(0), fixtures.Expect(0), fixtures.ResetConn()).Times(abrupt).AsScenery(),
)

// held is one kind of thing that a server must give back when a client is gone.
type held struct {
	id, title, what string
	level           cases.Level
	why             string
}

func init() {
	for _, h := range []held{
		{"socket-leak", "closes its socket when its client is gone, however that went", "sockets", cases.Must,
			"Every connection is a number in a table, and the table is short: often 1024. A server that forgets to close one when " +
				"its client breaks off loses a place each time. It runs for weeks, then it accepts nobody any more, and the log " +
				"says \"too many open files\". The close stands in the code, but behind the line that throws."},
		{"thread-leak", "ends the thread of a client that is gone, however that went", "threads", cases.Must,
			"A thread for each client is easy to write. If a reset ends the client but not the thread, because it waits for a lock, " +
				"tries again for ever or swallows the error and reads on, each lost client leaves one behind, with its stack, until the " +
				"machine has no room for another."},
		{"child-leak", "leaves no process behind for a client that is gone", "processes", cases.Should,
			"A server that starts a process for each client has to wait for it, even if nobody wants its result: until then it stays " +
				"in the table of processes as a zombie. And a child that does not notice that its client is gone stays, too, and waits " +
				"for input for ever."},
	} {
		cases.Register(cases.Case{
			ID:       "tcp.disconnect." + h.id,
			Title:    h.title,
			Level:    h.level,
			Quick:    h.level == cases.Must,
			Role:     cases.Server,
			Speaks:   cases.Connections,
			Basis:    cases.Practice(cases.Recover, fmt.Sprintf("what a connection took is given back when it ends: after resets there are no more %s than before", h.what)),
			Since:    "0.1",
			Watch:    &cases.Watch{Twice: true},
			Exchange: resets,
			Expect:   cases.HaveGivenBack(h.what, 3*abrupt),
			Why:      h.why,
			Fix:      fixLeak,
		})
	}
}

const sessionErrors = 20 // calls that fail; as many before them, which fill what is kept for reuse

var _ = cases.Register(cases.Case{
	ID:     "tcp.disconnect.session-leak",
	Title:  "closes its sockets and ends its threads when exchange after exchange is reset",
	Level:  cases.Must,
	Quick:  true,
	Role:   cases.Client,
	Speaks: cases.Connections,
	Basis:  cases.Practice(cases.Recover, "an exchange that failed leaves nothing behind: no socket, no thread"),
	Since:  "0.1",
	Wire: func(_ cases.Timing, sent cases.Request) []proxy.Fault {
		return []proxy.Fault{proxy.ResetPeer().TowardsTarget().After(sent.Body + 50).OnceSent(sent.Asked)}
	},
	Watch:    &cases.Watch{},
	Exchange: fixtures.Exchange{Messages: slices.Repeat([]fixtures.Message{{Size: 100}}, 2*sessionErrors)}.Calling(),
	Expect: cases.And(cases.OnCall(2*sessionErrors, cases.HaveFailed()),
		cases.HaveGivenBack("sockets", sessionErrors), cases.HaveGivenBack("threads", sessionErrors)),
	Why: "A program that runs for weeks meets thousands of broken connections. If each one leaves a socket behind, or a thread that " +
		"waits for it, the program ends one night with \"too many open files\", far from the line that is to blame. One " +
		"exchange never shows it.",
	Fix: fixLeak,
})
