package bandwidth

import (
	"fmt"
	"time"

	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/suites/cases"
)

const (
	smallMessages = 40
	unhindered    = 25 * time.Millisecond // a message, × scale: a delayed acknowledgement takes 40 ms
)

var _ = cases.Register(cases.Case{
	ID:     "tcp.bandwidth.small-messages",
	Title:  "answers small messages without waiting for acknowledgements",
	Level:  cases.Should,
	Role:   cases.Server,
	Speaks: cases.Echoing,
	Basis: cases.Practice(cases.NeverHang, fmt.Sprintf("small replies are not held back: %d in turn take less than %v each. (RFC 9293 §3.7.4: an "+
		"application must be able to disable the Nagle algorithm, MUST-17)", smallMessages, unhindered)),
	Since: "0.1",
	Timed: true,
	// By a connection that does not pass the wire: what acknowledges there would be ours.
	Exchange: fixtures.Exchange{Messages: []fixtures.Message{{Size: 100}}}.Playing(fixtures.Script("chat", chat()...).PastTheWire()),
	Expect:   cases.And(cases.HaveDelivered(), cases.JudgeFunc(promptly)),
	Why: "A reply is written in two pieces, first its length, then the rest. The system sends the first and keeps the second until the " +
		"first is acknowledged (Nagle's algorithm); the other side waits up to 40 ms with its acknowledgement, hoping for something to " +
		"send with it. Each alone makes sense; together they cost 40 ms for every message, on the fastest of networks.",
	Fix: "Go: conn.Write the whole message at once, or through a bufio.Writer with one Flush; TCP_NODELAY is on by default.\n" +
		"Python: one sendall(length + body); or sock.setsockopt(IPPROTO_TCP, TCP_NODELAY, 1).\n" +
		"Node: one write() a message, or socket.setNoDelay(true).\n" +
		"Java: a BufferedOutputStream and one flush() a message; socket.setTcpNoDelay(true).",
})

func chat() []fixtures.Step {
	steps := []fixtures.Step{fixtures.Dial()}
	for range smallMessages {
		steps = append(steps, fixtures.Send(0), fixtures.Expect(0))
	}
	return append(steps, fixtures.Close())
}

func promptly(o cases.Observation) *cases.Broken {
	limit := smallMessages * time.Duration(o.Scale*float64(unhindered))
	if o.Elapsed < limit+o.LateInAll {
		return nil
	}
	return &cases.Broken{Promise: cases.NeverHang, Expected: fmt.Sprintf("%d small messages in less than %v", smallMessages, limit),
		Seen: fmt.Sprintf("%v, %v each", o.Elapsed.Round(time.Millisecond), (o.Elapsed / smallMessages).Round(time.Millisecond))}
}
