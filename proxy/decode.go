package proxy

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// PlanVersion is the version of a plan's text form. It may be left out.
const PlanVersion = "1"

// A PlanError is a mistake in a plan's text.
type PlanError struct {
	File string // as given to [ParsePlan]
	Line int    // from 1
	Key  string // such as faults[0].attributes.latency
	Why  string
}

func (e *PlanError) Error() string {
	return fmt.Sprintf("%s:%d: %s: %s", e.File, e.Line, e.Key, e.Why)
}

// ParsePlan reads a plan from YAML or JSON:
//
//	version: 1
//	seed: 7
//	faults:
//	- {type: latency, attributes: {latency: 100, jitter: 10}}
//	- {type: reset_peer, stream: upstream, trigger: {byte: 512}}
//
// A fault has the shape of Toxiproxy's toxics, and a list of toxics, or a single one, is a plan too. Left out, stream is
// downstream and toxicity 1, as Toxiproxy has it. A mistake is a [PlanError]: an unknown key, a value of the wrong type or
// out of range, a type that takes no such attribute. file is for the error's text.
func ParsePlan(file string, text []byte) (Plan, error) {
	p := parser{file: file}
	root, err := p.document(text)
	if err != nil {
		return Plan{}, err
	}
	switch {
	case root.Kind == yaml.SequenceNode:
		return p.plan(root, nil)
	case p.key(root, "type") != nil:
		return p.plan(&yaml.Node{Kind: yaml.SequenceNode, Content: []*yaml.Node{root}}, nil)
	}
	if err := p.keys(root, "", "version", "seed", "faults"); err != nil {
		return Plan{}, err
	}
	if v := p.key(root, "version"); v != nil && v.Value != PlanVersion {
		return Plan{}, p.wrong(v, "version", "%q is not known; this is version %s", v.Value, PlanVersion)
	}
	return p.plan(p.key(root, "faults"), p.key(root, "seed"))
}

// UnmarshalJSON reads a fault as Toxiproxy reads a toxic, but takes no key or attribute that it does not know.
func (f *Fault) UnmarshalJSON(text []byte) error {
	// YAML reads JSON but for some escapes in strings, which encoding/json does not write.
	var plain any
	numbers := json.NewDecoder(bytes.NewReader(text))
	numbers.UseNumber()
	if err := numbers.Decode(&plain); err != nil {
		return err
	}
	text, err := json.Marshal(plain)
	if err != nil {
		return err
	}
	p := parser{file: "fault"}
	n, err := p.document(text)
	if err != nil {
		return err
	}
	read, err := p.fault(n, "")
	if err == nil {
		err = p.invalid(n, "", read.Validate())
	}
	if err == nil {
		*f = read
	}
	return err
}

var _ json.Unmarshaler = (*Fault)(nil)

type parser struct{ file string }

// document is the root of the one document in the text.
func (p parser) document(text []byte) (*yaml.Node, error) {
	var document, more yaml.Node
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	if err := decoder.Decode(&document); errors.Is(err, io.EOF) {
		return nil, &PlanError{p.file, 1, "faults", "the file is empty"}
	} else if err != nil {
		return nil, fmt.Errorf("%s: %w", p.file, err)
	}
	switch err := decoder.Decode(&more); {
	case err == nil:
		return nil, p.wrong(&more, "---", "a second document; a plan is one")
	case !errors.Is(err, io.EOF):
		return nil, fmt.Errorf("%s: behind the plan: %w", p.file, err)
	}
	return document.Content[0], nil
}

func (p parser) wrong(n *yaml.Node, key, format string, args ...any) error {
	if key == "" {
		key = "plan"
	}
	if n.Kind == yaml.AliasNode || n.Value == "<<" {
		format, args = "YAML's aliases and merges are not taken; write it out", nil
	}
	return &PlanError{p.file, max(1, n.Line), key, fmt.Sprintf(format, args...)}
}

// key is the value of the mapping's key; nil if there is none.
func (p parser) key(mapping *yaml.Node, name string) *yaml.Node {
	if mapping.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i < len(mapping.Content); i += 2 {
		if mapping.Content[i].Value == name {
			return mapping.Content[i+1]
		}
	}
	return nil
}

// keys reports a node that is no mapping, and a key that is not known or stands twice.
func (p parser) keys(n *yaml.Node, path string, known ...string) error {
	if n.Kind != yaml.MappingNode {
		return p.wrong(n, strings.TrimSuffix(path, "."), "expected keys and values: %s", strings.Join(known, ", "))
	}
	seen := map[string]bool{}
	for i := 0; i < len(n.Content); i += 2 {
		k := n.Content[i]
		if !slices.Contains(known, k.Value) {
			return p.wrong(k, path+k.Value, "unknown key; known are %s", strings.Join(known, ", "))
		}
		if seen[k.Value] {
			return p.wrong(k, path+k.Value, "stands twice")
		}
		seen[k.Value] = true
	}
	return nil
}

