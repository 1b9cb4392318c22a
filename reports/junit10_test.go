package reports_test

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// An element is what Jenkins' junit-10 schema says of one, restated as far as Faultwire uses it. Children are in the order
// in which Faultwire writes them, which is stricter than the schema and serves older readers.
type element struct {
	required, optional string // attributes
	children           string
	text               bool
}

var junit10 = map[string]element{
	"":           {children: "testsuites"},
	"testsuites": {optional: "name time tests failures errors", children: "testsuite"},
	"testsuite": {required: "name tests failures errors", optional: "group time skipped timestamp hostname id package file log url",
		children: "properties testcase system-out system-err"},
	"properties": {children: "property"},
	"property":   {required: "name value"},
	"testcase":   {required: "name", optional: "time classname group", children: "skipped error failure system-out system-err"},
	"skipped":    {optional: "type message", text: true},
	"error":      {optional: "type message", text: true},
	"failure":    {optional: "type message", text: true},
	"system-out": {text: true},
	"system-err": {text: true},
}

// validate holds a document against junit10, counts its testcases, and refuses two of the same name.
func validate(document string) (testcases int, err error) {
	decoder := xml.NewDecoder(strings.NewReader(document))
	type open struct {
		name  string
		child int // position among the allowed children of the last one seen
	}
	stack := []*open{{}}
	seen := map[string]bool{}
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return testcases, nil
		}
		if err != nil {
			return testcases, err
		}
		parent := stack[len(stack)-1]
		switch token := token.(type) {
		case xml.StartElement:
			name := token.Name.Local
			at := slices.Index(strings.Fields(junit10[parent.name].children), name)
			if at < parent.child {
				return testcases, fmt.Errorf("<%s> may not stand here in <%s>", name, parent.name)
			}
			parent.child = at
			if err := attributes(token); err != nil {
				return testcases, err
			}
			if name == "testcase" {
				testcases++
				id := fmt.Sprint(token.Attr)
				id = id[:strings.LastIndex(id, "{")] // without the time
				if seen[id] {
					return testcases, fmt.Errorf("two testcases %s", id)
				}
				seen[id] = true
			}
			stack = append(stack, &open{name: name})
		case xml.EndElement:
			stack = stack[:len(stack)-1]
		case xml.CharData:
			if !junit10[parent.name].text && strings.TrimSpace(string(token)) != "" {
				return testcases, fmt.Errorf("text in <%s>: %.40q", parent.name, token)
			}
		}
	}
}

func attributes(e xml.StartElement) error {
	rule := junit10[e.Name.Local]
	required := strings.Fields(rule.required)
	allowed := append(strings.Fields(rule.optional), required...)
	var got []string
	for _, a := range e.Attr {
		if !slices.Contains(allowed, a.Name.Local) {
			return fmt.Errorf("<%s> may not have the attribute %s", e.Name.Local, a.Name.Local)
		}
		got = append(got, a.Name.Local)
	}
	for _, name := range required {
		if !slices.Contains(got, name) {
			return fmt.Errorf("<%s> lacks the attribute %s", e.Name.Local, name)
		}
	}
	return nil
}
