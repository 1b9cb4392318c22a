package reassembly

import (
	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/proxy"
	"github.com/faultwire/faultwire/suites/cases"
)

var _ = cases.Register(cases.Case{
	ID:     "tcp.reassembly.bit-flip",
	Title:  "notices a bit that was flipped on the way",
	Level:  cases.May,
	Role:   cases.Client,
	Speaks: cases.Opaque,
	Basis: cases.Norm("RFC 9293", `§3.1: "the receiver MUST check it (MUST-3)", of TCP's checksum, which is weak and ends at the next proxy; what `+
		`a program adds to it is its own affair`),
	Since: "0.1",
	Wire: func(_ cases.Timing, sent cases.Request) []proxy.Fault {
		return []proxy.Fault{proxy.Corrupt(1, 0x40).TowardsTarget().After(sent.Body + 500)}
	},
	Exchange: fixtures.Echo(1024),
	Expect:   cases.HaveNoticed(),
	Why: "TCP protects every segment with a checksum of sixteen bits, from one machine to the next. A faulty memory in a router, or a " +
		"proxy that takes the data apart and puts it together again, is behind that protection: about one in 65 536 damaged " +
		"segments would pass even so. Who must not deliver a wrong byte needs a check of its own, from end to end; TLS is one.",
	Fix: "Go: crc32 or sha256 of the message behind it, compared before it is used; or crypto/tls.\n" +
		"Python: zlib.crc32 or hashlib.sha256; or ssl.\n" +
		"Node: crypto.createHash(\"sha256\"); or tls.connect.\n" +
		"Java: java.util.zip.CRC32 or MessageDigest; or SSLSocket.",
})
