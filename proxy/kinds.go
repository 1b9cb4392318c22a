package proxy

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// A room is where a kind of fault runs.
type room int

const (
	inLink    room = iota // a toxic in Toxiproxy's link
	atEdge                // the output edge of its direction
	onConnect             // the relay's listener
)

// An attribute is one number a kind of fault takes.
type attribute struct {
	name     string
	unit     string
	min, max int64
	required bool
	over     medium // where it makes sense; 0 is wherever its fault does
}

// A kind is what a type of fault is: where it runs and what it takes. kinds is the one table that validation, the text
// form, the JSON Schema and the documentation of faults rest on.
type kind struct {
	runs       room
	begins     bool // takes a trigger: a byte, a time or a match
	strikes    bool // it strikes in an instant, so it can wait for the other direction, too
	ends       ending
	data       bool   // takes data, and needs it
	over       medium // what it can strike; 0 is streams alone
	attributes []attribute
}

// An ending is how a kind of fault can end.
type ending int

const (
	endless   ending = iota
	afterTime        // takes until.for
	atByteToo        // takes until.byte as well
)

const (
	day       = 24 * 60 * 60 * 1000 // in milliseconds
	unlimited = math.MaxInt64
)

var kinds = map[string]kind{
	"latency": {runs: inLink, begins: true, ends: atByteToo, attributes: []attribute{
		{name: "latency", unit: "ms", max: day, required: true}, {name: "jitter", unit: "ms", max: day},
		{name: "window", unit: "bytes", min: 1, max: 1 << 30, over: streams}}, over: streams | datagrams},
	"bandwidth": {runs: inLink, begins: true, ends: atByteToo, over: streams | datagrams, attributes: []attribute{
		{name: "rate", unit: "KB/s", max: 100_000_000, required: true}}},
	"slow_close": {runs: inLink, attributes: []attribute{{name: "delay", unit: "ms", max: day, required: true}}},
	"slicer": {runs: inLink, begins: true, ends: atByteToo, attributes: []attribute{
		{name: "average_size", unit: "bytes", min: 1, max: 1 << 30, required: true},
		{name: "size_variation", unit: "bytes", max: 1 << 30},
		{name: "delay", unit: "µs", max: day * 1000}}},
	"coalesce": {runs: inLink, begins: true, ends: atByteToo, attributes: []attribute{
		{name: "size", unit: "bytes", min: 2, max: maxChunk, required: true},
		{name: "delay", unit: "ms", min: 1, max: day, required: true}}},
	"limit_data": {runs: atEdge, strikes: true, attributes: []attribute{{name: "bytes", unit: "bytes", max: unlimited, required: true}}},

	"timeout":    {runs: atEdge, begins: true, strikes: true, attributes: []attribute{{name: "timeout", unit: "ms", max: day, required: true}}},
	"reset_peer": {runs: atEdge, begins: true, strikes: true, attributes: []attribute{{name: "timeout", unit: "ms", max: day}}},
	"close":      {runs: atEdge, begins: true, strikes: true},
	"half_close": {runs: atEdge, begins: true, strikes: true},
	"stall":      {runs: atEdge, begins: true, strikes: true, ends: afterTime},
	"blackhole":  {runs: atEdge, begins: true, strikes: true, over: streams | datagrams},
	"corrupt": {runs: atEdge, begins: true, over: streams | datagrams, attributes: []attribute{
		{name: "bytes", unit: "bytes", min: 1, max: unlimited}, {name: "xor", min: 1, max: 255},
		{name: "at", unit: "bytes", max: maxDatagram - 1, over: datagrams}, percent}},
	"inject": {runs: atEdge, begins: true, strikes: true, data: true},
	"slice": {runs: atEdge, begins: true, ends: atByteToo, attributes: []attribute{
		{name: "every", unit: "bytes", min: 1, max: 1 << 30}, {name: "variation", unit: "bytes", max: 1 << 29},
		{name: "at", unit: "bytes", min: 1, max: unlimited}}},
	"vanish": {runs: atEdge, begins: true, strikes: true, ends: afterTime},
	"packet_loss": {runs: atEdge, begins: true, strikes: true, ends: afterTime, attributes: []attribute{
		{name: "percent", unit: "%", min: 1, max: 100, required: true}}},

	"loss": {runs: atEdge, begins: true, over: datagrams, attributes: []attribute{percent}},
	"duplicate": {runs: atEdge, begins: true, over: datagrams, attributes: []attribute{
		percent, {name: "copies", min: 1, max: 100}}},
	"reorder": {runs: atEdge, begins: true, over: datagrams, attributes: []attribute{
		percent, {name: "behind", unit: "datagrams", min: 1, max: 64}, {name: "timeout", unit: "ms", min: 1, max: day}}},
	"truncate": {runs: atEdge, begins: true, over: datagrams, attributes: []attribute{
		{name: "bytes", unit: "bytes", max: maxDatagram, required: true}, percent}},

	"refuse":            {runs: onConnect, over: streams | datagrams},
	"connect_blackhole": {runs: onConnect},
	"syn_loss":          {runs: onConnect, ends: afterTime},
	"accept_then_reset": {runs: onConnect},
	"accept_then_close": {runs: onConnect},
	"accept_delay":      {runs: onConnect, attributes: []attribute{{name: "delay", unit: "ms", min: 1, max: day, required: true}}},
}

// An InvalidFault is a fault that cannot be injected as written.
type InvalidFault struct {
	Fault string // the fault's name
	Key   string // what is wrong with it: "type", "attributes.latency", …
	Why   string
}

func (e *InvalidFault) Error() string {
	return fmt.Sprintf("fault %q: %s: %s", e.Fault, e.Key, e.Why)
}

