package reassembly

import (
	"slices"

	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/suites/cases"
)

// keepsServing is why a server does not stop at the first message.
var keepsServing = cases.Norm("RFC 862", `"any data received is sent back. This continues until the calling user terminates the `+
	`connection."; of other protocols that is practice`)

const fixBoundaries = "Go: one bufio.Reader for the connection's whole life, io.ReadFull on it for each message.\n" +
	"Python: a bytearray for the connection: append what recv() gives, cut off whole messages, keep the rest.\n" +
	"Node: buffer = Buffer.concat([buffer, chunk]), take messages off its front while any is whole, keep the rest.\n" +
	"Java: one DataInputStream(BufferedInputStream) for the connection's whole life, not one for each message."

var _ = cases.Register(cases.Case{
	ID:       "tcp.reassembly.in-turn",
	Title:    "answers five messages one after another on one connection",
	Level:    cases.Must,
	Quick:    true,
	Role:     cases.Server,
	Speaks:   cases.Connections,
	Basis:    keepsServing,
	Since:    "0.1",
	Exchange: several(5, 100),
	Expect:   cases.HaveDelivered(),
	Why: "A tutorial's server reads once, answers once and closes. Real clients keep their connection, because making a " +
		"new one for each request is slow. Against that server their second request ends in an error, and which request " +
		"fails seems to be a matter of luck.",
	Fix: "Go: for { read; write } in the handler until Read returns io.EOF.\n" +
		"Python: while True around recv() and sendall(), left when recv() returns b\"\".\n" +
		"Node: answer in every \"data\" event; no socket.once(\"data\", …), no socket.end() behind the first answer.\n" +
		"Java: a loop around read() and write() in the handler, left when read() returns -1.",
})

var _ = cases.Register(cases.Case{
	ID:     "tcp.reassembly.pipelined",
	Title:  "answers a hundred messages that are sent without waiting for an answer",
	Level:  cases.Must,
	Quick:  true,
	Role:   cases.Server,
	Speaks: cases.Streams,
	Basis:  keepsServing,
	Since:  "0.1",
	Exchange: several(100, 100).Playing(fixtures.Script("client", slices.Concat(
		[]fixtures.Step{fixtures.Dial()}, each(100, fixtures.Send), each(100, fixtures.Expect), []fixtures.Step{fixtures.Close()},
	)...)),
	Expect: cases.HaveDelivered(),
	Why: "Fast clients do not wait: they send request upon request and collect the answers later. For the server these are " +
		"bytes without a gap; a read brings two and a half requests, the next one seven. A server that expects one request " +
		"for each read answers some of them, in the best case, and mixes up the rest.",
	Fix: fixBoundaries,
})

var _ = cases.Register(cases.Case{
	ID:     "tcp.reassembly.together",
	Title:  "finds three messages that come in one piece",
	Level:  cases.Must,
	Quick:  true,
	Role:   cases.Server,
	Speaks: cases.Streams,
	Basis:  byteStream,
	Since:  "0.1",
	Exchange: several(3, 13).Playing(fixtures.Script("client",
		fixtures.Dial(), fixtures.SendTogether(0, 3), fixtures.Expect(0), fixtures.Expect(1), fixtures.Expect(2), fixtures.Close())),
	Expect: cases.HaveDelivered(),
	Why: "TCP joins as gladly as it cuts: three messages that were sent in quick succession often arrive in a single read. " +
		"A server that takes the first one and throws away what is behind it in its buffer answers one of three. The " +
		"client waits for the others, and on a slower network, where the three come apart, nobody can reproduce it.",
	Fix: fixBoundaries,
})

var _ = cases.Register(cases.Case{
	ID:     "tcp.reassembly.one-and-a-half",
	Title:  "answers the first of one and a half messages before the other half comes",
	Level:  cases.Must,
	Quick:  true,
	Role:   cases.Server,
	Speaks: cases.Delimited,
	Basis:  byteStream,
	Since:  "0.1",
	Exchange: several(2, 100).Playing(fixtures.Script("client",
		fixtures.Dial(), firstAndHalf, fixtures.Expect(0), fixtures.SendPart(1, -5, 0), fixtures.Expect(1), fixtures.Close())),
	Expect: cases.HaveDelivered(),
	Why: "One read brings a whole message and the beginning of the next. Both are easy to get wrong: a server that waits " +
		"until its buffer divides evenly answers the first message too late, and a client that needs that answer before it " +
		"sends more waits with it for ever. A server that empties its buffer after the first message has lost the " +
		"beginning of the second.",
	Fix: fixBoundaries,
})

// firstAndHalf is message 0 and all but the last 5 bytes of message 1, in one write.
var firstAndHalf = fixtures.Step{Do: fixtures.ActSend, Message: 0, Joined: 2, To: -5}

// several is an exchange of n messages of size bytes, no two alike.
func several(n, size int) fixtures.Exchange {
	messages := make([]fixtures.Message, n)
	for i := range messages {
		messages[i] = fixtures.Message{Size: size, Of: i}
	}
	return fixtures.Exchange{Messages: messages}
}

// each is a step for each of the messages 0 to n-1.
func each(n int, step func(i int) fixtures.Step) []fixtures.Step {
	steps := make([]fixtures.Step, n)
	for i := range steps {
		steps[i] = step(i)
	}
	return steps
}
