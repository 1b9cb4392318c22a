package peer

import (
	"fmt"
	"time"

	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/proxy"
	"github.com/faultwire/faultwire/suites/cases"
)

// toward is what the peer is asked.
func toward(x fixtures.Exchange) *fixtures.Exchange { return &x }

// served expects those who asked the peer to have been answered.
func served(expected string) cases.Expectation {
	return cases.JudgeFunc(func(o cases.Observation) *cases.Broken {
		if o.Outcome == fixtures.OK {
			return nil
		}
		return &cases.Broken{Promise: cases.Recover, Expected: expected, Seen: string(o.Outcome) + ": " + o.Detail}
	})
}

// meanwhile is served, well before the peer's first request has come to its end: who can answer only then is served, too, but by its deadline.
func meanwhile(expected string) cases.Expectation {
	return cases.JudgeFunc(func(o cases.Observation) *cases.Broken {
		if b := cases.AsServer(served(expected)).Judge(o); b != nil || o.Toward == nil || len(o.Calls) == 0 {
			return b
		}
		if took, asking := o.Toward.Elapsed, o.Calls[0].Elapsed; took > asking*3/4 {
			return &cases.Broken{Promise: cases.Recover, Expected: expected,
				Seen: fmt.Sprintf("served after %v, when its own request had come to an end after %v", took.Round(time.Millisecond), asking.Round(time.Millisecond))}
		}
		return nil
	})
}

var _ = cases.Register(cases.Case{
	ID:       "tcp.peer.cut-outward",
	Title:    "answers others while its own request is not answered, and reports that in time",
	Level:    cases.Must,
	Quick:    true,
	Role:     cases.Peer,
	Speaks:   cases.Echoing,
	Basis:    cases.Practice(cases.Recover, "a peer that cannot reach another is still there for those who reach it"),
	Since:    "0.1",
	Deadline: fixtures.ReadDeadline,
	Timed:    true,
	Wire: func(cases.Timing, cases.Request) []proxy.Fault {
		return []proxy.Fault{proxy.Stall().TowardsTarget().At(0)}
	},
	Exchange: fixtures.Exchange{Messages: messages(1)}.Calling(),
	Toward: toward(fixtures.Exchange{Messages: messages(1)}.Playing(
		fixtures.Script("other", fixtures.Await("fault"), fixtures.Dial(), fixtures.Send(0), fixtures.Expect(0), fixtures.Close()))),
	Expect: cases.And(cases.OnCall(1, cases.And(cases.HaveTimedOut(), cases.HaveTakenAbout(fixtures.ReadDeadline))), meanwhile("served while its own request waits")),
	Why: "Networks break one way. What this peer sends to the other is lost, what others send to it arrives. If it waits for its own answer and " +
		"does nothing else meanwhile, one broken way makes two, and everybody takes it for dead.",
	Fix: fixBoth,
})

var _ = cases.Register(cases.Case{
	ID:       "tcp.peer.cut-inward",
	Title:    "is answered by others while one that asked it has fallen silent",
	Level:    cases.Must,
	Quick:    true,
	Role:     cases.Peer,
	Speaks:   cases.Echoing,
	Basis:    cases.Practice(cases.Recover, "a client that has fallen silent does not keep a peer from asking"),
	Since:    "0.1",
	Exchange: fixtures.Exchange{Messages: messages(2)}.Calling("stuck"),
	Toward: toward(fixtures.Exchange{Messages: messages(1)}.Playing(
		fixtures.Script("silent", fixtures.Dial(), fixtures.Send(0), fixtures.Expect(0), fixtures.SendPart(0, 0, size/2), fixtures.Signal("stuck"), fixtures.Await(fixtures.Asked), fixtures.Close()).AsScenery())),
	Expect: cases.And(cases.OnCall(2, served("its request answered while somebody who asked it has fallen silent"))),
	Why: "Half a message has come in, and the rest does not follow: the way towards this peer is broken. The way out is not. A program that reads " +
		"the message to its end before it does anything else cannot even ask what is wrong.",
	Fix: fixBoth,
})

var _ = cases.Register(cases.Case{
	ID:       "tcp.peer.cut-and-healed",
	Title:    "works both ways again when a network that was cut both ways is whole again",
	Level:    cases.Must,
	Role:     cases.Peer,
	Speaks:   cases.Echoing,
	Basis:    cases.Practice(cases.Recover, "when the fault is over, both directions work without anybody's help"),
	Since:    "0.1",
	Deadline: fixtures.ReadDeadline,
	Wire: func(cases.Timing, cases.Request) []proxy.Fault {
		return []proxy.Fault{proxy.Blackhole().FromTarget().At(0).OnConnection(1)}
	},
	Exchange: fixtures.Exchange{Messages: messages(2)}.Calling("cut"),
	WireToward: func(cases.Timing, cases.Request) []proxy.Fault {
		return []proxy.Fault{proxy.Blackhole().FromTarget().At(0).OnConnection(1)}
	},
	Toward: toward(fixtures.Exchange{Messages: messages(1)}.Playing(
		fixtures.Script("cut", fixtures.Dial(), fixtures.Send(0), fixtures.Hold(fixtures.ReadDeadline.Times(0.5)), fixtures.ResetConn()).AsScenery(),
		fixtures.Script("healed", fixtures.Await("cut"), fixtures.Dial(), fixtures.Send(0), fixtures.Expect(0), fixtures.Close()))),
	Expect: cases.And(cases.OnCall(1, cases.HaveTimedOut()), cases.OnCall(2, cases.HaveRecovered()), cases.AsServer(served("served again"))),
	Why: "The link was down for a while, both ways, and is up again. Nobody tells the programs. One that has written the other off, or that goes on " +
		"with the connection it had, stays alone until somebody restarts it, and with it a part of the network.",
	Fix: "Go: after a timeout conn.Close(), and dial anew for the next request; keep accepting whatever happens to your own requests.\n" +
		"Python: except TimeoutError: sock.close(); the thread that accepts knows nothing of it.\n" +
		"Node: socket.destroy(), and connect again for the next request; the server stays.\n" +
		"Java: close the socket, and take a new one for the next request; the ServerSocket stays.",
})
