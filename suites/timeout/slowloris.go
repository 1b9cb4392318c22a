package timeout

import (
	"fmt"

	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/suites/cases"
)

var _ = cases.Register(cases.Case{
	ID:     "tcp.timeout.slowloris",
	Title:  "serves a newcomer while forty clients send their requests one byte at a time",
	Level:  cases.Should,
	Quick:  true,
	Role:   cases.Server,
	Speaks: cases.Connections,
	Basis:  cases.Practice(cases.Recover, "clients that are slow on purpose do not keep others from being served"),
	Since:  "0.1",
	Exchange: fixtures.Exchange{Messages: []fixtures.Message{{Size: 13}, {Size: 13, Of: 1}}}.
		Playing(drippers(40)...).Beside(fixtures.Echo(13), dripping(40)),
	Expect: cases.HaveServedTheBystander(),
	Why: "An attacker needs no bandwidth to stop a server: it opens some connections and sends one byte on each just " +
		"before the server's patience ends, again and again. None of them is ever idle, so a timeout for silence does not " +
		"help. If each holds one of a few workers, all are taken. It is called slowloris, and a phone with bad reception " +
		"does the same without meaning to.",
	Fix: "Go: a goroutine a connection, and one conn.SetReadDeadline for the whole request, not renewed by each byte.\n" +
		"Python: asyncio.start_server with asyncio.wait_for(read_request(), total), where a ThreadPoolExecutor fills up.\n" +
		"Node: never wait for one client in a handler; a setTimeout(() => socket.destroy(), total) for each request.\n" +
		"Java: virtual threads (from 21 on) or a Selector rather than newFixedThreadPool, and a limit for the whole request by System.nanoTime().",
})

// drippers is n clients that are served once, one after another, and then each send a second request byte by byte, never as
// late as the idle deadline, until a newcomer has been served. Each comes when the one before has begun: a server that
// needs a moment for each is not flooded.
func drippers(n int) []fixtures.Conn {
	conns := make([]fixtures.Conn, 0, n)
	for i := 1; i <= n; i++ {
		var steps []fixtures.Step
		if i > 1 {
			steps = append(steps, fixtures.Await(dripping(i-1)))
		}
		steps = append(steps,
			fixtures.Dial(), fixtures.Send(0), fixtures.Expect(0), fixtures.SendPart(1, 0, 1), fixtures.Signal(dripping(i)),
			fixtures.SendPart(1, 1, 0).Dripping(1, fixtures.IdleDeadline.Times(0.5)).Until("bystander"), fixtures.Close())
		conns = append(conns, fixtures.Script(fmt.Sprintf("dripper %d", i), steps...).AsScenery())
	}
	return conns
}

func dripping(i int) string { return fmt.Sprintf("dripping %d", i) }
