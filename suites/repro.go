package suites

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/proxy"
	"github.com/faultwire/faultwire/suites/cases"
	"github.com/faultwire/faultwire/targets"
)

// A Repro is what it takes to see a failure again: the case, the seed, the faults as they were placed, and which kind of target it was.
// What a hunt found has an exchange of its own. It is data: it names no command.
type Repro struct {
	Case     string
	Title    string
	Target   string // its name
	Role     targets.Role
	Protocol string
	TLS      bool
	Seed     uint64
	Scale    float64
	Promise  string  // that was broken; empty if that is not held on to
	Outcome  string  // of the exchange then
	Exchange *Spoken // what a hunt's schedule exchanges; nil for a case of the catalogue, whose ID says it
	Plan     proxy.Plan
}

// ReproVersion is the version of the file's form.
const ReproVersion = "1"

// maxRepro bounds what is read, in bytes.
const maxRepro = 1 << 20

// A ReproError is a mistake in a file.
type ReproError struct {
	File string
	Line int // from 1
	Key  string
	Why  string
}

func (e *ReproError) Error() string {
	return fmt.Sprintf("%s:%d: %s: %s", e.File, e.Line, legible(e.Key), e.Why)
}

// legible is a text of a stranger's file as a terminal may have it.
func legible(s string) string {
	const most = 80
	if len(s) > most {
		s = s[:most] + "…"
	}
	if strings.ContainsFunc(s, func(r rune) bool { return !strconv.IsGraphic(r) }) {
		return strconv.QuoteToGraphic(s)
	}
	return s
}

// YAML is the file, with the faults as a plan has them.
func (r *Repro) YAML() []byte {
	var b bytes.Buffer
	comment := func(format string, args ...any) {
		fmt.Fprintf(&b, "# %s\n", strings.Join(strings.Fields(fmt.Sprintf(format, args...)), " "))
	}
	comment("%s %s: %s", r.Target, r.Case, r.Title)
	comment("faultwire replay this file; what is tested you name yourself, by flags or in your faultwire.yaml")
	fmt.Fprintf(&b, "version: %s\ncase: %s\n", ReproVersion, r.Case)
	fmt.Fprintf(&b, "target: {name: %s, role: %s, protocol: %s, tls: %t}\n", quoted(r.Target), r.Role, r.Protocol, r.TLS)
	fmt.Fprintf(&b, "seed: %d\ntime_scale: %s\n", r.Seed, strconv.FormatFloat(r.Scale, 'g', -1, 64))
	if r.Promise != "" {
		fmt.Fprintf(&b, "broken: {promise: %s, outcome: %s}\n", quoted(r.Promise), quoted(r.Outcome))
	}
	if r.Exchange != nil {
		r.Exchange.write(&b)
	}
	b.WriteString("faults:")
	if len(r.Plan.Faults) == 0 {
		b.WriteString(" []")
	}
	b.WriteString("\n")
	for _, f := range r.Plan.Faults {
		line, err := json.Marshal(f)
		if err != nil {
			comment("%s cannot be written: %v", f.ID(), err)
			continue
		}
		fmt.Fprintf(&b, "- %s\n", line)
	}
	b.WriteString(reproEnd + "\n")
	return b.Bytes()
}

// reproEnd is the last line of a file: YAML's end of a document. By it a file that was cut off is known, which might else be a good one
// with fewer faults.
const reproEnd = "..."

func quoted(s string) string { return strconv.Quote(s) }

