package datagram

import (
	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/suites/cases"
)

const fixBuffer = "Go: buf := make([]byte, 65536) for ReadFrom; n == len(buf) would mean that it was cut, and no datagram is so long.\n" +
	"Python: recvfrom(65535), not 1024: the rest of a longer datagram is gone, and no error is raised. recvmsg() tells, by MSG_TRUNC.\n" +
	"Node: \"message\" brings each datagram whole; do not copy it into a Buffer.alloc of your own size.\n" +
	"Java: new DatagramPacket(new byte[65535], 65535), and setLength(65535) before each receive(): it keeps the last one's length."

var _ = cases.RegisterFamily("bytes", []int{1025, 2049, 8193, 60000}, func(n int) cases.Case {
	return cases.Case{
		ID:       "udp.size.large",
		Title:    "does not cut a datagram that is longer than usual",
		Level:    cases.Should,
		Quick:    n == 8193,
		Role:     cases.Both,
		Speaks:   cases.Datagrams,
		Basis:    cases.Norm("POSIX recvmsg()", `"the excess bytes shall be discarded, and MSG_TRUNC shall be set": that a message was cut can be known`),
		Since:    "0.1",
		Exchange: fixtures.Echo(n),
		Expect:   cases.HaveNotCut(),
		Why: "A datagram is received whole or not at all: what does not fit into the buffer is thrown away by the kernel, and the call succeeds as if nothing " +
			"had happened. Buffers of 1024 or 2048 bytes are in every tutorial. With short messages they work; with the first long one, half of " +
			"it is gone, and what is left looks like a message.",
		Fix: fixBuffer,
	}
})

var _ = cases.Register(cases.Case{
	ID:       "udp.size.longest",
	Title:    "exchanges a datagram of 65507 bytes, the longest there is",
	Level:    cases.Should,
	Role:     cases.Both,
	Speaks:   cases.Datagrams,
	Basis:    cases.Norm("RFC 768, RFC 791", "§3.1, Total Length: 65535 bytes, less an IP header of 20 and a UDP header of 8"),
	Since:    "0.1",
	Exchange: fixtures.Echo(fixtures.MaxDatagram),
	Expect:   cases.HaveDelivered(),
	Why: "Where a limit is, mistakes gather: a buffer that is one byte too short, a length kept in a signed number of 16 bits, a check for \"more than 65000\". " +
		"On a real network such a datagram travels in 45 pieces, and is better avoided; but a program that is handed one should not " +
		"make something else of it.",
	Fix: fixBuffer,
})

var _ = cases.Register(cases.Case{
	ID:       "udp.size.too-long",
	Title:    "reports an error for a message that fits into no datagram",
	Level:    cases.Should,
	Role:     cases.Client,
	Speaks:   cases.Datagrams,
	Basis:    cases.Norm("POSIX send()", `EMSGSIZE: "The message is too large to be sent all at once, as the socket requires."`),
	Since:    "0.1",
	Deadline: fixtures.ReadDeadline,
	Exchange: fixtures.Echo(fixtures.MaxDatagram + 1),
	Expect:   cases.HaveFailed(),
	Why: "Nothing is sent: the kernel refuses the call and says why. A client that does not look at what send() returned waits for an answer that nobody was " +
		"asked for, and reports a timeout. People then look for the fault in the network, where there is none.",
	Fix: "Go: look at the error of Write; errors.Is(err, syscall.EMSGSIZE).\n" +
		"Python: sendto() raises OSError with errno EMSGSIZE; do not catch it together with TimeoutError.\n" +
		"Node: give socket.send() a callback and look at its first argument; code is \"EMSGSIZE\".\n" +
		"Java: DatagramSocket.send() throws IOException (\"Message too long\"); do not swallow it.",
})

var _ = cases.Register(cases.Case{
	ID:     "udp.size.zero-length",
	Title:  "takes an empty datagram for a message, not for an end",
	Level:  cases.Must,
	Quick:  true,
	Role:   cases.Both,
	Speaks: cases.Datagrams,
	Basis: cases.Norm("RFC 768, RFC 862", `the length includes the header, so "the minimum value of the length is eight": no data at all; `+
		`"the data from it is sent back in an answering datagram"`),
	Since:    "0.1",
	Exchange: fixtures.Echo(0),
	Expect:   cases.And(cases.HaveDelivered(), cases.HaveComeThroughTheWire()),
	Why: "A datagram may be empty, and is a message like any other; some protocols use it as a sign of life. In TCP a read of 0 bytes is the end of " +
		"the connection, and code that was written for TCP brings that habit along: `if not data: break` ends a UDP server when anybody sends it " +
		"nothing, and every client after that asks in vain.",
	Fix: "Go: n == 0 with err == nil is an empty datagram; only err ends the loop.\n" +
		"Python: if not data: break is for TCP; recvfrom() returning b\"\" is an empty datagram, to be answered.\n" +
		"Node: answer messages whose length is 0, too; socket.send(Buffer.alloc(0), port, address) sends one.\n" +
		"Java: packet.getLength() == 0 is a packet; new DatagramPacket(buf, 0, address) sends one.",
})
