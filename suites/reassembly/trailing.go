package reassembly

import (
	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/suites/cases"
)

// lineAndPart is what a line-wise echo answers only in part.
var lineAndPart = []byte("a whole line\nand a part of one")

var _ = cases.Register(cases.Case{
	ID:     "tcp.reassembly.trailing-part",
	Title:  "sends back what stands behind the last line end, too",
	Level:  cases.Must,
	Quick:  true,
	Role:   cases.Server,
	Speaks: cases.Plain,
	Basis:  cases.Norm("RFC 862", `"any data received is sent back"`),
	Since:  "0.1",
	Exchange: fixtures.Echo(len(lineAndPart)).Playing(fixtures.Script("client",
		fixtures.Dial(), fixtures.SendLiteral(lineAndPart...), fixtures.CloseWrite(),
		fixtures.ExpectLiteral(lineAndPart...), fixtures.ExpectEnd())),
	Expect: cases.HaveDelivered(),
	Why: "Reading line by line is convenient, and the last line of many files has no line end. A server that only hands on " +
		"whole lines keeps the rest in its buffer, waits for a line end that never comes, and throws the rest away when the " +
		"client has finished. An echo has no lines at all: every byte that came goes back.",
	Fix: "Go: io.Copy(conn, conn), or handle the bytes that ReadBytes('\\n') returns together with io.EOF.\n" +
		"Python: recv() and sendall() rather than for line in file; readline() gives the last part without its line end.\n" +
		"Node: socket.pipe(socket), or write out the remainder in \"end\"; the readline module hides it.\n" +
		"Java: read(byte[]) rather than readLine(), which also drops the line ends.",
})
