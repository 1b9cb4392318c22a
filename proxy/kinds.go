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
}

// A kind is what a type of fault is: where it runs and what it takes. kinds is the one table that validation, the text
// form and the documentation of faults rest on.
type kind struct {
	runs       room
	triggers   bool // takes a trigger
	attributes []attribute
}

const (
	day       = 24 * 60 * 60 * 1000 // in milliseconds
	unlimited = math.MaxInt64
)

var kinds = map[string]kind{
	"latency": {runs: inLink, attributes: []attribute{
		{name: "latency", unit: "ms", max: day, required: true}, {name: "jitter", unit: "ms", max: day}}},
	"bandwidth":  {runs: inLink, attributes: []attribute{{name: "rate", unit: "KB/s", max: 100_000_000, required: true}}},
	"slow_close": {runs: inLink, attributes: []attribute{{name: "delay", unit: "ms", max: day, required: true}}},
	"slicer": {runs: inLink, attributes: []attribute{
		{name: "average_size", unit: "bytes", min: 1, max: 1 << 30, required: true},
		{name: "size_variation", unit: "bytes", max: 1 << 30},
		{name: "delay", unit: "µs", max: day * 1000}}},
	"limit_data": {runs: atEdge, attributes: []attribute{{name: "bytes", unit: "bytes", max: unlimited, required: true}}},

	"timeout":    {runs: atEdge, attributes: []attribute{{name: "timeout", unit: "ms", max: day, required: true}}},
	"reset_peer": {runs: atEdge, triggers: true, attributes: []attribute{{name: "timeout", unit: "ms", max: day}}},
	"close":      {runs: atEdge, triggers: true},
	"half_close": {runs: atEdge, triggers: true},
	"stall":      {runs: atEdge, triggers: true, attributes: []attribute{{name: "duration", unit: "ms", min: 1, max: day}}},
	"blackhole":  {runs: atEdge, triggers: true},
	"slice": {runs: atEdge, attributes: []attribute{
		{name: "every", unit: "bytes", min: 1, max: 1 << 30}, {name: "variation", unit: "bytes", max: 1 << 29},
		{name: "at", unit: "bytes", min: 1, max: unlimited}}},

	"refuse":            {runs: onConnect},
	"connect_blackhole": {runs: onConnect},
	"accept_then_reset": {runs: onConnect},
	"accept_then_close": {runs: onConnect},
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
	if f.Trigger != nil {
		switch {
		case !k.triggers:
			return wrong("trigger", "%s takes no trigger", f.Type)
		case f.Trigger.Byte < 0:
			return wrong("trigger.byte", "%d is negative", f.Trigger.Byte)
		case f.Trigger.Opposite < 0:
			return wrong("trigger.opposite", "%d is negative", f.Trigger.Opposite)
		}
	}
	for name, v := range f.Attributes {
		i := slices.IndexFunc(k.attributes, func(a attribute) bool { return a.name == name })
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
	case "refuse", "connect_blackhole":
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

func (k kind) takes() string {
	if len(k.attributes) == 0 {
		return "it takes none"
	}
	var names []string
	for _, a := range k.attributes {
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
