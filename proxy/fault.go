package proxy

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Stream is the direction a fault strikes, with Toxiproxy's meaning: upstream is from the client to the server, downstream
// from the server to the client.
type Stream string

// The streams. TowardsTarget and FromTarget stand for one of the others until [Plan.Facing] knows which side is under test.
const (
	Upstream      Stream = "upstream"
	Downstream    Stream = "downstream"
	TowardsTarget Stream = "towards_target"
	FromTarget    Stream = "from_target"
)

func (s Stream) opposite() Stream {
	switch s {
	case Upstream:
		return Downstream
	case Downstream:
		return Upstream
	case TowardsTarget:
		return FromTarget
	}
	return TowardsTarget
}

// A Fault is one thing that goes wrong on the wire, in the shape of a Toxiproxy toxic: its JSON and YAML are Toxiproxy's,
// with a few keys more. Make faults with the constructors, which read like a sentence:
//
//	proxy.Stall().TowardsTarget().After(512)
type Fault struct {
	Name       string           `json:"name,omitempty"` // default: type_stream
	Type       string           `json:"type"`
	Stream     Stream           `json:"stream,omitempty"` // default: downstream
	Toxicity   float64          `json:"toxicity"`         // chance to strike a connection, 0 to 1; constructors and files default to 1
	Attributes map[string]int64 `json:"attributes,omitempty"`

	// Connection is the number of the connection to strike, counted from 1 in order of acceptance; 0 strikes all.
	Connection int `json:"connection,omitempty"`
	// Data is what inject puts into the stream.
	Data Literal `json:"data,omitempty"`
	// Trigger says when the fault strikes, or begins. Without one it does when the first byte, or the end, comes.
	Trigger *Trigger `json:"trigger,omitempty"`
	// Until says when the fault ends. Without it, it lasts as long as the connection.
	Until *Until `json:"until,omitempty"`
}

// A Trigger is the moment a fault strikes: at a byte, at a time, or at a byte behind a match. Bytes are those of the fault's
// stream, counted from its start; for a connection that was open when the fault was added, from there.
type Trigger struct {
	// Byte is how many payload bytes pass first: exactly so many are delivered. 0 strikes when the first byte, or the end,
	// comes. Behind a Match it is counted from the match's end.
	Byte int64 `json:"byte,omitempty"`
	// Time is when it strikes, in milliseconds since the connection was accepted, whether or not anything flows. 0 is on
	// accept, before the first byte.
	Time *int64 `json:"time,omitempty"`
	// Match strikes behind the first occurrence of these bytes in the fault's stream.
	Match Literal `json:"match,omitempty"`
	// Opposite is how many payload bytes must have passed the other way, with none left unread, before the fault strikes.
	// The kernel delivers ECONNRESET once, and a write would take it: a reset that must be reported waits until its
	// victim has nothing left to write.
	Opposite int64 `json:"opposite,omitempty"`
	// Datagram is the number of the first datagram that it strikes, counted from 1 in its direction; see [DatagramRelay]. 0 is
	// the first. Datagrams know no Byte, Match and Opposite.
	Datagram int64 `json:"datagram,omitempty"`
}

// Until is the end of a fault: at a byte of its stream, at a datagram, or after a time. With none of them it has no end.
type Until struct {
	Byte     int64 `json:"byte,omitempty"`     // counted as [Trigger.Byte] is: the first that is spared
	Datagram int64 `json:"datagram,omitempty"` // the number of the first that is spared
	For      int64 `json:"for,omitempty"`      // milliseconds since it struck
}

func fault(kind string, attributes ...any) Fault {
	f := Fault{Type: kind, Stream: Downstream, Toxicity: 1}
	for i := 0; i < len(attributes); i += 2 {
		if f.Attributes == nil {
			f.Attributes = map[string]int64{}
		}
		f.Attributes[attributes[i].(string)] = attributes[i+1].(int64)
	}
	return f
}

func milliseconds(d time.Duration) int64 { return int64((d + time.Millisecond/2) / time.Millisecond) }

// Latency is Toxiproxy's latency: every chunk arrives d later, give or take jitter. Milliseconds are its resolution.
func Latency(d, jitter time.Duration) Fault {
	return fault("latency", "latency", milliseconds(d), "jitter", milliseconds(jitter))
}

// Bandwidth is Toxiproxy's bandwidth: at most rate KB/s, where a KB is 1000 bytes.
func Bandwidth(rate int64) Fault { return fault("bandwidth", "rate", rate) }

