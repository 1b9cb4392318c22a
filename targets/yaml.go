package targets

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// A node is a YAML value and the path of keys that leads to it. Decoding goes by nodes, not by struct tags, since only these
// know the line of a mistake.
type node struct {
	*yaml.Node
	path string
}

// fields says how each key of a mapping is read.
type fields map[string]func(node) error

func (n node) errorf(format string, args ...any) error {
	return &ConfigError{Line: n.Line, Key: n.path, Msg: fmt.Sprintf(format, args...)}
}

// child is the value under key.
func (n node) child(key string, value *yaml.Node) node {
	for value.Kind == yaml.AliasNode {
		value = value.Alias
	}
	path := key
	if n.path != "" {
		path = n.path + "." + key
	}
	return node{value, path}
}

// each calls do for every key of a mapping, in order.
func (n node) each(do func(key *yaml.Node, value node) error) error {
	pairs, err := n.pairs()
	if err != nil {
		return err
	}
	for _, p := range pairs {
		if err := do(p[0], n.child(p[0].Value, p[1])); err != nil {
			return err
		}
	}
	return nil
}

// pairs are the keys and values of a mapping. Those that are merged in ("<<", of YAML 1.1) stand first, unless the mapping
// has the key itself.
func (n node) pairs() (all [][2]*yaml.Node, err error) {
	if n.Kind != yaml.MappingNode {
		return nil, n.errorf("must be a mapping of keys to values, not %s", n.describe())
	}
	own := map[string]bool{}
	for i := 0; i < len(n.Content); i += 2 {
		key := n.Content[i]
		if own[key.Value] {
			return nil, &ConfigError{Line: key.Line, Key: n.child(key.Value, key).path, Msg: "is given twice; keep one"}
		}
		own[key.Value] = true
	}
	for i := 0; i < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if key.Tag != "!!merge" {
			all = append(all, [2]*yaml.Node{key, value})
			continue
		}
		merged, err := node{n.child("", value).Node, n.path}.pairs()
		if err != nil {
			return nil, err
		}
		merged = slices.DeleteFunc(merged, func(p [2]*yaml.Node) bool { return own[p[0].Value] })
		all = append(merged, all...)
	}
	return all, nil
}

// has reports whether a mapping has the key, and where.
func (n node) has(key string) (line int, ok bool) {
	pairs, _ := n.pairs()
	for _, p := range pairs {
		if p[0].Value == key {
			return p[0].Line, true
		}
	}
	return n.Line, false
}

// read reads a mapping with a fixed set of keys.
func (n node) read(f fields) error {
	return n.each(func(key *yaml.Node, value node) error {
		set, ok := f[key.Value]
		if !ok {
			known := slices.Sorted(maps.Keys(f))
			return &ConfigError{Line: key.Line, Key: value.path, Msg: fmt.Sprintf("unknown key%s; known: %s",
				didYouMean(key.Value, known), strings.Join(known, ", "))}
		}
		return set(value)
	})
}

// items are the elements of a list.
func (n node) items() ([]node, error) {
	if n.Kind != yaml.SequenceNode {
		return nil, n.errorf("must be a list, not %s", n.describe())
	}
	var all []node
	for i, value := range n.Content {
		item := n.child("", value)
		item.path = fmt.Sprintf("%s[%d]", n.path, i)
		all = append(all, item)
	}
	return all, nil
}

// text is a single value as it is written.
func (n node) text() (string, error) {
	if n.Kind != yaml.ScalarNode || n.Tag == "!!null" {
		return "", n.errorf("must be a single value, not %s", n.describe())
	}
	return n.Value, nil
}

func (n node) string(to *string) error {
	s, err := n.text()
	*to = s
	return err
}

func (n node) bool() (bool, error) {
	var b bool
	if err := n.Decode(&b); err != nil {
		return false, n.errorf("must be true or false, not %s", n.describe())
	}
	return b, nil
}

func (n node) int(to *int) error {
	s, err := n.text()
	if err != nil {
		return err
	}
	if *to, err = strconv.Atoi(s); err != nil {
		return n.errorf("must be a whole number, not %q", s)
	}
	return nil
}

func (n node) duration(to *time.Duration) error {
	s, err := n.text()
	if err != nil {
		return err
	}
	if *to, err = time.ParseDuration(s); err != nil || *to <= 0 {
		return n.errorf("%q is no length of time; write a number and a unit, such as 500ms or 2s", s)
	}
	return nil
}

func (n node) describe() string {
	switch {
	case n.Kind == yaml.MappingNode:
		return "a mapping"
	case n.Kind == yaml.SequenceNode:
		return "a list"
	case n.Tag == "!!null":
		return "empty"
	}
	return strconv.Quote(n.Value)
}
