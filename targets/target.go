package targets

import (
	"bytes"
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"time"

	"github.com/faultwire/faultwire/fixtures"
)

// A Role is the side that is under test.
type Role string

// The roles.
const (
	ClientRole Role = "client"
	ServerRole Role = "server"
	PeerRole   Role = "peer" // both: it serves others, and asks them in a session
)

// A Target is what is under test. Exactly one of Client, Server, Gateway, Packets, Peer, Command and Address is set.
type Target struct {
	Name         string
	Role         Role
	Protocol     fixtures.Protocol
	Conversation *fixtures.Conversation // what it says, where its protocol is a conversation; else nil
	TLS          bool                   // under its protocol there is TLS
	Path         string                 // servers that speak HTTP: where the page is that it serves; empty is "/"
	Promises     fixtures.Deadlines     // the deadlines it declares; zero means undeclared
	Version      string                 // what it is called in reports beside its name, such as a release; may be empty

	Client  Client     // a client in this process
	Server  Server     // a server in this process
	Gateway NewGateway // a gateway in this process
	Peer    NewPeer    // a peer in this process
	Command *Command   // a client or a server in processes of its own
	Address string     // host:port of a server that is already running, and shared
	Labels  []string   // additional Ginkgo labels

	Packets PacketServer // a server of datagrams in this process

	KnownFailures map[string]Known // by case ID or pattern
	Limits        Limits

	Network     Network               // in this process: where it listens and dials; nil is the kernel's sockets
	Origin      string                // gateways: host:port of the server behind it. The engine sets it
	Credentials *fixtures.Credentials // with TLS: what it is to trust, or to show. The engine makes them
}

// Known is a failure that is known and accepted for a time.
type Known struct {
	Reason string    // never empty
	Until  time.Time // the last day it is accepted, at 00:00 UTC; zero means without end

	File string // where it is written; empty for what was made in Go
	Line int
}

// Expired reports whether the last day is over.
func (k Known) Expired(now time.Time) bool {
	return !k.Until.IsZero() && now.After(k.Until.AddDate(0, 0, 1))
}

// Limits bound what a server is given at once. Zero means the engine's own bounds.
type Limits struct {
	Connections int     // open at the same time
	Rate        float64 // new connections a second
}

// How says in one line where the target runs: "in process", the command line, or the address.
func (t *Target) How() string {
	switch {
	case t.Command != nil:
		return JoinCommand(t.Command.Args)
	case t.Address != "":
		return t.Address
	}
	return "in process"
}

// Speech is how its messages look on the wire.
func (t *Target) Speech() fixtures.Speech {
	return fixtures.Speech{Protocol: t.Protocol, Conversation: t.Conversation, Path: t.Path}
}

// scheme is that of the URL that names an address of the target's protocol.
func (t *Target) scheme() string {
	switch {
	case t.Protocol == fixtures.HTTPProtocol && t.TLS:
		return "https"
	case t.Protocol == fixtures.HTTPProtocol:
		return "http"
	case t.TLS:
		return "tls"
	case t.Protocol == fixtures.UDPProtocol:
		return "udp"
	}
	return "tcp"
}

// Client is client code in this process. Exchange dials addr, plays the client's part of x (send each message, receive
// each reply) and says how that ended. It must return when ctx is done.
type Client interface {
	Exchange(ctx context.Context, addr string, job Job) Said
}

// Server is server code in this process. Serve accepts on l until ctx is done, then returns after its connections have ended.
type Server interface {
	Serve(ctx context.Context, l net.Listener) error
}

// A Job is what a client is asked to do.
type Job struct {
	Messages [][]byte           // bodies, without framing, to send and to receive back in order
	Promises fixtures.Deadlines // the client's declared deadlines
	Timed    bool               // note how long the client's process had to wait for a processor: [Said.Starved]
	Lookout  bool               // note where the client's process connects to, other than the address: [Process.Elsewhere]
	Push     bool               // in a session: send the message, and await no reply
	Fresh    bool               // in a session: not on a connection of an earlier exchange
	Method   string             // HTTP: the request's method; empty is GET
	Path     string             // HTTP: what is asked for; the messages are what a POST carries
	Network  Network            // clients in this process: where to dial; see [Job.DialContext]
	TLS      *tls.Config        // clients in this process: what to connect with, under TLS; nil is none
	Cancel   <-chan struct{}    // clients in this process: the context is cancelled when it is closed; nil is never
	Nudge    <-chan struct{}    // clients with a process: each makes it get a signal that means nothing, SIGWINCH; nil is never
}

// payload is what is handed over to be sent. Of HTTP's methods only POST carries anything.
func (j Job) payload() []byte {
	if j.Method != "" && j.Method != http.MethodPost {
		return nil
	}
	return bytes.Join(j.Messages, nil)
}

// Said is what a client said of one exchange, and the bytes it claims to have received.
type Said struct {
	Outcome  fixtures.Outcome
	Received []byte  // the bodies received, joined; a prefix where the outcome is not ok
	Digest   *Digest // instead of Received, where the client does not hand over what it received
	Detail   string  // the error's text
	NoOutput bool    // the client does not print what it received: Received says nothing
	Process  *Process

	// Starved says how long the thread of the client's process that waited longest for a processor, while others had it, waited from a
	// moment on. nil where it was not asked for.
	Starved func(since time.Time) time.Duration

	// Err is set where the harness could not run the client at all. Then the rest says nothing about the target.
	Err error
}

// A Digest tells of bytes without handing them over.
type Digest struct {
	Bytes  int64
	SHA256 string // in lower-case hexadecimal
}

// A Process is what was seen of a target's process.
type Process struct {
	Args      []string      `json:"args"`
	Exit      int           `json:"exit"`                // exit code; -1 if a signal ended it or it was still running
	Signal    string        `json:"signal,omitempty"`    // the signal that ended it, unless the harness sent it
	Stdout    []byte        `json:"-"`                   // a client's: the first OutputLimit bytes; a server's: as Stderr
	Stderr    []byte        `json:"-"`                   // the first and the last LogLimit/2 bytes
	Lost      int64         `json:"lost,omitempty"`      // bytes of output beyond the bounds, read and dropped
	CPU       time.Duration `json:"cpu_ns"`              // user and system time
	MaxRSS    int64         `json:"max_rss"`             // bytes, 0 if unknown; Linux counts from the fork: never below the harness's own
	Took      time.Duration `json:"took_ns"`             // from start to end
	Ended     time.Time     `json:"-"`                   // when the harness saw the end, with the monotonic clock
	Unasked   bool          `json:"unasked,omitempty"`   // it ended before the harness told it to: every client should, no server
	Elsewhere []string      `json:"elsewhere,omitempty"` // where else it connected to, as far as that was looked for and seen
	Forced    bool          `json:"forced,omitempty"`    // it did not end when it was told to, and was killed
	Leftover  int           `json:"leftover,omitempty"`  // processes it left behind, which were killed
}

// OutputLimit bounds what is kept of a client's stdout, which must hold the largest message.
const OutputLimit = 32 << 20

// LogLimit bounds what is kept of output that is no message: stderr, and all that a server prints.
const LogLimit = 256 << 10
