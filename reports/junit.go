package reports

import (
	"encoding/xml"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The elements of Jenkins' junit-10 schema that a report uses, in the order in which it writes them.
type (
	testsuites struct {
		XMLName  xml.Name    `xml:"testsuites"`
		Name     string      `xml:"name,attr"`
		Time     string      `xml:"time,attr"` // of the run; cases overlap, so the suites' times add up to more
		Tests    int         `xml:"tests,attr"`
		Failures int         `xml:"failures,attr"`
		Errors   int         `xml:"errors,attr"`
		Suites   []testsuite `xml:"testsuite"`
	}
	testsuite struct {
		Name       string     `xml:"name,attr"`
		Tests      int        `xml:"tests,attr"`
		Failures   int        `xml:"failures,attr"`
		Errors     int        `xml:"errors,attr"`
		Skipped    int        `xml:"skipped,attr"`
		Time       string     `xml:"time,attr"`
		Timestamp  string     `xml:"timestamp,attr"`
		Hostname   string     `xml:"hostname,attr,omitempty"`
		Properties []property `xml:"properties>property"`
		Cases      []testcase `xml:"testcase"`
	}
	property struct {
		Name  string `xml:"name,attr"`
		Value string `xml:"value,attr"`
	}
	testcase struct {
		Name      string `xml:"name,attr"`
		Classname string `xml:"classname,attr"`
		Time      string `xml:"time,attr"`

		// Beyond junit-10: only in the extended form.
		File       string      `xml:"file,attr,omitempty"`
		Line       int         `xml:"line,attr,omitempty"`
		Properties *properties `xml:"properties"`

		Skipped *remark `xml:"skipped"`
		Error   *remark `xml:"error"`
		Failure *remark `xml:"failure"`
		Out     *text   `xml:"system-out"`
		Err     *text   `xml:"system-err"`
	}
	properties struct {
		All []property `xml:"property"`
	}
	remark struct {
		Type    string `xml:"type,attr,omitempty"`
		Message string `xml:"message,attr"`
		Body    string `xml:",cdata"`
	}
	text struct {
		Body string `xml:",cdata"`
	}
)

// The forms of junit.xml.
const (
	JUnitPlain    = "junit-10" // valid by Jenkins' junit-10 schema
	JUnitExtended = "extended" // testcases have a file, a line and properties, too, for who reads them: GitLab, action-junit-report, Buildkite
)

// WriteJUnit writes the run as JUnit XML that is valid by Jenkins' junit-10 schema, unless JUnit asks for more: a testsuite for each
// target, a testcase for each pair, and one for a control exchange that did not pass. A warning is a passed testcase whose
// system-out says it, or with Strict a failure; a known failure is skipped.
func (r *Run) WriteJUnit(w io.Writer) error {
	run := r.cleaned()
	all := testsuites{Name: "faultwire", Time: seconds(run.Took)}
	classnames := unique{}
	for _, g := range run.groups() {
		// Jenkins takes what stands before the last dot for the package: the target's own dots must go.
		name := classnames.of(strings.ReplaceAll(oneLine(g.Name), ".", "_"))
		s := run.suite(g, name)
		all.Tests += s.Tests
		all.Failures += s.Failures
		all.Errors += s.Errors
		all.Suites = append(all.Suites, s)
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	encoder := xml.NewEncoder(w)
	encoder.Indent("", "  ")
	if err := encoder.Encode(all); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

func (r *Run) suite(g group, classname string) testsuite {
	s := testsuite{
		Name:       oneLine(g.Name),
		Timestamp:  r.Started.UTC().Format("2006-01-02T15:04:05"),
		Hostname:   r.Host.Name,
		Properties: r.properties(g.Target),
	}
	results := g.results
	if g.Control != nil && g.Control.Verdict != Pass {
		control := *g.Control
		control.Case.Theme = "control"
		results = slices.Concat([]Result{control}, results)
	}
	names, took := unique{}, time.Duration(0)
	for _, res := range results {
		c := r.testcase(&res)
		c.Classname = classname + "." + strings.ReplaceAll(oneLine(res.Case.Theme), ".", "_")
		c.Name = names.of(oneLine(res.Case.ID + " " + res.Case.Title)) // GitLab drops a repeated name
		s.Cases = append(s.Cases, c)
		s.Tests++
		took += res.Took
		switch {
		case c.Failure != nil:
			s.Failures++
		case c.Error != nil:
			s.Errors++
		case c.Skipped != nil:
			s.Skipped++
		}
	}
	s.Time = seconds(took)
	return s
}

// testcase is the result without its names.
func (r *Run) testcase(res *Result) testcase {
	c := testcase{Time: seconds(res.Took)}
	if r.JUnit == JUnitExtended {
		c.File, c.Line, c.Properties = oneLine(res.Case.File), res.Case.Line, &properties{r.caseProperties(res)}
	}
	body := r.body(res)
	switch {
	case res.Gates(r.Strict):
		c.Failure = &remark{Type: res.Case.Level, Message: oneLine(shorten(res.inShort(), 1000)), Body: body}
	case res.Verdict == Error:
		c.Error = &remark{Type: "harness", Message: oneLine(shorten(res.inShort(), 1000)), Body: body}
	case res.Verdict == Skip:
		c.Skipped = &remark{Message: oneLine(res.Reason)}
		c.Out = &text{body}
	case res.Verdict == XFail:
		c.Skipped = &remark{Message: "known failure: " + oneLine(res.Reason)}
		c.Out = &text{body}
	case res.Verdict == Warn && res.New:
		c.Out = &text{"WARNING: a requirement that is newer than the catalogue asked for is not kept; this does not fail the run.\n" + body}
	case res.Verdict == Warn:
		c.Out = &text{"WARNING: a recommendation (SHOULD) is not kept; this does not fail the run.\n" + body}
	default:
		c.Out = &text{body}
	}
	if said := res.stderr(); said != "" && res.Verdict != Pass && res.Verdict != Skip {
		c.Err = &text{said}
	}
	return c
}

// body is the result's story and what an auditor asks for besides. What passed or was skipped needs no advice.
func (r *Run) body(res *Result) string {
	entries := res.story()
	if res.Verdict == Pass || res.Verdict == Skip {
		entries = slices.DeleteFunc(entries, func(e entry) bool { return e.label == "Why" || e.label == "Fix" })
	}
	entries = append(entries, entry{"Seed", strconv.FormatUint(r.SeedOf(res), 10)})
	if source := res.Case.source(); source != "" {
		entries = append(entries, entry{"Source", source})
	}
	if len(res.Files) > 0 {
		entries = append(entries, entry{"Evidence", strings.Join(res.Files, "\n")})
	}
	var b strings.Builder
	b.WriteByte('\n')
	for _, e := range entries {
		indented := strings.ReplaceAll(e.text, "\n", "\n"+strings.Repeat(" ", labelWidth))
		fmt.Fprintf(&b, "%-*s%s\n", labelWidth, e.label, indented)
	}
	return b.String()
}

// caseProperties are the facts of one pair. Empty ones are left out.
func (r *Run) caseProperties(res *Result) []property {
	promise := ""
	if res.Finding != nil {
		promise = res.Finding.Promise
	}
	all := []property{
		{"case", res.Case.ID},
		{"target", res.Target},
		{"verdict", string(res.Verdict)},
		{"level", res.Case.Level},
		{"basis", res.Case.Basis},
		{"clause", res.Case.Clause},
		{"since", res.Case.Since},
		{"role", res.Case.Role},
		{"promise", promise},
		{"seed", strconv.FormatUint(r.SeedOf(res), 10)},
		{"replay", res.Replay},
	}
	return slices.DeleteFunc(all, func(p property) bool { return p.Value == "" })
}

// properties are the facts of the whole run and of the target. Empty ones are left out.
func (r *Run) properties(t Target) []property {
	all := []property{
		{"tool", r.Tool},
		{"revision", r.Revision},
		{"catalogue", r.Catalogue},
		{"catalogue.as_of", r.AsOf},
		{"command", strings.Join(r.Command, " ")},
		{"seed", r.seeds()},
		{"time_scale", strconv.FormatFloat(r.Scale, 'g', -1, 64)},
		{"strict", strconv.FormatBool(r.Strict)},
		{"self_test", strconv.FormatBool(r.SelfTest)},
		{"interrupted", strconv.FormatBool(r.Interrupted)},
		{"os", r.Host.OS},
		{"arch", r.Host.Arch},
		{"kernel", r.Host.Kernel},
		{"cpus", strconv.Itoa(r.Host.CPUs)},
		{"go", r.Host.Go},
		{"target.role", t.Role},
		{"target.protocol", t.Protocol},
		{"target.how", t.How},
		{"target.version", t.Version},
		{"target.undeclared", strings.Join(t.Undeclared, " ")},
	}
	for _, name := range sortedKeys(t.Promises) {
		all = append(all, property{"target.promises." + name, t.Promises[name]})
	}
	return slices.DeleteFunc(all, func(p property) bool { return p.Value == "" })
}

// unique counts names that were given away.
type unique map[string]int

// of is the name, with a number behind it if it was taken.
func (u unique) of(name string) string {
	u[name]++
	if n := u[name]; n > 1 {
		return u.of(fmt.Sprintf("%s (%d)", name, n))
	}
	return name
}
