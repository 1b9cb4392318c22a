package datagram

import (
	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/proxy"
	"github.com/faultwire/faultwire/suites/cases"
)

// three are asked one after another, in a session. They are of one size: only their bytes tell whose they are.
var three = fixtures.Exchange{Messages: []fixtures.Message{{Size: size}, {Size: size, Of: 1}, {Size: size, Of: 2}}}

const fixMatch = "Go: put an id into each request; loop over Read until a datagram has it, within one SetReadDeadline set before the loop.\n" +
	"Python: while True: data = sock.recv(65535); if data[:8] == id: break. Take the deadline once, from time.monotonic(), not anew for each recv().\n" +
	"Node: keep a Map of pending requests by id; in socket.on(\"message\") look the id up and drop what is not in it.\n" +
	"Java: loop over socket.receive(packet) until the id is right; setSoTimeout with what is left of the deadline, each time."

var _ = cases.Register(cases.Case{
	ID:     "udp.delivery.duplicate-reply",
	Title:  "does not take the second copy of a reply for the answer to the next request",
	Level:  cases.Must,
	Quick:  true,
	Role:   cases.Client,
	Speaks: cases.Datagrams,
	Basis:  cases.Practice(cases.NeverLie, "a reply is used once, and answers its own request alone (RFC 8085 §3.3 says that datagrams may be duplicated)"),
	Since:  "0.1",
	Wire: func(cases.Timing, cases.Request) []proxy.Fault {
		return []proxy.Fault{proxy.Duplicate().TowardsTarget()}
	},
	Exchange: three.Calling("fault"),
	Expect:   cases.OnEveryCall(cases.HaveDelivered()),
	Why: "A network may deliver a datagram twice, and a client that asks twice is answered twice. The first copy is used, and all is well. The second " +
		"stays in the socket's queue and is the first thing that the next request reads: it gets the answer to the question before, and from then on " +
		"every answer is one behind. Nothing fails, so nobody notices; the data are simply somebody else's.",
	Fix: fixMatch,
})

var _ = cases.Register(cases.Case{
	ID:     "udp.delivery.reordered-replies",
	Title:  "takes each reply for its own request, in whatever order they come",
	Level:  cases.Must,
	Quick:  true,
	Role:   cases.Client,
	Speaks: cases.Datagrams,
	Basis: cases.Practice(cases.NeverLie, "a reply is matched by what it says, not by when it comes (RFC 8085 §3.3: datagrams may be reordered; "+
		"RFC 5452 §9.1 demands it of DNS)"),
	Since:    "0.1",
	Deadline: fixtures.ReadDeadline,
	Timed:    true,
	Wire: func(t cases.Timing, _ cases.Request) []proxy.Fault {
		late := proxy.Reorder().TowardsTarget().OnDatagram(1).OnConnection(1)
		late.Attributes = map[string]int64{"timeout": 20 * t.Read.Milliseconds()} // until the next reply overtakes it, whenever that is
		return []proxy.Fault{late}
	},
	Exchange: three.Calling(),
	Expect: cases.And(cases.OnCall(1, cases.HaveCompletedOr(fixtures.Timeout)), cases.OnCall(2, cases.HaveDelivered()),
		cases.OnCall(3, cases.HaveDelivered())),
	Why: "Datagrams take different ways and overtake each other. Here the answer to the first request comes behind the answer to the second. A client that " +
		"takes whatever comes next for its answer gives the first one's answer to the third request. In a test with one request at a " +
		"time, on one machine, this cannot be seen.",
	Fix: fixMatch,
})

var _ = cases.Register(cases.Case{
	ID:       "udp.delivery.late-reply",
	Title:    "ignores a reply that comes when its request has timed out",
	Level:    cases.Must,
	Quick:    true,
	Role:     cases.Client,
	Speaks:   cases.Datagrams,
	Basis:    cases.Practice(cases.NeverLie, "the reply to a request that was given up answers no other"),
	Since:    "0.1",
	Deadline: fixtures.ReadDeadline,
	Timed:    true,
	Exchange: three.Playing(fixtures.Script("late", fixtures.Expect(0), fixtures.Hold(fixtures.ReadDeadline.Times(1.6)), fixtures.Send(0),
		fixtures.Signal("too late"), fixtures.ServeOn())).Calling("too late"),
	Expect: cases.And(cases.OnFirstCallOrAgain(cases.HaveTimedOut()), cases.OnCall(2, cases.HaveRecovered()), cases.OnCall(3, cases.HaveRecovered())),
	Why: "The first request has timed out, and its caller has been told. A moment later the answer is there after all, in the queue of the socket that the " +
		"next request uses. Who reads it without looking takes it for the next answer, and passes old data off as new. With TCP one would close " +
		"the connection; a UDP socket has none, so each reply has to say what it answers.",
	Fix: fixMatch,
})

var _ = cases.Register(cases.Case{
	ID:     "udp.delivery.other-reply-first",
	Title:  "ignores a datagram that answers another request than its own",
	Level:  cases.Must,
	Role:   cases.Client,
	Speaks: cases.Datagrams,
	Basis:  cases.Practice(cases.NeverLie, "what belongs to no request under way is dropped (RFC 5452 §9.1 demands it of DNS)"),
	Since:  "0.1",
	Exchange: fixtures.Echo(size).Playing(fixtures.Script("others first",
		fixtures.Expect(0), fixtures.Send(0).Forged(fixtures.ForgedKey), fixtures.Send(0), fixtures.ServeOn())),
	Expect: cases.HaveDelivered(),
	Why: "What arrives on a socket was sent by somebody, but not always as the answer to what was asked last. A server with a bug, an answer to a program that had the " +
		"port before, a guess by an attacker: all of them arrive like a true reply, only that their id is wrong. Taking one is a lie; giving up because of " +
		"one lets anybody stop the client. It is dropped, and the wait goes on.",
	Fix: fixMatch,
})