// Validate reports the first thing that is wrong with the fault as an [InvalidFault]. Toxiproxy accepts misspelt attributes,
// negative delays and a toxicity of 7, and some crash it; here each is an error that names the key.
func (f Fault) Validate() error {
	wrong := func(key, format string, args ...any) error {
		return &InvalidFault{Fault: f.ID(), Key: key, Why: fmt.Sprintf(format, args...)}
	}
	k, known := kinds[f.Type]
	if !known {
		return wrong("type", "unknown type %q; known are %s", f.Type, strings.Join(Types(), ", "))
	}
	switch f.Stream {
	case Upstream, Downstream, TowardsTarget, FromTarget:
	default:
		return wrong("stream", "%q is neither upstream nor downstream", f.Stream)
	}
	if !(f.Toxicity >= 0 && f.Toxicity <= 1) {
		return wrong("toxicity", "%g is not between 0 and 1", f.Toxicity)
	}
	if f.Connection < 0 {
		return wrong("connection", "%d is negative; connections count from 1, 0 is all", f.Connection)
	}
	if key, why := f.unfit(k); why != "" {
		return wrong(key, "%s", why)
	}
	if k.data != (len(f.Data) > 0) {
		if k.data {
			return wrong("data", "missing: the bytes to %s", f.Type)
		}
		return wrong("data", "%s takes no data", f.Type)
	}
	for name, v := range f.Attributes {
		i := k.attribute(name)
		if i < 0 {
			return wrong("attributes."+name, "%s has no such attribute; %s", f.Type, k.takes())
		}
		if a := k.attributes[i]; v < a.min || v > a.max {
			return wrong("attributes."+name, "%d is out of range %d to %d %s", v, a.min, a.max, a.unit)
		}
	}
	for _, a := range k.attributes {
		if _, given := f.Attributes[a.name]; a.required && !given {
			return wrong("attributes."+a.name, "missing; %s", k.takes())
		}
	}
	switch f.Type {
	case "refuse", "connect_blackhole", "syn_loss":
		if f.Toxicity != 1 || f.Connection != 0 {
			return wrong("toxicity", "%s strikes every connection", f.Type)
		}
	case "slicer":
		if f.Attributes["size_variation"] >= f.Attributes["average_size"] {
			return wrong("attributes.size_variation", "must be less than average_size")
		}
	case "slice":
		every, at := f.Attributes["every"], f.Attributes["at"]
		if (every > 0) == (at > 0) {
			return wrong("attributes", "slice takes either every or at")
		}
		if v := f.Attributes["variation"]; v > 0 && 2*v >= every {
			return wrong("attributes.variation", "must be less than half of every: cuts must not cross")
		}
	}
	return nil
}

// badTrigger says what is wrong with the fault's beginning or end, on a stream.
func (f Fault) badTrigger(k kind) (key, why string) {
	t, u := f.trigger(), f.until()
	switch {
	case t.Datagram != 0:
		return "trigger.datagram", "a stream has no datagrams: begin at a byte, a time or a match"
	case u.Datagram != 0:
		return "until.datagram", "a stream has no datagrams: end at a byte or after a time"
	case f.Trigger != nil && !k.begins:
		return "trigger", f.Type + " takes no trigger"
	case t.Byte < 0:
		return "trigger.byte", fmt.Sprintf("%d is negative", t.Byte)
	case t.Opposite < 0:
		return "trigger.opposite", fmt.Sprintf("%d is negative", t.Opposite)
	case t.Opposite > 0 && !k.strikes:
		return "trigger.opposite", f.Type + " does not strike in an instant, so it cannot wait for the other direction"
	case t.Time != nil && (*t.Time < 0 || *t.Time > day):
		return "trigger.time", fmt.Sprintf("%d is out of range 0 to %d ms", *t.Time, day)
	case t.Time != nil && (t.Byte > 0 || t.Match != nil):
		return "trigger.time", "a fault begins either at a time or at a byte"
	case t.Match != nil && len(t.Match) == 0:
		return "trigger.match", "is empty"
	case len(t.Match) > maxMatch:
		return "trigger.match", fmt.Sprintf("has %d bytes; at most %d can be looked for", len(t.Match), maxMatch)
	case f.Until != nil && k.ends == endless:
		return "until", f.Type + " takes no end"
	case u.Byte < 0 || u.For < 0 || u.For > day:
		return "until", "is out of range"
	case u.Byte > 0 && k.ends != atByteToo:
		return "until.byte", f.Type + " ends after a time, not at a byte: nothing passes while it lasts"
	case u.Byte > 0 && u.Byte <= t.Byte:
		return "until.byte", fmt.Sprintf("%d is not behind byte %d, where it begins", u.Byte, t.Byte)
	case f.Until != nil && u.Byte == 0 && u.For == 0:
		return "until", "says neither byte nor for"
	}
	return "", ""
}

// maxMatch bounds a literal that is looked for.
const maxMatch = 4096

func (k kind) takes() string {
	if len(k.attributes) == 0 {
		return "it takes none"
	}
	var names []string
	for _, a := range k.attributes {
		if a.unit == "" {
			names = append(names, a.name)
			continue
		}
		names = append(names, fmt.Sprintf("%s (%s)", a.name, a.unit))
	}
	return "it takes " + strings.Join(names, ", ")
}

// Types lists the types of fault, sorted.
func Types() []string {
	var names []string
	for name := range kinds {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Takes reports whether faults of the type have such an attribute.
func Takes(kind, attribute string) bool { return kinds[kind].attribute(attribute) >= 0 }

func (k kind) attribute(name string) int {
	return slices.IndexFunc(k.attributes, func(a attribute) bool { return a.name == name })
}
