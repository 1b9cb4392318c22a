package datagram

import (
	"bytes"

	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/proxy"
	"github.com/faultwire/faultwire/suites/cases"
)

const fixSurvive = "Go: check len(b) before b[i]; return errors, and log and drop what cannot be parsed; a panic in a handler ends the process.\n" +
	"Python: try: … except (ValueError, struct.error, UnicodeDecodeError): continue, around the handling of each datagram; and for OSError, too.\n" +
	"Node: try { … } catch { return } inside the \"message\" handler, and a handler for \"error\": without one it is thrown.\n" +
	"Java: catch RuntimeException around the handling of each packet, inside the loop, not outside it."

var _ = cases.Register(cases.Case{
	ID:     "udp.survival.garbage",
	Title:  "goes on serving whatever bytes somebody has sent",
	Level:  cases.Must,
	Role:   cases.Server,
	Speaks: cases.Datagrams,
	Basis:  cases.Practice(cases.Recover, "what one client sends, and that it has gone, is no other's affair"),
	Since:  "0.1",
	Exchange: fixtures.Echo(size).Playing(
		fixtures.Script("garbage", append([]fixtures.Step{fixtures.Dial()}, garbage()...)...).PastTheWire().AsScenery(),
		fixtures.Script("newcomer", fixtures.Await("garbage"), fixtures.Dial(), fixtures.Send(0), fixtures.Expect(0))),
	Expect: cases.HaveDelivered(),
	Why: "A UDP port is open to everybody: port scanners, lost packets of other protocols and attackers all write to it, and by the time that the server answers " +
		"they are gone. A single datagram that is not what the code expects (too short, no text, a wild number) must not end the program, for " +
		"then anybody can switch it off with one packet.",
	Fix: fixSurvive,
})

// garbage sends what a parser may trip over: too short for a number, no UTF-8, other protocols, zeroes, a length of four billion, and as
// much as fits.
func garbage() (steps []fixtures.Step) {
	for _, b := range [][]byte{
		{0}, {0xff}, {0xc3}, []byte("\r\n"), {0x80, 0xbf, 0xfe, 0xff}, []byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), []byte(`{"id": `),
		bytes.Repeat([]byte{0}, 64), bytes.Repeat([]byte{0xff}, 64), []byte("%s%n%x%n'\"`$(;"), bytes.Repeat([]byte{0xf0}, fixtures.MaxDatagram),
	} {
		steps = append(steps, fixtures.SendLiteral(b...))
	}
	return steps
}

var _ = cases.Register(cases.Case{
	ID:     "udp.survival.truncated",
	Title:  "goes on serving when a datagram comes cut short",
	Level:  cases.Must,
	Role:   cases.Server,
	Speaks: cases.Datagrams,
	Basis:  cases.Practice(cases.Recover, "what one client sends is no other's affair"),
	Since:  "0.1",
	Wire: func(cases.Timing, cases.Request) []proxy.Fault {
		return []proxy.Fault{proxy.Truncate(cut).TowardsTarget().OnConnection(1)}
	},
	Exchange: fixtures.Echo(size).Playing(
		fixtures.Script("cut", fixtures.Dial(), fixtures.Send(0), fixtures.ExpectPart(0, 0, cut)).AsScenery(),
		fixtures.Script("newcomer", fixtures.Await("cut"), fixtures.Dial(), fixtures.Send(0), fixtures.Expect(0))),
	Expect: cases.HaveDelivered(),
	Why: "The first bytes of a message say what is in it, and code that has read them believes that the rest is there. A datagram that was cut, by a buffer or by a " +
		"middlebox, ends before it does, and reading on behind its end raises an exception, or reads what the buffer held before. The one " +
		"ends the server, the other gives one client's data to another.",
	Fix: fixSurvive,
})

// cut is what is left of a datagram, in bytes: less than its id.
const cut = 3
