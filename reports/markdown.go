package reports

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
)

const markdownFile = "summary.md"

const (
	mostTold  = 20       // failures that are told, and reasons
	mostPages = 48 << 10 // bytes from which on no further failure is told: GitHub takes 64 KiB for a comment
	mostCode  = 400      // bytes of one text
	mostLine  = 4 << 10  // bytes of a line to copy
)

// WriteMarkdown writes what a pull request needs, in GitHub's Markdown: the run's verdict, a table of the targets, the first failures
// with what was expected and seen and the line that runs each alone. Whatever a target may have had a hand in stands as code, which
// it cannot leave.
func (r *Run) WriteMarkdown(w io.Writer) error {
	m := &markdown{Run: r.cleaned()}
	m.head()
	m.table()
	m.failures()
	m.errors()
	m.rest()
	_, err := w.Write(m.out.Bytes())
	return err
}

// A markdown is a summary being written.
type markdown struct {
	*Run
	out bytes.Buffer
}

func (m *markdown) line(format string, args ...any) { fmt.Fprintf(&m.out, format+"\n", args...) }

// head is the verdict and what it rests on.
func (m *markdown) head() {
	word, why := m.standing()
	m.line("## Faultwire: %s\n", word)
	if why != "" {
		m.line("%s\n", why)
	}
	facts := []string{plural(len(m.Results), "case") + " in " + spell(m.Took), "seed " + m.seeds()}
	if m.SelfTest {
		facts = append(facts, "no target was given: Faultwire tested itself")
	}
	m.line("%s\n", strings.Join(facts, " · "))
}

// standing is the run's verdict in a word or two, and what made it that.
func (m *markdown) standing() (word, why string) {
	var causes []string
	count := func(n int, noun, rest string) {
		if n > 0 {
			causes = append(causes, plural(n, noun)+rest)
		}
	}
	blocked, broken, untried := len(m.controls(Fail)), m.Count("")[Error], len(m.controls(Error))
	count(blocked, "target", " failed with no fault on the wire")
	if m.gating() > 0 {
		causes = append(causes, m.notKept())
	}
	count(untried, "target", " could not be tried")
	count(broken, "error", " of Faultwire or of this machine")
	if m.Interrupted {
		causes = append(causes, "the run was interrupted")
	}
	switch {
	case blocked+m.gating() > 0:
		word = "nonconformant"
	case broken+untried > 0 || m.Interrupted:
		word = "incomplete"
	case m.Count("")[Skip] == len(m.Results):
		return "no verdict", "Nothing was tested."
	default:
		return "conformant", "Every requirement that was tested is kept."
	}
	text := strings.Join(causes, "; ") + "."
	return word, strings.ToUpper(text[:1]) + text[1:]
}

// table is a row for each target; verdicts that nobody got have no column.
func (m *markdown) table() {
	groups, total := m.groups(), m.Count("")
	if len(groups) == 0 {
		return
	}
	shown := slices.DeleteFunc([]Verdict{Pass, Fail, Warn, Skip, XFail, Error}, func(v Verdict) bool {
		return total[v] == 0 && v != Pass && v != Fail
	})
	head, rule := "| target |", "|---|"
	for _, v := range shown {
		head += fmt.Sprintf(" %s |", v)
		rule += "---:|"
	}
	m.line("%s\n%s", head, rule)
	for i, g := range groups {
		if i == 2*mostTold {
			m.line("| and %d more |", len(groups)-i)
			break
		}
		row := "| " + code(strings.ReplaceAll(shorten(g.Name, 200), "|", "¦")) // which would end the cell, even in code
		if g.Control != nil && g.Control.Verdict != Pass {
			row += " (blocked)"
		}
		count := m.Count(g.Name)
		for _, v := range shown {
			if len(g.results) == 0 {
				row += " | –" // no case of this run is for it
				continue
			}
			row += fmt.Sprintf(" | %d", count[v])
		}
		m.line("%s |", row)
	}
	m.line("")
}

