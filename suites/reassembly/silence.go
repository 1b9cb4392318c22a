package reassembly

import (
	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/suites/cases"
)

var _ = cases.Register(cases.Case{
	ID:     "tcp.reassembly.reply-then-silence",
	Title:  "returns at once a reply that fills its buffers exactly",
	Level:  cases.Must,
	Role:   cases.Client,
	Speaks: cases.Connections,
	Basis:  cases.Practice(cases.NeverHang, "a message is complete at its last byte: no further read is needed to know it"),
	Since:  "0.1",
	Timed:  true,
	// The server says no more, and stays connected whatever the client does.
	Exchange: fixtures.Echo(8192).Playing(fixtures.Script("server",
		fixtures.Expect(0), fixtures.Send(0), fixtures.Hold(fixtures.TotalDeadline.Times(2)))),
	Expect: cases.And(cases.HaveDelivered(), cases.HaveEndedBefore(fixtures.ReadDeadline)),
	Why: "\"If the buffer was not filled, that was all\" is a popular rule, and it is wrong both ways. Here the reply is an " +
		"exact multiple of every usual buffer: the last read fills it to the brim, the program asks for more, and since the " +
		"server has said all it had to say, it waits until its deadline passes, or for ever. Only counting the bytes says " +
		"when to stop.",
	Fix: "Go: io.ReadFull(conn, buf[:length]); never \"until n < len(buf)\".\n" +
		"Python: while len(data) < length, not while len(part) == 1024.\n" +
		"Node: resolve when received === length; do not wait for another \"data\" or for a pause.\n" +
		"Java: in.readNBytes(length); never while ((n = in.read(buf)) == buf.length).",
})
