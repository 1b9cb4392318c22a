package disconnect

import (
	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/suites/cases"
)

var _ = cases.Register(cases.Case{
	ID:     "tcp.disconnect.late-fin",
	Title:  "returns a complete reply at once, without waiting for the server's end",
	Level:  cases.Should,
	Role:   cases.Client,
	Speaks: cases.Connections,
	Basis:  cases.Practice(cases.NeverHang, "an exchange is over when its last byte is there, not when the connection is"),
	Since:  "0.1",
	Timed:  true,
	Exchange: fixtures.Echo(1000).Playing(fixtures.Script("server",
		fixtures.Expect(0), fixtures.Send(0), fixtures.Hold(fixtures.TotalDeadline.Times(2)), fixtures.Close())),
	Expect: cases.And(cases.HaveDelivered(), cases.HaveEndedBefore(fixtures.ReadDeadline)),
	Why: "\"Read until the server closes\" works in the first test, where the server closes at once. Servers keep " +
		"connections open to use them again, and then the same client stands about with the whole answer in its hands, " +
		"until its deadline passes and it even calls the answer a timeout. The message says how long it is: that is where " +
		"to stop.",
	Fix: "Go: io.ReadFull with the length that is due; io.ReadAll waits for the end of the connection.\n" +
		"Python: loop until len(data) == length, not until recv() returns b\"\".\n" +
		"Node: resolve in \"data\" when the length is reached; \"end\" is for errors only.\n" +
		"Java: in.readNBytes(length); readAllBytes() waits for the end of the connection.",
})
