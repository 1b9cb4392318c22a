package disconnect

import (
	"fmt"
	"slices"

	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/proxy"
	"github.com/faultwire/faultwire/suites/cases"
)

const fixReconnect = "Go: on an error conn.Close(), forget the bufio.Reader with it, and dial anew for the next request.\n" +
	"Python: except OSError: sock.close(); sock = None; buffer.clear(): the next call connects again, with nothing left over.\n" +
	"Node: in \"close\" set socket = null and buffer = Buffer.alloc(0); connect again when the next request comes.\n" +
	"Java: catch (IOException e) { socket.close(); socket = null; }, with the BufferedInputStream that belongs to it."

var _ = cases.Register(cases.Case{
	ID:     "tcp.disconnect.then-recovers",
	Title:  "is served again, and gets nothing of the old reply, after a reset inside a message",
	Level:  cases.Must,
	Quick:  true,
	Role:   cases.Client,
	Speaks: cases.Connections,
	Basis:  cases.Practice(cases.Recover, "a reset ends one connection: the next exchange has a new one, and none of the old one's bytes"),
	Since:  "0.1",
	Wire: func(_ cases.Timing, sent cases.Request) []proxy.Fault {
		return []proxy.Fault{proxy.ResetPeer().TowardsTarget().After(sent.Body + size/2).OnceSent(sent.Asked).OnConnection(1)}
	},
	Exchange: fixtures.Exchange{Messages: []fixtures.Message{{Size: size, Of: 1}, {Size: size}}}.Calling(),
	Expect:   cases.And(cases.OnFirstCallOrAgain(cases.HaveFailed()), cases.OnCall(2, cases.HaveRecovered())),
	Why: "The connection breaks in the middle of a reply, and the program connects again. Half of the old reply may still be in " +
		"its buffer. If that is not thrown away with the connection it belonged to, the new reply is read behind it, and " +
		"what comes out is the beginning of one answer and the end of another.",
	Fix: fixReconnect,
})

var _ = cases.RegisterFamily("end", []string{"fin", "rst"}, func(end string) cases.Case {
	how := map[string]fixtures.Step{"fin": fixtures.Close(), "rst": fixtures.ResetConn()}[end]
	return cases.Case{
		ID:     "tcp.disconnect.idle-end",
		Title:  "gets over a connection that ended while it was not used",
		Level:  cases.Must,
		Quick:  true,
		Role:   cases.Client,
		Speaks: cases.Connections,
		Basis: cases.Practice(cases.Recover, "a connection that is kept may end at any time; the request after that may fail, the next must not "+
			`(RFC 9112 §9.3.1: a client "ought to anticipate the need to recover")`),
		Since: "0.1",
		Exchange: fixtures.Exchange{Messages: []fixtures.Message{{Size: 100}, {Size: 100, Of: 1}, {Size: 100, Of: 2}}}.
			Playing(fixtures.Script("kept", fixtures.Expect(0), fixtures.Send(0), how)).
			Calling("kept"),
		Expect: cases.And(cases.OnCall(1, cases.HaveDelivered()), cases.OnCall(3, cases.HaveRecovered())),
		Why: "Servers close connections that are idle, and so do firewalls, often after a minute or five. A program that keeps a " +
			"connection finds out when it sends the next request. It may connect anew unasked, or report that one request " +
			"failed; but if it goes on with the dead connection, every request fails until somebody restarts it.",
		Fix: fixReconnect,
	}
})

const pushes = 6

var _ = cases.Register(cases.Case{
	ID:     "tcp.disconnect.push-after-end",
	Title:  "reports that nobody takes what it sends, and lives, when the server has gone",
	Level:  cases.Must,
	Quick:  true,
	Role:   cases.Client,
	Speaks: cases.Streams,
	Basis: cases.Norm("POSIX send()", "[EPIPE] the socket is no longer connected; [ECONNRESET] a connection was forcibly closed by a peer. "+
		"That the signal SIGPIPE does not end the program is practice"),
	Since: "0.1",
	Exchange: fixtures.Exchange{Messages: slices.Repeat([]fixtures.Message{{Size: 100}}, pushes)}.
		Playing(fixtures.Script("gone", fixtures.Expect(0), fixtures.Close())).
		Pushing("gone", fixtures.ReadDeadline.Times(0.1)),
	Expect: cases.JudgeFunc(noticed),
	Why: "Logs, metrics and events are sent without an answer being awaited. When the server closes, the first write after that still " +
		"succeeds: the system takes the bytes, and only then learns that nobody is there. The second fails. A program that does not " +
		"look sends to nobody for hours. And one write to a closed connection is enough for SIGPIPE, which ends every " +
		"program that has not said otherwise.",
	Fix: "Go: check the error of every conn.Write, one-way ones too; SIGPIPE on a socket is no signal there.\n" +
		"Python: let BrokenPipeError out of sendall(), and connect again; do not set SIGPIPE to SIG_DFL.\n" +
		"Node: socket.on(\"error\", …) and \"close\": write() itself does not throw; connect again there.\n" +
		"Java: the IOException of out.write() or flush(); PrintWriter hides it: ask checkError().",
})

// noticed expects one of the pushes behind the server's end to have failed: which, is the kernel's to say. A client that saw the end
// by itself and connected anew has noticed, too.
func noticed(o cases.Observation) *cases.Broken {
	if len(o.Trace.Conns) > 1 {
		return nil
	}
	for _, c := range o.Calls {
		switch c.Outcome {
		case fixtures.OK:
		case fixtures.Reset, fixtures.Closed, fixtures.Other:
			return nil
		default:
			return &cases.Broken{Promise: cases.SayWhat, Expected: "an error that says that the peer has gone", Seen: fmt.Sprintf("%s: %s", c.Outcome, c.Detail)}
		}
	}
	return &cases.Broken{Promise: cases.NeverLie, Expected: "an error, once nobody takes what is sent",
		Seen: fmt.Sprintf("success reported %d times, %d of them to a server that had gone", len(o.Calls), len(o.Calls)-1)}
}