// Coalesce gathers what comes into writes of size bytes. What is there is written d after its first byte came, full or not.
func Coalesce(size int64, d time.Duration) Fault {
	return fault("coalesce", "size", size, "delay", milliseconds(d))
}

// Slicer is Toxiproxy's slicer: chunks of average ± variation bytes, delay apart (a microsecond is its resolution). For
// cuts that the peer is certain to see use [Slice] and [SplitAt].
func Slicer(average, variation int64, delay time.Duration) Fault {
	return fault("slicer", "average_size", average, "size_variation", variation, "delay", delay.Microseconds())
}

// Timeout is Toxiproxy's timeout: no data passes, and the connection is closed after d. With d 0 it stays open until the
// sender ends it. Unlike Toxiproxy's, traffic does not re-arm it.
func Timeout(d time.Duration) Fault { return fault("timeout", "timeout", milliseconds(d)) }

// SlowClose is Toxiproxy's slow_close: the end of the stream is passed on d late.
func SlowClose(d time.Duration) Fault { return fault("slow_close", "delay", milliseconds(d)) }

// LimitData is Toxiproxy's limit_data: the connection is closed once n bytes have passed.
func LimitData(n int64) Fault { return fault("limit_data", "bytes", n) }

// ResetPeer aborts the connection: both sides get an RST. Every byte before it has been delivered.
func ResetPeer() Fault { return fault("reset_peer") }

// Close closes the connection in order: both sides get a FIN, and what they send afterwards is answered with an RST.
func Close() Fault { return fault("close") }

// HalfClose ends its own direction with a FIN; the other goes on.
func HalfClose() Fault { return fault("half_close") }

// Stall stops reading its direction for good: the receiver gets nothing more and the sender's window fills.
func Stall() Fault { return fault("stall") }

// StallFor is Stall for a duration, after which the stream goes on without loss.
func StallFor(d time.Duration) Fault { return Stall().For(d) }

// Blackhole swallows both directions: the kernel still acknowledges, but nothing arrives, no FIN and no RST either.
func Blackhole() Fault { return fault("blackhole") }

// Corrupt flips bits of n bytes: each is XORed with mask, 1 to 255.
func Corrupt(n, mask int64) Fault { return fault("corrupt", "bytes", n, "xor", mask) }

// Inject puts bytes into the stream that the sender never sent.
func Inject(data []byte) Fault {
	f := fault("inject")
	f.Data = data
	return f
}

// Vanish cuts the cable: no packet of the connection arrives any more on either side, no acknowledgement, no FIN, no RST. It
// needs CAP_NET_ADMIN. With an end ([Fault.For]) TCP itself heals the connection.
func Vanish() Fault { return fault("vanish") }

// PacketLoss drops percent of the packets that the stream's sender sends, at the relay's socket; TCP repairs the loss. It
// needs CAP_NET_ADMIN. The kernel draws: the seed does not decide which packet.
func PacketLoss(percent int64) Fault { return fault("packet_loss", "percent", percent) }

// SynLoss drops every SYN for d after the first was seen, or for good if d is 0: a connect takes until the SYN's retransmit a
// second later, or times out. It needs CAP_NET_ADMIN.
func SynLoss(d time.Duration) Fault {
	f := fault("syn_loss")
	if d > 0 {
		f = f.For(d)
	}
	return f
}

// AcceptDelay accepts, but connects through only d later.
func AcceptDelay(d time.Duration) Fault { return fault("accept_delay", "delay", milliseconds(d)) }

// Slice delivers its direction in pieces of size bytes in lock-step: the next goes when the receiver has read the last.
func Slice(size int64) Fault { return fault("slice", "every", size) }

// SliceAbout is Slice with cuts up to variation bytes off, drawn from the plan's seed.
func SliceAbout(size, variation int64) Fault {
	return fault("slice", "every", size, "variation", variation)
}

// SplitAt cuts its direction in two behind byte n, in lock-step.
func SplitAt(n int64) Fault { return fault("slice", "at", n) }

// Refuse answers every connect with an RST: the address is bound, nobody listens.
func Refuse() Fault { return fault("refuse") }

// ConnectBlackhole leaves every SYN unanswered.
func ConnectBlackhole() Fault { return fault("connect_blackhole") }

// AcceptThenReset accepts and aborts with an RST at once.
func AcceptThenReset() Fault { return fault("accept_then_reset") }

