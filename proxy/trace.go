package proxy

import "time"

// A Trace is what the wire saw: pure data. Times are monotonic, counted from the relay's start.
type Trace struct {
	Began       time.Time     `json:"began,omitzero"`         // when its clock began, by the machine's
	Conns       []ConnTrace   `json:"conns"`                  // in order of acceptance
	Fired       []Strike      `json:"fired"`                  // the faults that struck, in order
	FirstSign   Moment        `json:"first_sign,omitempty"`   // the first accept, or the first SYN seen where nothing accepts
	SignBlur    time.Duration `json:"sign_blur_ns,omitempty"` // how much earlier than FirstSign it may have been: a SYN is looked for, not announced
	Late        time.Duration `json:"late_ns,omitempty"`      // the latest that the wire did what it should have done at once or at a given time
	Unconfirmed int           `json:"unconfirmed,omitempty"`  // lock-step slices whose reading could not be confirmed
	Stretched   time.Duration `json:"stretched_ns,omitempty"` // the longest that waiting for slices to be read has held up one direction, all in all
	Forgotten   int           `json:"forgotten,omitempty"`    // connections that are no longer in Conns: the oldest of very many
}

// A Moment is a time on the trace's clock; nil means it never came.
type Moment = *time.Duration

// A Strike is one fault striking one connection.
type Strike struct {
	Fault  string        `json:"fault"` // the fault's name
	Conn   int           `json:"conn"`  // the connection's number, from 1; 0 where nothing was accepted
	Stream Stream        `json:"stream"`
	Offset int64         `json:"offset"` // payload bytes of the stream delivered before
	At     time.Duration `json:"at_ns"`

	Datagram int64 `json:"datagram,omitempty"` // of datagrams, the number of the first that it struck
}

// A ConnTrace is one connection through the wire; of datagrams, what one client's address has sent and got.
type ConnTrace struct {
	N          int           `json:"n"`                // from 1
	Client     string        `json:"client"`           // the client's address
	Door       string        `json:"door,omitempty"`   // the address that it came to
	Source     string        `json:"source,omitempty"` // the relay's own address towards the server
	Server     string        `json:"server,omitempty"` // the server's address
	Accepted   time.Duration `json:"accepted_ns"`
	Dialled    Moment        `json:"dialled_ns,omitempty"` // when it was known whether there is an upstream connection
	DialError  string        `json:"dial_error,omitempty"` // why there is no upstream connection
	Upstream   FlowTrace     `json:"upstream"`
	Downstream FlowTrace     `json:"downstream"`
	Events     []Event       `json:"events,omitempty"`
	Dropped    int           `json:"dropped,omitempty"` // data events beyond the bound, counted but not kept

	// Decisions is the log of what the seed decided, by stream, fault and offset. It is equal for equal plans and streams,
	// however the streams came in.
	Decisions        []Decision `json:"decisions,omitempty"`
	DecisionsDropped int        `json:"decisions_dropped,omitempty"` // beyond 1024 a fault
}

// A Decision is one thing the seed decided.
type Decision struct {
	Fault  string `json:"fault"`
	Stream Stream `json:"stream"`
	Offset int64  `json:"offset"` // of the stream: the block's first byte, or the cut
	Value  int64  `json:"value"`  // a jitter's delay in ns; a cut's distance from where it would lie without variation, in bytes; of datagrams see [DatagramRelay]
}

// A FlowTrace is one direction of one connection, at both edges.
type FlowTrace struct {
	In       int64         `json:"in"`  // bytes read from the sender
	Out      int64         `json:"out"` // bytes written to the receiver
	FirstIn  Moment        `json:"first_in,omitempty"`
	LastIn   Moment        `json:"last_in,omitempty"`
	FirstOut Moment        `json:"first_out,omitempty"`
	LastOut  Moment        `json:"last_out,omitempty"`
	End      string        `json:"end,omitempty"` // how the sender ended: "fin", "rst", or empty if it did not
	EndAt    time.Duration `json:"end_at_ns,omitempty"`
	Passed   string        `json:"passed,omitempty"` // what the receiver got as the end: "fin", "rst", or empty

	// Head is the first bytes that passed the edge beside [Config.HeadsAt], at most [Config.Heads]. It is kept without its events'
	// bounds: the bytes of an event there are those at its offset.
	Head []byte `json:"-"`

	DatagramsIn  int64 `json:"datagrams_in,omitempty"`  // datagrams read from the sender
	DatagramsOut int64 `json:"datagrams_out,omitempty"` // datagrams written to the receiver
}

// An Event is one thing that happened at an edge.
type Event struct {
	At     time.Duration `json:"at_ns"`
	Stream Stream        `json:"stream"`
	What   string        `json:"what"`   // "in", "out" (data), "fin", "rst" (received), "sent_fin", "sent_rst", "fault"; of datagrams see [DatagramRelay]
	Offset int64         `json:"offset"` // of the stream, before it
	Bytes  int64         `json:"bytes,omitempty"`
	Fault  string        `json:"fault,omitempty"`

	Datagram int64  `json:"datagram,omitempty"` // its number, from 1
	From     string `json:"from,omitempty"`     // of a datagram that did not come from the other side's own address: "in", where it came from; "out", where the client sees it come from
}