func (m *markdown) failures() {
	var failed []*failure
	for i := range m.Targets {
		if control := m.Targets[i].Control; control != nil && control.Gates(m.Strict) {
			failed = append(failed, &failure{Result: control})
		}
	}
	failed = append(failed, m.failed()...)
	if len(failed) == 0 {
		return
	}
	left := 0
	for _, f := range failed {
		left += 1 + len(f.likewise)
	}
	m.line("### Failures (%d)\n", left)
	for i, f := range failed {
		if i == mostTold || m.out.Len() > mostPages {
			m.line("And %d more: see `%s`.\n", left, resultsFile)
			return
		}
		m.failure(f)
		left -= 1 + len(f.likewise)
	}
}

func (m *markdown) failure(f *failure) {
	res := f.Result
	m.line("#### %s · %s\n", code(res.Case.ID), code(res.Target))
	entry := func(label, text string) {
		if strings.TrimSpace(text) != "" {
			m.line("- %s: %s", label, code(text))
		}
	}
	entry("requirement", res.Case.Title)
	entry("rule", res.Case.rule())
	if said := res.Finding; said != nil {
		entry("expected", said.Expected)
		entry("seen", said.Seen)
		entry("hint", said.Advice)
	} else {
		entry("reason", res.Reason)
	}
	if n := len(f.likewise); n > 0 {
		entry(fmt.Sprintf("and %d more like it", n), f.others())
	}
	if line := oneLine(res.Replay); line != "" && len(line) <= mostLine {
		fence := strings.Repeat("`", max(3, ticks(line)+1))
		m.line("\n%ssh\n%s\n%s", fence, line, fence)
	}
	m.line("")
}

func (m *markdown) errors() {
	broken := slices.DeleteFunc(m.all(), func(res *Result) bool { return res.Verdict != Error })
	if len(broken) == 0 {
		return
	}
	m.line("### Errors of Faultwire or of this machine (%d)\n", len(broken))
	for i, res := range broken {
		if i == mostTold {
			m.line("- and %d more", len(broken)-i)
			break
		}
		m.line("- %s · %s: %s", code(res.Case.ID), code(res.Target), code(res.Reason))
	}
	m.line("")
}

// rest is the counts of what fails nobody, and why cases were skipped, folded.
func (m *markdown) rest() {
	count, warnings := m.Count(""), 0
	for _, res := range m.Results {
		if res.Verdict == Warn && !res.Gates(m.Strict) {
			warnings++
		}
	}
	if warnings > 0 {
		m.line("%s: not kept, but not in the way of passing.\n", plural(warnings, "warning"))
	}
	if n := count[XFail]; n > 0 {
		m.line("%s: expected, so they do not fail the run.\n", plural(n, "known failure"))
	}
	if count[Skip] == 0 {
		return
	}
	var counted tally
	for _, res := range m.Results {
		if res.Verdict == Skip {
			counted.add(res.Reason, 1, res.Case.ID)
		}
	}
	reasons := counted.sorted()
	m.line("<details><summary>%d skipped, for %s</summary>\n", count[Skip], plural(len(reasons), "reason"))
	for i, r := range reasons {
		if i == mostTold {
			m.line("- and for %s more", plural(len(reasons)-i, "reason"))
			break
		}
		m.line("- %d × %s", r.N, code(r.Reason))
	}
	m.line("\n</details>")
}

// code is the text in a code span, in one line, inside which Markdown means nothing.
func code(s string) string {
	s = oneLine(shorten(s, mostCode))
	if s == "" {
		return "–"
	}
	fence := strings.Repeat("`", ticks(s)+1)
	if strings.HasPrefix(s, "`") || strings.HasSuffix(s, "`") {
		s = " " + s + " " // of which Markdown takes one off each end
	}
	return fence + s + fence
}

// ticks is the length of the longest run of backticks.
func ticks(s string) (most int) {
	n := 0
	for _, r := range s {
		if n++; r != '`' {
			n = 0
		}
		most = max(most, n)
	}
	return most
}
