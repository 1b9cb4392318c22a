package reassembly

import (
	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/suites/cases"
)

const fixEmpty = "Go: the end is io.EOF, not a length of 0; bufio.Scanner's Scan() reports the end, not an empty Text().\n" +
	"Python: test line == b\"\" before you strip it: an empty line is b\"\\n\"; after a length of 0 do not call recv(0).\n" +
	"Node: test with length !== undefined, not if (length) or if (line): 0 and \"\" are false in JavaScript.\n" +
	"Java: the end is null or an EOFException, not isEmpty(); a length of 0 makes an empty byte[]."

var _ = cases.Register(cases.Case{
	ID:       "tcp.reassembly.zero-length",
	Title:    "takes an empty message for a message, not for the end",
	Level:    cases.Must,
	Quick:    true,
	Role:     cases.Both,
	Speaks:   cases.Delimited,
	Basis:    cases.Practice(cases.Reassemble, "an empty message is a message"),
	Since:    "0.1",
	Exchange: fixtures.Echo(0),
	Expect:   cases.HaveDelivered(),
	Why: "Nothing is a perfectly good message: an empty file, an empty search result, an empty line. It is a length of zero and " +
		"no bytes at all, or a line end alone. Because a read that returns no bytes otherwise means that the connection has ended, many programs " +
		"mix the two up: they hang up on an empty request, or report a lost connection when all is well.",
	Fix: fixEmpty,
})

var _ = cases.Register(cases.Case{
	ID:       "tcp.reassembly.zero-length-then-more",
	Title:    "goes on after an empty message",
	Level:    cases.Must,
	Quick:    true,
	Role:     cases.Server,
	Speaks:   cases.Delimited,
	Basis:    cases.Practice(cases.Reassemble, "an empty message ends nothing but itself"),
	Since:    "0.1",
	Exchange: fixtures.Exchange{Messages: []fixtures.Message{{Size: 0}, {Size: 13}}},
	Expect:   cases.HaveDelivered(),
	Why: "A server may answer an empty request and still be mistaken about it: it thinks that was the end, and closes, or " +
		"waits for a byte of the empty body and takes the first of the next message for it. Either shows only in what " +
		"comes next on the same connection, which is why the empty message must not be the last one in a test.",
	Fix: fixEmpty,
})