// AcceptThenClose accepts and closes at once. A client that has already written gets an RST.
func AcceptThenClose() Fault { return fault("accept_then_close") }

// On returns the fault striking the given stream.
func (f Fault) On(s Stream) Fault {
	f.Stream = s
	return f
}

// TowardsTarget returns the fault striking what flows to the side under test.
func (f Fault) TowardsTarget() Fault { return f.On(TowardsTarget) }

// FromTarget returns the fault striking what flows from the side under test.
func (f Fault) FromTarget() Fault { return f.On(FromTarget) }

// After returns the fault striking once exactly n bytes of its stream have been delivered; see [Trigger.Byte].
func (f Fault) After(n int64) Fault {
	t := f.trigger()
	t.Byte = n
	f.Trigger = &t
	return f
}

// At returns the fault striking, or beginning, when the connection is d old; 0 is on accept.
func (f Fault) At(d time.Duration) Fault {
	t, ms := f.trigger(), milliseconds(d)
	t.Time = &ms
	f.Trigger = &t
	return f
}

// OnMatch returns the fault striking behind the first occurrence of literal in its stream; see [Trigger.Match].
func (f Fault) OnMatch(literal string) Fault {
	t := f.trigger()
	t.Match = Literal(literal)
	f.Trigger = &t
	return f
}

// UntilByte returns the fault ending before byte n of its stream; see [Until.Byte].
func (f Fault) UntilByte(n int64) Fault {
	u := f.until()
	u.Byte = n
	f.Until = &u
	return f
}

// For returns the fault ending d after it struck.
func (f Fault) For(d time.Duration) Fault {
	u := f.until()
	u.For = milliseconds(d)
	f.Until = &u
	return f
}

// OnceSent returns the fault waiting until n bytes have passed the other way; see [Trigger.Opposite].
func (f Fault) OnceSent(n int64) Fault {
	t := f.trigger()
	t.Opposite = n
	f.Trigger = &t
	return f
}

// OnConnection returns the fault striking only the k-th connection, counted from 1.
func (f Fault) OnConnection(k int) Fault {
	f.Connection = k
	return f
}

func (f Fault) trigger() Trigger {
	if f.Trigger == nil {
		return Trigger{}
	}
	return *f.Trigger
}

func (f Fault) until() Until {
	if f.Until == nil {
		return Until{}
	}
	return *f.Until
}

// ID is the fault's name, by Toxiproxy's rule (type_stream) where none was given.
func (f Fault) ID() string {
	if f.Name != "" {
		return f.Name
	}
	return f.Type + "_" + string(f.Stream)
}

// String describes the fault in one phrase: "stall, downstream, after 512 bytes".
func (f Fault) String() string {
	k, known := kinds[f.Type]
	var b strings.Builder
	b.WriteString(f.Type)
	for _, a := range k.attributes {
		if v, ok := f.Attributes[a.name]; ok {
			fmt.Fprintf(&b, " %s %d", a.name, v)
			if a.unit != "" {
				b.WriteString(" " + a.unit)
			}
		}
	}
	if !known || k.runs != onConnect {
		b.WriteString(", " + strings.ReplaceAll(string(f.Stream), "_", " "))
	}
	t, u := f.trigger(), f.until()
	if len(f.Data) > 0 {
		fmt.Fprintf(&b, ", %d bytes", len(f.Data))
	}
	if t.Byte > 0 {
		b.WriteString(", after " + strconv.FormatInt(t.Byte, 10) + " bytes")
	}
	if t.Match != nil {
		text, _ := t.Match.MarshalText()
		fmt.Fprintf(&b, ", behind %q", text)
	}
	switch {
	case t.Time == nil:
	case *t.Time == 0:
		b.WriteString(", on accept")
	default:
		fmt.Fprintf(&b, ", at %d ms", *t.Time)
	}
	if t.Opposite > 0 {
		fmt.Fprintf(&b, ", once %d bytes have gone the other way", t.Opposite)
	}
	b.WriteString(f.datagrams())
	if u.Byte > 0 {
		fmt.Fprintf(&b, ", until byte %d", u.Byte)
	}
	if u.For > 0 {
		fmt.Fprintf(&b, ", for %d ms", u.For)
	}
	if f.Toxicity != 1 {
		fmt.Fprintf(&b, ", toxicity %g", f.Toxicity)
	}
	if f.Connection > 0 {
		fmt.Fprintf(&b, ", connection %d", f.Connection)
	}
	return b.String()
}
