package connect

import (
	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/suites/cases"
)

const (
	tooMany     = 40 // connections
	descriptors = 20 // that the server may open for them
)

var _ = cases.Register(cases.Case{
	ID:     "tcp.connect.descriptors",
	Title:  "gets over having no descriptor left for another connection",
	Level:  cases.Should,
	Role:   cases.Server,
	Speaks: cases.Connections,
	Basis:  cases.Practice(cases.Recover, `POSIX accept() fails with EMFILE when "all file descriptors available to the process are currently open": a reason to wait, not to end, nor to try again without a pause`),
	Since:  "0.1",
	Watch:  &cases.Watch{Descriptors: descriptors, Quiet: "crowded"},
	Exchange: fixtures.Echo(13).Playing(
		fixtures.Script("crowd", fixtures.Dial(), fixtures.Await("watched"), fixtures.Close()).AtOnce(tooMany).AsScenery(),
		fixtures.Script("clock", fixtures.Hold(fixtures.ReadDeadline.Times(1)), fixtures.Signal("crowded"), fixtures.Await("watched")).AsScenery(),
	),
	Expect: cases.HaveIdled(),
	Why: "A process may have only so many files and sockets open. When they are used up accept() fails, and goes on failing as long as " +
		"clients wait. A server that takes any error of accept() for the end dies of its own success. One that tries again at " +
		"once turns round and round at full speed until somebody hangs up. A sound one waits a moment, and goes on.",
	Fix: "Go: on an error of Accept sleep, at first 5 ms, at most 1 s, and go on, as net/http does.\n" +
		"Python: except OSError around accept(): time.sleep(0.1); continue. asyncio waits by itself.\n" +
		"Node: it waits by itself; server.maxConnections keeps it from coming so far.\n" +
		"Java: catch (IOException e) around accept(): Thread.sleep(100); continue.",
})
