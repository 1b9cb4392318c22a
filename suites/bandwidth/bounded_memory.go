package bandwidth

import (
	"slices"

	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/suites/cases"
)

var _ = cases.Register(cases.Case{
	ID:     "tcp.bandwidth.bounded-memory",
	Title:  "keeps its memory bounded while a client sends 160 MiB and reads nothing",
	Level:  cases.Must,
	Role:   cases.Server,
	Speaks: cases.Streams,
	Basis: cases.Practice(cases.Recover, "what nobody takes is not kept without end; RFC 9293 §3.8.6 gives the window for that, Node's stream "+
		"and Python's drain() documentation the call"),
	Since: "0.1",
	Full:  true,
	Watch: &cases.Watch{Memory: true},
	Exchange: fixtures.Echo(64 << 10).Playing(fixtures.Script("glutton", slices.Concat(
		[]fixtures.Step{fixtures.Dial(), fixtures.StopReading()},
		slices.Repeat([]fixtures.Step{fixtures.Send(0)}, 2560),
	)...).AsScenery()),
	Expect: cases.HaveKeptItsMemory(32 << 20),
	Why: "This client sends and sends, and takes none of the answers. What it sends has to stay somewhere. If the server keeps it, " +
		"nothing seems wrong: nobody is held up, and no error is reported, until the kernel ends the process that has taken the " +
		"most memory. A sound server stops reading when it cannot write; then it is the client that waits.",
	Fix: "Go: write the answer before reading on: io.Copy does; no unbounded channel or bytes.Buffer between the two.\n" +
		"Python: sendall() before the next recv(); with asyncio, await writer.drain() after each write().\n" +
		"Node: socket.pipe(), or socket.pause() when write() returns false and socket.resume() at \"drain\".\n" +
		"Java: blocking write() before the next read(); with NIO drop OP_READ while there is something left to write.",
})
