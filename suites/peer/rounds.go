package peer

import (
	"fmt"

	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/suites/cases"
)

const (
	size   = 1000 // bytes of a message
	rounds = 4

	fixBoth = "Go: a goroutine for each connection that is accepted, and no mutex held while you wait for a reply.\n" +
		"Python: a thread that accepts and one for each client, or asyncio for both sides; no lock around the whole of a request.\n" +
		"Node: both sides in the same event loop, none of them with a loop of its own.\n" +
		"Java: an executor for those who ask; no synchronized block around a request to others."
)

// messages are n messages, no two alike.
func messages(n int) []fixtures.Message {
	all := make([]fixtures.Message, n)
	for i := range all {
		all[i] = fixtures.Message{Size: size, Of: i}
	}
	return all
}

var _ = cases.Register(cases.Case{
	ID:       "tcp.peer.both-ways",
	Title:    "asks and is asked at the same time",
	Level:    cases.Must,
	Quick:    true,
	Role:     cases.Peer,
	Speaks:   cases.Echoing,
	Basis:    cases.Practice(cases.Recover, "to ask does not keep a peer from answering, nor to answer from asking"),
	Since:    "0.1",
	Exchange: fixtures.Exchange{Messages: messages(rounds)}.Playing(fixtures.Script("asked", serving()...)).Calling(),
	Toward:   toward(fixtures.Exchange{Messages: messages(rounds)}.Playing(fixtures.Script("asking", asking()...))),
	Expect:   cases.And(cases.OnEveryCall(cases.HaveDelivered()), cases.AsServer(served("served while it asks"))),
	Why: "Two peers talk to each other, and neither is only a client or only a server. A program that was written as a client first and given a " +
		"server later often does one thing at a time: while it waits for an answer it answers nobody. If the other is built alike, both " +
		"wait for each other, and neither ever speaks again.",
	Fix: fixBoth,
})

// serving answers message after message, each when the other side has been answered one, too.
func serving() (steps []fixtures.Step) {
	for i := range rounds {
		steps = append(steps, fixtures.Expect(i), fixtures.Signal(round(i)), fixtures.Await(round(i)+" here"), fixtures.Send(i))
	}
	return append(steps, fixtures.Await("peer"))
}

func asking() []fixtures.Step {
	steps := []fixtures.Step{fixtures.Dial()}
	for i := range rounds {
		steps = append(steps, fixtures.Await(round(i)), fixtures.Send(i), fixtures.Expect(i), fixtures.Signal(round(i)+" here"))
	}
	return append(steps, fixtures.Close())
}

func round(i int) string { return fmt.Sprintf("round %d", i+1) }

var _ = cases.Register(cases.Case{
	ID:       "tcp.peer.dial-at-once",
	Title:    "gets over both sides connecting to each other at the same moment, again and again",
	Level:    cases.Must,
	Role:     cases.Peer,
	Speaks:   cases.Echoing,
	Basis:    cases.Practice(cases.Recover, "two connections between two peers are two connections: neither is a mistake"),
	Since:    "0.1",
	Exchange: afresh(fixtures.Exchange{Messages: messages(rounds)}.Playing(met(rounds)...).Calling()),
	Toward:   toward(fixtures.Exchange{Messages: messages(1)}.Playing(meeting(rounds)...)),
	Expect:   cases.And(cases.OnEveryCall(cases.HaveDelivered()), cases.AsServer(served("served on its other connection"))),
	Why: "Both sides see that they are not connected, and both connect. Now there are two connections. Programs that keep one for each peer " +
		"close the other, often each of them a different one, and then both are gone; and they begin again.",
	Fix: "Go: keep connections apart by who dialled; if one is to go, let a rule decide that both know, such as the lower address.\n" +
		"Python: the same: a dict by direction, and a rule for ties.\n" +
		"Node: the same: do not destroy() a socket because another has the same remote address.\n" +
		"Java: the same: two maps, and a rule for ties.",
})

// afresh has each call on a connection of its own.
func afresh(x fixtures.Exchange) fixtures.Exchange {
	for i := range x.Calls {
		x.Calls[i].Fresh = true
	}
	return x
}

// met is n connections that the peer makes, each of which is answered when the other side has one, too.
func met(n int) (conns []fixtures.Conn) {
	for i := range n {
		conns = append(conns, fixtures.Script(fmt.Sprintf("made %d", i+1),
			fixtures.Signal(round(i)), fixtures.Await(round(i)+" here"), fixtures.Expect(i), fixtures.Send(i), fixtures.Await("peer")))
	}
	return conns
}

func meeting(n int) (conns []fixtures.Conn) {
	for i := range n {
		conns = append(conns, fixtures.Script(fmt.Sprintf("taken %d", i+1),
			fixtures.Await(round(i)), fixtures.Dial(), fixtures.Signal(round(i)+" here"), fixtures.Send(0), fixtures.Expect(0), fixtures.Close()))
	}
	return conns
}

var _ = cases.Register(cases.Case{
	ID:     "tcp.peer.close-at-once",
	Title:  "works on when both connections between two peers end at the same moment",
	Level:  cases.Must,
	Role:   cases.Peer,
	Speaks: cases.Echoing,
	Basis:  cases.Practice(cases.Recover, "the end of a connection is the end of that connection; RFC 9293 §3.6 has both sides close at once (case 3)"),
	Since:  "0.1",
	Exchange: fixtures.Exchange{Messages: messages(3)}.
		Playing(fixtures.Script("kept", fixtures.Expect(0), fixtures.Signal("answering"), fixtures.Await("answered"), fixtures.Send(0), fixtures.Close())).
		Calling("kept"),
	Toward: toward(fixtures.Exchange{Messages: messages(1)}.Playing(
		fixtures.Script("ended", fixtures.Await("answering"), fixtures.Dial(), fixtures.Send(0), fixtures.Expect(0), fixtures.Signal("answered"), fixtures.Close()),
		fixtures.Script("later", fixtures.Await("ended"), fixtures.Dial(), fixtures.Send(0), fixtures.Expect(0), fixtures.Close()))),
	Expect: cases.And(cases.OnCall(1, cases.HaveDelivered()), cases.OnCall(3, cases.HaveRecovered()), cases.AsServer(served("served again"))),
	Why: "The other peer is restarted: the connection that you made to it and the one that it made to you end together. A program that cleans up " +
		"\"the peer\" at the first of the two ends stumbles over the second, or throws away the connection that is just being made.",
	Fix: fixBoth,
})
