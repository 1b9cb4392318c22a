// Package cases is what a case is made of: the requirement and its basis, the faults and the exchange that test it, the
// expectation that judges it, and the registry that holds them all.
//
// Running a case yields an [Observation]; judging is an [Expectation] on it, which is a Gomega matcher. So one case serves
// Ginkgo, go test and the command alike, and an observation can be judged again later.
package cases

import (
	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/proxy"
	"github.com/faultwire/faultwire/targets"
)

// A Level is how strongly a case is required, in the words of RFC 2119.
type Level string

// The levels. Only Must gates; a Should not kept is a warning, a May is recorded.
const (
	Must   Level = "must"
	Should Level = "should"
	May    Level = "may"
)

// A Role is the side a case tests.
type Role string

// The roles.
const (
	Client Role = "client"
	Server Role = "server"
	Both   Role = "both" // one requirement, two pairs: it is tested on either side
	Peer   Role = "peer" // what is a client and a server in one
)

// Includes reports whether a case of this role tests targets of role r.
func (r Role) Includes(t targets.Role) bool {
	return r == Both && t != targets.PeerRole || string(r) == string(t)
}

// Connections are the protocols over TCP, Streams those in which a message goes both ways, Echoing those whose replies are their
// requests, Opaque those that carry any byte, Delimited those whose messages have ends of their own, Framed those with a length
// prefix, Lines those of text lines, Plain those without framing, HTTP what it says, Datagrams that of UDP.
var (
	Connections = append(fixtures.Echoing(), fixtures.ConversationProtocol, fixtures.HTTPProtocol)
	Streams     = append(fixtures.Echoing(), fixtures.ConversationProtocol)
	HTTP        = []fixtures.Protocol{fixtures.HTTPProtocol}
	Opaque      = []fixtures.Protocol{fixtures.EchoProtocol, fixtures.FramedProtocol}
	Delimited   = []fixtures.Protocol{fixtures.FramedProtocol, fixtures.LineProtocol, fixtures.ConversationProtocol}
	Echoing     = fixtures.Echoing()
	Lines       = []fixtures.Protocol{fixtures.LineProtocol}
	Framed      = []fixtures.Protocol{fixtures.FramedProtocol}
	Plain       = []fixtures.Protocol{fixtures.EchoProtocol}
	Datagrams   = []fixtures.Protocol{fixtures.UDPProtocol}
)

// A Basis is what a requirement rests on, so that an auditor can tell a standard's text from a promise of ours.
type Basis struct {
	Kind   BasisKind
	Source string // "RFC 9293", "POSIX recv()", "Go net.Conn", or the promise's name
	Clause string // the section, and the words where they are short
}

// BasisKind is one of norm, documented and practice.
type BasisKind string

// The kinds of basis.
const (
	NormBasis       BasisKind = "norm"       // a standard's text
	DocumentedBasis BasisKind = "documented" // an API's own documentation
	PracticeBasis   BasisKind = "practice"   // one of the five promises
)

// Norm is a basis in a standard's text.
func Norm(source, clause string) Basis { return Basis{NormBasis, source, clause} }

// Documented is a basis in an API's documentation.
func Documented(source, clause string) Basis { return Basis{DocumentedBasis, source, clause} }

// Practice is a basis in one of the five promises, said in a clause of our own.
func Practice(p Promise, clause string) Basis { return Basis{PracticeBasis, string(p), clause} }

// String is the basis in one line.
func (b Basis) String() string {
	if b.Clause == "" {
		return b.Source
	}
	return b.Source + ": " + b.Clause
}

// A Promise is one of the five that sound network code keeps. Every expectation belongs to one.
type Promise string

// The promises.
const (
	NeverHang  Promise = "never hang"          // with a declared deadline every operation ends by it plus a grace
	NeverLie   Promise = "never lie"           // success is reported only if every byte arrived, in order, intact
	SayWhat    Promise = "say what happened"   // timeout, reset, orderly close, refusal and silence are told apart
	Reassemble Promise = "reassemble"          // a message's meaning does not depend on how the stream was cut
	Recover    Promise = "recover and contain" // afterwards a fresh exchange works, others never noticed, nothing leaks
)

// Timing is the deadlines a case can rely on when it places its faults: the target's declared ones, as they are, with the
// built-in ones (connect, read, write 300 ms, total 900 ms, idle 600 ms), scaled, in place of the undeclared.
type Timing = fixtures.Deadlines