func (p parser) plan(faults, seed *yaml.Node) (Plan, error) {
	var plan Plan
	if seed != nil {
		var err error
		if plan.Seed, err = strconv.ParseUint(seed.Value, 10, 64); err != nil {
			return Plan{}, p.wrong(seed, "seed", "%q is no whole number from 0 on", seed.Value)
		}
	}
	if faults == nil {
		return plan, nil
	}
	if faults.Kind != yaml.SequenceNode {
		return Plan{}, p.wrong(faults, "faults", "expected a list")
	}
	for i, n := range faults.Content {
		path := fmt.Sprintf("faults[%d]", i)
		f, err := p.fault(n, path+".")
		if err == nil {
			err = p.invalid(n, path, f.Validate())
		}
		if err != nil {
			return Plan{}, err
		}
		plan.Faults = append(plan.Faults, f)
	}
	return plan, p.invalid(faults, "faults", plan.Validate())
}

// invalid puts a fault's own error at its place in the text.
func (p parser) invalid(n *yaml.Node, path string, err error) error {
	bad, ok := errors.AsType[*InvalidFault](err)
	if !ok {
		if err != nil {
			return p.wrong(n, path, "%v", err)
		}
		return nil
	}
	at := n
	for _, name := range strings.Split(bad.Key, ".") {
		if inner := p.key(at, name); inner != nil {
			at = inner
		}
	}
	return p.wrong(at, strings.TrimPrefix(path+"."+bad.Key, "."), "%s", bad.Why)
}

func (p parser) fault(n *yaml.Node, path string) (Fault, error) {
	f := Fault{Stream: Downstream, Toxicity: 1}
	if err := p.keys(n, path, "name", "type", "stream", "toxicity", "attributes", "connection", "data", "trigger", "until"); err != nil {
		return f, err
	}
	var trigger Trigger
	into := map[string]any{
		"name": &f.Name, "type": &f.Type, "stream": &f.Stream, "toxicity": &f.Toxicity, "connection": &f.Connection,
		"data": &f.Data,
	}
	for _, name := range slices.Sorted(maps.Keys(into)) {
		if err := p.value(n, path, name, into[name]); err != nil {
			return f, err
		}
	}
	f.Stream = Stream(strings.ToLower(string(f.Stream))) // as Toxiproxy does
	if t := p.key(n, "trigger"); t != nil {
		var at int64
		err := p.values(t, path+"trigger.", map[string]any{"byte": &trigger.Byte, "opposite": &trigger.Opposite,
			"time": &at, "match": &trigger.Match, "datagram": &trigger.Datagram})
		if err != nil {
			return f, err
		}
		if p.key(t, "time") != nil {
			trigger.Time = &at
		}
		f.Trigger = &trigger
	}
	if u := p.key(n, "until"); u != nil {
		var until Until
		if err := p.values(u, path+"until.", map[string]any{"byte": &until.Byte, "datagram": &until.Datagram, "for": &until.For}); err != nil {
			return f, err
		}
		f.Until = &until
	}
	attributes := p.key(n, "attributes")
	if attributes == nil || attributes.Kind == yaml.MappingNode && len(attributes.Content) == 0 {
		return f, nil
	}
	if attributes.Kind != yaml.MappingNode {
		return f, p.wrong(attributes, path+"attributes", "expected names and numbers")
	}
	f.Attributes = map[string]int64{}
	for i := 0; i < len(attributes.Content); i += 2 {
		name := attributes.Content[i].Value
		if _, twice := f.Attributes[name]; twice {
			return f, p.wrong(attributes.Content[i], path+"attributes."+name, "stands twice")
		}
		var v int64
		if err := p.value(attributes, path+"attributes.", name, &v); err != nil {
			return f, err
		}
		f.Attributes[name] = v
	}
	return f, nil
}

// values decodes the values of a mapping that has no other keys.
func (p parser) values(n *yaml.Node, path string, into map[string]any) error {
	names := slices.Sorted(maps.Keys(into))
	if err := p.keys(n, path, names...); err != nil {
		return err
	}
	for _, name := range names {
		if err := p.value(n, path, name, into[name]); err != nil {
			return err
		}
	}
	return nil
}

// value decodes the key's value, if it is there.
func (p parser) value(mapping *yaml.Node, path, name string, into any) error {
	n := p.key(mapping, name)
	if n == nil {
		return nil
	}
	var err error
	want := "a whole number"
	switch v := into.(type) {
	case *int:
		*v, err = strconv.Atoi(n.Value)
	case *int64:
		*v, err = strconv.ParseInt(n.Value, 10, 64)
	case *Literal:
		want = "a text, or pairs of hexadecimal digits behind hex:"
		err = v.UnmarshalText([]byte(n.Value))
	case *float64:
		want = "a number"
		*v, err = strconv.ParseFloat(n.Value, 64)
	default:
		want = "a text"
		err = n.Decode(into)
	}
	if err != nil || n.Kind != yaml.ScalarNode || n.Tag == "!!null" {
		return p.wrong(n, path+name, "%q is not %s", n.Value, want)
	}
	return nil
}