// ParseRepro reads what [Repro.YAML] writes, or a person has changed. A mistake is a [ReproError] or, in the faults, a
// [proxy.PlanError], with file, line and key.
func ParseRepro(file string, text []byte) (*Repro, error) {
	if len(text) > maxRepro {
		return nil, &ReproError{file, 1, "file", fmt.Sprintf("has %d bytes; a repro has %d at most", len(text), maxRepro)}
	}
	lines := strings.Split(strings.TrimRight(string(text), " \r\n"), "\n")
	if last := len(lines); lines[last-1] != reproEnd && len(bytes.TrimSpace(text)) > 0 {
		return nil, &ReproError{file, last, "file", "is cut off, or was never whole: its last line is not " + reproEnd}
	}
	var document, more yaml.Node
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	if err := decoder.Decode(&document); errors.Is(err, io.EOF) {
		return nil, &ReproError{file, 1, "file", "is empty"}
	} else if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	if err := decoder.Decode(&more); err == nil {
		return nil, &ReproError{file, more.Line, "---", "is a second document; a repro is one"}
	}
	r := &Repro{Scale: 1}
	read, faults := reproReader{file: file}, false
	read.mapping(document.Content[0], "", map[string]func(*yaml.Node, string){
		"version": func(n *yaml.Node, key string) {
			if n.Value != ReproVersion {
				read.fail(n, key, "%q is not known; this Faultwire reads version %s: update it, or the file is no repro", n.Value, ReproVersion)
			}
		},
		"case":       func(n *yaml.Node, key string) { r.Case = read.text(n, key) },
		"seed":       func(n *yaml.Node, key string) { read.decode(n, key, &r.Seed, "a whole number") },
		"time_scale": func(n *yaml.Node, key string) { read.decode(n, key, &r.Scale, "a number") },
		"target": func(n *yaml.Node, key string) {
			read.mapping(n, key, map[string]func(*yaml.Node, string){
				"name":     func(n *yaml.Node, key string) { r.Target = read.text(n, key) },
				"role":     func(n *yaml.Node, key string) { r.Role = targets.Role(read.word(n, key, roles...)) },
				"protocol": func(n *yaml.Node, key string) { r.Protocol = read.word(n, key, protocols()...) },
				"tls":      func(n *yaml.Node, key string) { read.decode(n, key, &r.TLS, "true or false") },
			})
		},
		"broken": func(n *yaml.Node, key string) {
			read.mapping(n, key, map[string]func(*yaml.Node, string){
				"promise": func(n *yaml.Node, key string) { r.Promise = read.word(n, key, promises...) },
				"outcome": func(n *yaml.Node, key string) { r.Outcome = read.word(n, key, outcomes...) },
			})
		},
		"exchange": func(n *yaml.Node, key string) { r.Exchange = read.exchange(n, key) },
		"faults":   func(*yaml.Node, string) { faults = true },
	})
	if read.err == nil && !faults {
		read.fail(document.Content[0], "faults", "is missing; where there is none, it is []")
	}
	if read.err == nil && r.Case == "" {
		read.fail(document.Content[0], "case", "is missing: which case it is")
	}
	if read.err == nil && (r.Target == "" || r.Role == "" || r.Protocol == "") {
		read.fail(document.Content[0], "target", "is missing, or lacks one of name, role and protocol")
	}
	if read.err == nil && !(r.Scale > 0 && r.Scale <= 1000) {
		read.fail(document.Content[0], "time_scale", "is %g; it must be more than 0, and 1000 at most", r.Scale)
	}
	if read.err == nil {
		r.checkExchange(&read, document.Content[0])
	}
	if read.err != nil {
		return nil, read.err
	}
	var err error
	r.Plan, err = proxy.ParsePlanBeside(file, text, "case", "target", "time_scale", "broken", "exchange")
	return r, err
}

// The words that a file may have for what a repro says.
var (
	roles    = []string{string(targets.ClientRole), string(targets.ServerRole), string(targets.PeerRole)}
	promises = []string{string(cases.NeverHang), string(cases.NeverLie), string(cases.SayWhat), string(cases.Reassemble), string(cases.Recover)}
	outcomes = []string{
		string(fixtures.OK), string(fixtures.Timeout), string(fixtures.Reset), string(fixtures.Closed), string(fixtures.Refused), string(fixtures.Corrupt),
		string(fixtures.Malformed), string(fixtures.Other), string(fixtures.Unsupported), string(fixtures.Hang), string(fixtures.Crash),
	}
)

// Promises are the five, by name.
func Promises() []string { return slices.Clone(promises) }

func protocols() (all []string) {
	for _, p := range fixtures.Protocols() {
		all = append(all, string(p))
	}
	return all
}

// A reproReader reads nodes up to the first mistake, which it keeps.
type reproReader struct {
	file string
	err  error
}

func (r *reproReader) fail(n *yaml.Node, key, format string, args ...any) {
	if r.err == nil {
		r.err = &ReproError{r.file, max(1, n.Line), key, fmt.Sprintf(format, args...)}
	}
}

func (r *reproReader) mapping(n *yaml.Node, at string, keys map[string]func(*yaml.Node, string)) {
	if n.Kind != yaml.MappingNode {
		r.fail(n, max(at, "file"), "must be a mapping of keys to values")
		return
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		name, value := n.Content[i], n.Content[i+1]
		key := strings.TrimPrefix(at+"."+name.Value, ".")
		read, known := keys[name.Value]
		switch {
		case !known:
			r.fail(name, key, "is not known here")
		case seen[key]:
			r.fail(name, key, "is given twice; keep one")
		case value.Kind == yaml.AliasNode:
			r.fail(name, key, "YAML's aliases are not taken; write it out")
		default:
			read(value, key)
		}
		seen[key] = true
	}
}

