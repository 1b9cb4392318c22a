package datagram

import (
	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/proxy"
	"github.com/faultwire/faultwire/suites/cases"
)

var _ = cases.Register(cases.Case{
	ID:     "udp.address.port-unreachable",
	Title:  "reports a closed port, or a timeout, when nobody listens",
	Level:  cases.Should,
	Role:   cases.Client,
	Speaks: cases.Datagrams,
	Basis: cases.Norm("RFC 1122", `§4.1.3.3: "UDP MUST pass to the application layer all ICMP error messages that it receives"; the next `+
		"call on a connected socket says ECONNREFUSED"),
	Since:    "0.1",
	Deadline: fixtures.ReadDeadline,
	Timed:    true,
	Wire:     func(cases.Timing, cases.Request) []proxy.Fault { return []proxy.Fault{proxy.Refuse()} },
	Exchange: fixtures.Echo(size),
	Expect: cases.And(cases.HaveBeenRefusedOr(fixtures.Timeout),
		cases.Unless(fixtures.Refused, cases.HaveTakenAbout(fixtures.ReadDeadline))),
	Why: "When no program receives at a port the machine says so, by an ICMP message, at once. A client whose socket is connected gets to know it as an error " +
		"of its next call; one whose socket is not only sees that nobody answers. Both are honest. What is not is to wait for ever, or to die of " +
		"an error that nobody expected from UDP.",
	Fix: "Go: net.Dial(\"udp\", addr) gives a connected socket; errors.Is(err, syscall.ECONNREFUSED) on Read or Write.\n" +
		"Python: sock.connect(addr), then catch ConnectionRefusedError from recv(); and settimeout() for where no ICMP comes.\n" +
		"Node: socket.connect(port, host), then socket.on(\"error\", e => …) with e.code === \"ECONNREFUSED\"; and a timer.\n" +
		"Java: socket.connect(address), then catch PortUnreachableException from receive(); and setSoTimeout(ms).",
})

var _ = cases.RegisterFamily("from", []string{"port", "address"}, func(from string) cases.Case {
	origin := map[string]fixtures.Origin{"port": fixtures.AnotherPort, "address": fixtures.AnotherAddress}[from]
	return cases.Case{
		ID:     "udp.address.foreign-reply",
		Title:  "ignores a datagram that does not come from whom it asked",
		Level:  cases.Should,
		Role:   cases.Client,
		Speaks: cases.Datagrams,
		Basis: cases.Practice(cases.NeverLie, "a reply comes from the address and the port that were asked (RFC 5452 §9.1 demands that of DNS "+
			"resolvers: they MUST match the source address)"),
		Since: "0.1",
		Exchange: fixtures.Echo(size).Playing(fixtures.Script("forger", fixtures.Expect(0),
			fixtures.Send(0).Forged(fixtures.ForgedContents).FromElsewhere(origin), fixtures.Send(0), fixtures.ServeOn())),
		Expect: cases.HaveDelivered(),
		Why: "Anybody may send a datagram to an open port. Here somebody else has been quicker than the server, and has guessed the id of the request. A client that takes " +
			"whatever arrives believes the forgery, and the true answer behind it is dropped. That is how DNS caches were poisoned. To look where a " +
			"datagram comes from costs one line, and to connect the socket costs one call: then the kernel looks.",
		Fix: "Go: net.Dial(\"udp\", addr) instead of net.ListenPacket; or compare the address that ReadFrom returns.\n" +
			"Python: sock.connect((host, port)); or compare the address that recvfrom() returns.\n" +
			"Node: socket.connect(port, host); or compare rinfo.address and rinfo.port in the \"message\" handler.\n" +
			"Java: socket.connect(address); or compare packet.getSocketAddress().",
	}
})

var _ = cases.Register(cases.Case{
	ID:     "udp.address.same-port",
	Title:  "answers from the port that it was asked on",
	Level:  cases.Should,
	Role:   cases.Server,
	Speaks: cases.Datagrams,
	Basis:  cases.Practice(cases.Reassemble, "a reply that comes from another port is nobody's: a connected client never sees it"),
	Since:  "0.1",
	Exchange: fixtures.Exchange{Messages: []fixtures.Message{{Size: size}, {Size: size, Of: 1}}}.Playing(fixtures.Script("asker",
		fixtures.Dial(), fixtures.Send(0), fixtures.Expect(0), fixtures.Send(1), fixtures.Expect(1)).PastTheWire()),
	Expect: cases.And(cases.HaveDelivered(), cases.HaveAnsweredFromWhereItWasAsked()),
	Why: "A server that opens a new socket for its answer answers from a new port. A client that has connected its socket, as it should, does not hear it; nor " +
		"does any client behind a NAT or a firewall, which let in only what comes from where the question went. On one machine, with a " +
		"client that listens to everybody, it works.",
	Fix: "Go: conn.WriteTo(reply, client) on the net.PacketConn that ReadFrom was called on; no net.Dial back to the client.\n" +
		"Python: sendto(reply, client) on the socket that recvfrom() was called on; threads may share it.\n" +
		"Node: socket.send(reply, rinfo.port, rinfo.address) on the socket that got the message.\n" +
		"Java: socket.send(packet) on the DatagramSocket that received, not on a new DatagramSocket().",
})

var _ = cases.Register(cases.Case{
	ID:     "udp.address.same-address",
	Title:  "answers from the address that it was asked on, if it has several",
	Level:  cases.Should,
	Role:   cases.Server,
	Speaks: cases.Datagrams,
	Basis: cases.Norm("RFC 1123", `§2.3: "SHOULD send the response with an IP source address that is the same as the specific destination `+
		`address of the UDP request datagram"`),
	Since: "0.1",
	Exchange: fixtures.Echo(size).Playing(fixtures.Script("asker",
		fixtures.Dial(), fixtures.Send(0), fixtures.Expect(0)).PastTheWire().At("127.0.0.2")),
	Expect: cases.And(cases.HaveDelivered(), cases.HaveAnsweredFromWhereItWasAsked()),
	Why: "A machine with several addresses, or a server that listens on all of them (0.0.0.0), may be asked on one and answer from another: for each answer the kernel " +
		"picks the address that its way back leads from. The client has asked 10.0.0.2, hears from 10.0.0.1, and drops it. Name servers " +
		"therefore open a socket for each address, or ask the kernel which one a datagram came to.",
	Fix: "Go: a net.ListenPacket for each address of net.InterfaceAddrs(); or golang.org/x/net/ipv4 with SetControlMessage(FlagDst, true).\n" +
		"Python: a socket for each address; or setsockopt(IPPROTO_IP, IP_PKTINFO, 1), recvmsg(), and sendmsg() with what it said.\n" +
		"Node: a dgram socket for each address of os.networkInterfaces(); a wildcard socket does not tell.\n" +
		"Java: a DatagramSocket for each InetAddress of NetworkInterface.getNetworkInterfaces(); a wildcard socket does not tell.",
})
