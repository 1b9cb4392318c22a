package disconnect

import (
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
	Role:   cases.Client,
	Speaks: cases.Streams,
	Basis:  cases.Practice(cases.Recover, "a reset ends one connection: the next exchange has a new one, and none of the old one's bytes"),
	Since:  "0.1",
	Wire: func(_ cases.Timing, sent cases.Request) []proxy.Fault {
		return []proxy.Fault{proxy.ResetPeer().TowardsTarget().After(sent.Body + size/2).OnceSent(sent.Asked).OnConnection(1)}
	},
	Exchange: fixtures.Exchange{Messages: []fixtures.Message{{Size: size, Of: 1}, {Size: size}}}.Calling(),
	Expect:   cases.And(cases.OnCall(1, cases.HaveFailed()), cases.OnCall(2, cases.HaveRecovered())),
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
		Role:   cases.Client,
		Speaks: cases.Streams,
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
