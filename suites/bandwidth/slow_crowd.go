package bandwidth

import (
	"fmt"

	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/proxy"
	"github.com/faultwire/faultwire/suites/cases"
)

const slowReaders = 10

var _ = cases.Register(cases.Case{
	ID:     "tcp.bandwidth.slow-crowd",
	Title:  "serves another client while ten take their answers slowly",
	Level:  cases.Should,
	Role:   cases.Server,
	Speaks: cases.Streams,
	Basis:  cases.Practice(cases.Recover, "a client that takes its answer slowly slows nobody else down"),
	Since:  "0.1",
	Full:   true,
	Wire: func(cases.Timing, cases.Request) []proxy.Fault {
		return []proxy.Fault{proxy.Bandwidth(64).FromTarget()}
	}, // for which a minute is not enough, and a record of TLS takes a quarter of a second
	Exchange: fixtures.Echo(plenty).Playing(slowly(slowReaders)...).Beside(fixtures.Echo(size), underWay(slowReaders)),
	Expect:   cases.HaveServedTheBystander(),
	Why: "One visitor sits on a slow train and takes a minute for a picture. While the server waits for that connection to take the " +
		"next piece it must go on with the others. Servers that write to their clients one after another, or hold a lock while they " +
		"write, are as slow for everybody as they are for the slowest.",
	Fix: "Go: a goroutine a connection, and no mutex held during conn.Write.\n" +
		"Python: a thread a client, or await writer.drain() in a task of its own.\n" +
		"Node: write() returns at once; wait for \"drain\" of that socket only.\n" +
		"Java: a thread a client, or a Selector with OP_WRITE; no synchronized block around out.write().",
})

// slowly is n clients whose answers are still on their way when the last of them has begun.
func slowly(n int) []fixtures.Conn {
	conns := make([]fixtures.Conn, 0, n)
	for i := 1; i <= n; i++ {
		steps := []fixtures.Step{fixtures.Dial()}
		if i > 1 {
			steps = append([]fixtures.Step{fixtures.Await(underWay(i - 1))}, steps...)
		}
		steps = append(steps, fixtures.Send(0), fixtures.ExpectPart(0, 0, 1), fixtures.Signal(underWay(i)), fixtures.Await("bystander"), fixtures.Close())
		conns = append(conns, fixtures.Script(fmt.Sprintf("slow reader %d", i), steps...).AsScenery())
	}
	return conns
}

func underWay(i int) string { return fmt.Sprintf("%d under way", i) }