func (r *reproReader) text(n *yaml.Node, key string) string {
	if n.Kind != yaml.ScalarNode || n.Tag == "!!null" || n.Value == "" {
		r.fail(n, key, "must be a text")
	}
	return n.Value
}

// word is a text that is one of these.
func (r *reproReader) word(n *yaml.Node, key string, known ...string) string {
	if text := r.text(n, key); !slices.Contains(known, text) {
		r.fail(n, key, "%s is none of %s", legible(quoted(text)), strings.Join(known, ", "))
	}
	return n.Value
}

// number is a whole one within bounds.
func (r *reproReader) number(n *yaml.Node, key string, least, most int) (v int) {
	r.decode(n, key, &v, "a whole number")
	if v < least || v > most {
		r.fail(n, key, "%d is out of range %d to %d", v, least, most)
	}
	return v
}

// list reads so many elements at most.
func (r *reproReader) list(n *yaml.Node, key string, most int, each func(*yaml.Node, string)) {
	switch {
	case n.Kind != yaml.SequenceNode || len(n.Content) == 0:
		r.fail(n, key, "must be a list of at least one")
		return
	case len(n.Content) > most:
		r.fail(n, key, "has %d elements; %d is the most", len(n.Content), most)
		return
	}
	for i, item := range n.Content {
		at := fmt.Sprintf("%s[%d]", key, i)
		if item.Kind == yaml.AliasNode {
			r.fail(item, at, "YAML's aliases are not taken; write it out")
			return
		}
		each(item, at)
	}
}

func (r *reproReader) decode(n *yaml.Node, key string, to any, what string) {
	if err := n.Decode(to); err != nil || n.Kind != yaml.ScalarNode {
		r.fail(n, key, "must be %s", what)
	}
}

// repro is how to see the pair's result again.
func (e *Engine) repro(p Pair, o cases.Observation, broken *cases.Broken) []byte {
	r := Repro{
		Case: p.Case.ID, Title: p.Case.Title, Target: p.Target.Name, Role: p.Target.Role, Protocol: string(p.Target.Protocol), TLS: p.Target.TLS,
		Seed: e.options.Seed, Scale: e.options.Scale, Outcome: string(o.Outcome), Plan: e.plan(p.Case, p.Target, o.Timing),
	}
	if broken != nil {
		r.Promise = string(broken.Promise)
	}
	if p.Case.ID == huntID {
		r.Exchange = &Spoken{Messages: p.Case.Exchange.Messages, Session: oneByOne(p.Case), Shown: p.Case.Shown}
	}
	return r.YAML()
}

// About says what the repro is about, as a terminal may have it.
func (r *Repro) About() string {
	return fmt.Sprintf("%s, %s", legible(quoted(r.Target)), kindOf(r.Role, r.Protocol, r.TLS))
}

// About says what kind of target it is.
func About(t *targets.Target) string { return kindOf(t.Role, string(t.Protocol), t.TLS) }

func kindOf(role targets.Role, protocol string, secure bool) string {
	said := fmt.Sprintf("a %s that speaks %s", role, protocol)
	if secure {
		said += " under TLS"
	}
	return said
}

// Patterns are what selects the repro's case from the catalogue; none for what is no case of it.
func (r *Repro) Patterns() []string {
	if r.Exchange != nil {
		return nil
	}
	return []string{r.Case}
}

// Replaying returns the engine's pair for the repro and its one target, with the repro's own faults in place of the case's.
func (e *Engine) Replaying(r *Repro) (Pair, error) {
	if r.Exchange != nil {
		t := &e.options.Targets[0]
		if why := NotHunted(t); why != "" {
			return Pair{}, fmt.Errorf("%s cannot be replayed with it: %s", legible(quoted(t.Name)), why)
		}
		return Pair{r.schedule(t).toTarget(), t}, nil
	}
	for _, p := range e.pairs {
		if p.Case.ID != r.Case {
			continue
		}
		faults := relative(r.Plan.Faults, r.Role)
		p.Case.Wire = func(cases.Timing, cases.Request) []proxy.Fault { return faults }
		return p, nil
	}
	return Pair{}, fmt.Errorf("%s is not for this target, %s", r.Case, kindOf(r.Role, r.Protocol, r.TLS))
}
