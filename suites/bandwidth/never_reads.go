package bandwidth

import (
	"slices"

	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/suites/cases"
)

var _ = cases.Register(cases.Case{
	ID:     "tcp.bandwidth.never-reads",
	Title:  "stops reading from a client that sends 160 MiB and reads nothing, and serves others meanwhile",
	Level:  cases.Must,
	Role:   cases.Server,
	Speaks: cases.Streams,
	Basis:  cases.Practice(cases.Recover, "a server keeps only so much for a client that does not take its answers"),
	Since:  "0.1",
	Full:   true,
	Exchange: fixtures.Echo(64<<10).Playing(fixtures.Script("glutton", slices.Concat(
		[]fixtures.Step{fixtures.Dial(), fixtures.StopReading()},
		slices.Repeat([]fixtures.Step{fixtures.Send(0)}, 16),
		[]fixtures.Step{fixtures.Signal("stuffed")}, // 1 MiB fits into the kernels' buffers on the way; 160 MiB never do: they may grow to 4 MiB for a sender, to 32 for a receiver
		slices.Repeat([]fixtures.Step{fixtures.Send(0)}, 2560-16),
	)...).AsScenery()).Beside(fixtures.Echo(13), "stuffed"),
	Expect: cases.And(cases.JudgeFunc(heldBack), cases.HaveServedTheBystander()),
	Why: "This client only talks and never listens. A sound server notices that its answers do not get away and reads no " +
		"more requests: then TCP makes the client wait. A server that reads on and queues the answers in memory works for " +
		"the client, not for itself: a few such clients, or one on a slow link with a large download, and it is killed for " +
		"lack of memory.",
	Fix: "Go: write the answer before reading on: io.Copy does; no unbounded channel or bytes.Buffer between the two.\n" +
		"Python: sendall() before the next recv(); with asyncio, await writer.drain() after each write().\n" +
		"Node: socket.pipe(), or socket.pause() when write() returns false and socket.resume() at \"drain\".\n" +
		"Java: blocking write() before the next read(); with NIO drop OP_READ while there is something left to write.",
})

// heldBack expects that the client which never reads could not send all it had: the server had stopped reading, or had
// ended the connection.
func heldBack(o cases.Observation) *cases.Broken {
	for _, c := range o.Reference.Conns {
		if c.Outcome == fixtures.OK {
			return &cases.Broken{Promise: cases.Recover, Expected: "no more read from a client that takes no answers than buffers hold",
				Seen: "the server read on: all 160 MiB went in, and nobody took an answer"}
		}
	}
	return nil
}
