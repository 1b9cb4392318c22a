package reassembly

import (
	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/proxy"
	"github.com/faultwire/faultwire/suites/cases"
)

var _ = cases.Register(cases.Case{
	ID:       "tcp.reassembly.binary",
	Title:    "passes every byte value through unchanged",
	Level:    cases.Must,
	Quick:    true,
	Role:     cases.Both,
	Speaks:   cases.Opaque,
	Basis:    cases.Norm("RFC 862", `"any data received is sent back"`),
	Since:    "0.1",
	Exchange: fixtures.EchoOf(fixtures.Binary, 1024),
	Expect:   cases.HaveDelivered(),
	Why: "A network carries bytes, not text. Programs that treat what comes as text bend it on the way: they turn CR LF into " +
		"LF, stop at the first zero byte as strings do in C, strip what looks like white space, or replace bytes that are " +
		"no valid letters. A greeting survives all of that; a picture, a compressed file or a password hash does not.",
	Fix: "Go: keep it in a []byte; no bufio.Scanner, strings.TrimSpace or fmt.Fprintln on its way.\n" +
		"Python: bytes throughout: sys.stdin.buffer and sys.stdout.buffer, no decode(), strip() or text mode.\n" +
		"Node: keep Buffers; no socket.setEncoding() and no chunk.toString() on its way.\n" +
		"Java: InputStream and OutputStream with byte[]; no Reader, no new String(bytes), no readLine().",
})

var _ = cases.Register(cases.Case{
	ID:     "tcp.reassembly.utf8",
	Title:  "keeps letters whole that come in pieces",
	Level:  cases.Must,
	Quick:  true,
	Role:   cases.Both,
	Speaks: cases.Echoing,
	Basis: cases.Documented("Python codecs.IncrementalDecoder", `"used for decoding an input in multiple steps": a letter of several `+
		`bytes (RFC 3629 §3) may be cut between two reads`),
	Since: "0.1",
	Wire: func(cases.Timing, cases.Request) []proxy.Fault {
		return []proxy.Fault{proxy.Slice(1).TowardsTarget()}
	},
	Exchange: fixtures.EchoOf(fixtures.UTF8, 32),
	Expect:   cases.HaveDelivered(),
	Why: "In UTF-8 an é is two bytes, a 字 three, an emoji four, and a network may cut between any of them. A program that " +
		"turns each piece into text by itself finds half a letter at its edge and puts a � there, or leaves it out. English " +
		"texts never show it; the first customer with an accent in the name does.",
	Fix: "Go: collect the whole message in a []byte before string(b), or pass the bytes through as they are.\n" +
		"Python: b\"\".join(parts).decode() at the end, or codecs.getincrementaldecoder(\"utf-8\")(), never part.decode().\n" +
		"Node: string_decoder's StringDecoder or socket.setEncoding(\"utf8\"), never chunk.toString() for each chunk.\n" +
		"Java: new String(allBytes, UTF_8) at the end, or an InputStreamReader, never new String(buf, 0, n) for each read.",
})
