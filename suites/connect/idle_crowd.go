package connect

import (
	"fmt"

	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/suites/cases"
)

var _ = cases.RegisterFamily("clients", []int{60, 500}, func(n int) cases.Case {
	return cases.Case{
		ID:       "tcp.connect.idle-crowd",
		Title:    fmt.Sprintf("serves a newcomer while %d silent clients are connected", n),
		Full:     n > 60, // some servers have to be asked slowly
		Level:    cases.Should,
		Quick:    n == 60,
		Role:     cases.Server,
		Speaks:   cases.Connections,
		Basis:    cases.Practice(cases.Recover, "clients that are only connected do not keep others from being served"),
		Since:    "0.1",
		Exchange: fixtures.Echo(13).Playing(crowd(n)...).Beside(fixtures.Echo(13), seat(n)),
		Expect:   cases.HaveServedTheBystander(),
		Why: "Most connections of a real server do nothing most of the time: phones in pockets, connection pools, forgotten " +
			"browser tabs. A server that gives each of them one of twenty workers, or that waits in its accept loop for a " +
			"client's first byte, is full while it has nothing to do, and the one client with a request waits outside.",
		Fix: "Go: start go handle(conn) right after Accept, and read nothing in the accept loop.\n" +
			"Python: asyncio.start_server, or one threading.Thread a client; a small ThreadPoolExecutor is soon full of sleepers.\n" +
			"Node: net.createServer holds them all; check that server.maxConnections is not set too low.\n" +
			"Java: Executors.newVirtualThreadPerTaskExecutor() (from 21 on) or a Selector, where newFixedThreadPool(20) runs out.",
	}
})

// crowd is n clients that are served once, one after another, and then say nothing until a newcomer has been served. Only
// the last never says a word. Each comes when the one before has been served: a server that needs a moment for each is
// not flooded, and the last seat means that all are there.
func crowd(n int) []fixtures.Conn {
	conns := make([]fixtures.Conn, 0, n)
	for i := 1; i <= n; i++ {
		var steps []fixtures.Step
		if i > 1 {
			steps = append(steps, fixtures.Await(seat(i-1)))
		}
		steps = append(steps, fixtures.Dial())
		if i < n {
			steps = append(steps, fixtures.Send(0), fixtures.Expect(0))
		}
		steps = append(steps, fixtures.Signal(seat(i)), fixtures.Await("bystander"), fixtures.Close())
		conns = append(conns, fixtures.Script(fmt.Sprintf("idle %d", i), steps...).AsScenery())
	}
	return conns
}

func seat(i int) string { return fmt.Sprintf("seat %d", i) }
