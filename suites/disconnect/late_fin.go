package disconnect

import (
	"time"

	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/proxy"
	"github.com/faultwire/faultwire/suites/cases"
)

var _ = cases.Register(cases.Case{
	ID:     "tcp.disconnect.late-fin",
	Title:  "returns a complete reply at once, without waiting for the server's end",
	Level:  cases.Should,
	Role:   cases.Client,
	Speaks: cases.Streams,
	Basis:  cases.Practice(cases.NeverHang, "an exchange is over when its last byte is there, not when the connection is"),
	Since:  "0.1",
	Timed:  true,
	Wire: func(t cases.Timing, _ cases.Request) []proxy.Fault {
		return []proxy.Fault{
			proxy.Latency(min(t.Read/3, time.Second), 0).TowardsTarget(), // the end has reached the wire before the client has the reply, on a busy machine too
			proxy.SlowClose(2 * t.Read).TowardsTarget(),
		}
	},
	// The server closes right behind its reply: that end is what comes late.
	Exchange: fixtures.Echo(1000).Playing(fixtures.Script("server", fixtures.Expect(0), fixtures.Send(0), fixtures.Close())),
	Expect:   cases.And(cases.HaveDelivered(), cases.HaveEndedBefore(fixtures.ReadDeadline)),
	Why: "\"Read until the server closes\" works in the first test, where the server closes at once. Servers keep " +
		"connections open to use them again, and then the same client stands about with the whole answer in its hands, " +
		"until its deadline passes and it even calls the answer a timeout. The message says how long it is: that is where " +
		"to stop.",
	Fix: "Go: io.ReadFull with the length that is due; io.ReadAll waits for the end of the connection.\n" +
		"Python: loop until len(data) == length, not until recv() returns b\"\".\n" +
		"Node: resolve in \"data\" when the length is reached; \"end\" is for errors only.\n" +
		"Java: in.readNBytes(length); readAllBytes() waits for the end of the connection.",
})