// A Case is one requirement.
type Case struct {
	ID       string // <tcp|tls|http|udp>.<theme>.<name>, with [axis=value] for a member of a family
	Title    string // completes "the target …": "reports a timeout when the peer falls silent inside a message"
	Level    Level
	Role     Role
	Speaks   []fixtures.Protocol
	Basis    Basis
	Since    string               // the catalogue's version that first had it
	Deadline fixtures.Deadline    // the deadline the case is about, if any. Undeclared total or idle: skipped
	Quick    bool                 // with --quick, too: it is among the first that a program should keep; of a family one member or two
	Full     bool                 // only with --full: it moves more than 2 MiB, or proves that something never blocks
	Shown    fixtures.Certificate // clients under TLS: what the reference server shows; else a valid one
	Cancel   fixtures.Span        // clients in this process: the exchange's context is cancelled so long after its first sign on the wire
	Told     string               // servers with a process: when this event has happened it is told to end (SIGTERM), and no follow-up is tried
	Beside   []proxy.Fault        // clients: the target is given the name localhost. The case's wire is at 127.0.0.1; this is what waits at ::1
	Nudged   bool                 // clients with a process: it gets signals that mean nothing once the fault has struck
	Watch    *Watch               // what its target's processes use is part of it; a target without processes of its own is spared
	Excused  bool                 // who takes damage for success is no liar, but breaks what the case expects, at its level: he may not have been able to know
	Timed    bool                 // its verdict rests on elapsed time: it runs in the quiet lane beside a witness

	// Wire places the faults. nil is a wire without faults.
	Wire     func(t Timing, sent Request) []proxy.Fault
	Exchange fixtures.Exchange
	Expect   Expectation

	// Of a peer the above is about what it asks. Toward is what it is asked meanwhile, through a wire of its own, of which WireToward
	// places the faults. The two have their events in common.
	Toward     *fixtures.Exchange
	WireToward func(t Timing, sent Request) []proxy.Fault

	// Of a gateway, Origin is what the server behind it does. nil has it answer soundly. A case that has one is for gateways alone.
	Origin *Origin

	Why string // why it matters, one paragraph for a beginner
	Fix string // what to change, a line a language: Go, Python, Node, Java

	File string // of the source that registered it, relative to the module; set by Register
	Line int
}

// An Origin is the server behind a gateway: it answers with its page, framed so, through a wire of its own with these faults.
type Origin struct {
	Framing fixtures.Framing
	Wire    func(t Timing, page fixtures.Message) []proxy.Fault
}

// Page is what the server behind a gateway answers with.
func Page(framing fixtures.Framing) fixtures.Message {
	return fixtures.Message{Size: 5000, Kind: fixtures.Text, HTTP: fixtures.HTTP{Framing: framing, Chunk: 1000}}
}

// Page is the case's.
func (o *Origin) Page() fixtures.Message {
	if o == nil {
		return Page(fixtures.ByLength)
	}
	return Page(o.Framing)
}

// AsServer is the part of a case of peers in which the peer is asked.
func (c Case) AsServer() Case {
	c.Wire, c.Exchange = c.WireToward, *c.Toward
	return c
}

// Faults are the case's faults for a target of the protocol and timing; none if its wire has none.
func (c Case) Faults(t Timing, target *targets.Target) []proxy.Fault {
	if c.Wire == nil {
		return nil
	}
	return c.Wire(t, c.Lengths(target))
}

// Lengths are how long the requests and the replies of an exchange, or of the first of a session, are for the target.
func (c Case) Lengths(target *targets.Target) Request {
	messages := c.Exchange.Messages
	if len(c.Exchange.Calls) > 0 {
		messages = messages[:1]
	}
	if target.Role == targets.ServerRole {
		sent := measured(messages, target, true)
		sent.Asked = sent.Bytes
		return sent
	}
	sent := measured(messages, target, false)
	if target.Protocol != fixtures.HTTPProtocol { // how long it is, is the client's affair; who answers it has read all of it
		sent.Asked = measured(messages, target, true).Bytes
	}
	return sent
}

// measured is how long the messages are on the wire, and where in them the body of the last begins.
func measured(messages []fixtures.Message, target *targets.Target, request bool) (r Request) {
	for i, m := range messages {
		all, at := target.Speech().Length(m, i, request)
		r.Body = r.Bytes + int64(at)
		r.Bytes += int64(all)
	}
	return r
}

// A Request is what faults are placed by: the stream towards the target, which is the same as the other where a reply is its
// request once more. In a session it is the first exchange's.
type Request struct {
	Bytes int64 // how long the stream towards the target is, framing included
	Body  int64 // the offset in it at which the body of the last message begins
	Asked int64 // how long all the requests are; 0 if that is not known
}

// Theme is the middle part of the ID of a case of TCP, else its protocol.
func (c Case) Theme() string {
	if parts := idParts(c.ID); parts[0] == "tcp" {
		return parts[1]
	} else {
		return parts[0]
	}
}
