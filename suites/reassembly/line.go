package reassembly

import (
	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/proxy"
	"github.com/faultwire/faultwire/suites/cases"
)

const fixLineEnd = "Go: bufio.Reader.ReadBytes('\\n') on one reader for the connection's whole life; its bytes count only if err is nil.\n" +
	"Python: append recv() to a bytearray, cut off lines while b\"\\n\" is in it, keep the rest for the next recv().\n" +
	"Node: buffer += chunk; split at \"\\n\"; the last element of the split is no line yet: keep it.\n" +
	"Java: one BufferedReader for the connection's whole life; readLine() gives an unfinished last line, too: see that it had its end."

var _ = cases.Register(cases.Case{
	ID:     "tcp.reassembly.line-end-split",
	Title:  "waits for the end of a line that comes in a piece of its own",
	Level:  cases.Must,
	Quick:  true,
	Role:   cases.Both,
	Speaks: cases.Lines,
	Basis:  byteStream,
	Since:  "0.1",
	Wire: func(_ cases.Timing, sent cases.Request) []proxy.Fault {
		return []proxy.Fault{proxy.SplitAt(sent.Bytes - 1).TowardsTarget()}
	},
	Exchange: fixtures.Echo(64),
	Expect:   cases.HaveDelivered(),
	Why: "print() and println() often write the text and its line end by two calls, and the network may hand them over " +
		"apart even if they do not. First comes a line without an end, then an end without a line. A program that takes each " +
		"read for a line answers twice, once too short and once with nothing, and is one answer ahead from then on.",
	Fix: fixLineEnd,
})

// lineWithCR ends as lines do in half the world.
var lineWithCR = []byte("ends with CR LF\r\n")

var _ = cases.Register(cases.Case{
	ID:     "tcp.reassembly.cr-lf-split",
	Title:  "sees one line where the network parts a CR from its LF",
	Level:  cases.Should,
	Quick:  true,
	Role:   cases.Server,
	Speaks: cases.Lines,
	Basis:  cases.Practice(cases.Reassemble, "an LF ends a line; what stands before it is one line, and comes back as it is, a CR too"),
	Since:  "0.1",
	Wire: func(_ cases.Timing, sent cases.Request) []proxy.Fault {
		return []proxy.Fault{proxy.SplitAt(sent.Bytes - 1).TowardsTarget()}
	},
	Exchange: fixtures.Echo(len(lineWithCR) - 1).Playing(fixtures.Script("client", // the size tells the fault where the LF is
		fixtures.Dial(), fixtures.SendLiteral(lineWithCR...), fixtures.ExpectLiteral(lineWithCR...), fixtures.Close())),
	Expect: cases.HaveDelivered(),
	Why: "Half the world ends its lines with LF, the other half with CR LF. Some programs take a CR at the end of a piece for " +
		"a line end, and the LF at the beginning of the next piece for another: an empty line appears from nowhere, once in " +
		"many thousand lines, when the network cuts just there. Others drop the CR and send back less than they were sent.",
	Fix: fixLineEnd,
})
