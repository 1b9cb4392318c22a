package reports

import (
	"fmt"
	"strings"
	"time"
)

// An entry is one labelled part of what a report says about a result.
type entry struct{ label, text string }

// story is what there is to say about a result, in the order a reader needs it: the requirement, what was done and seen,
// what to do. The terminal and junit.xml tell the same one. Entries with nothing to say are left out.
func (res *Result) story() []entry {
	finding := Finding{}
	if res.Finding != nil {
		finding = *res.Finding
	}
	promise := finding.Promise
	if said, _, _ := strings.Cut(res.Case.Clause, ":"); strings.EqualFold(promise, said) {
		promise = "" // the rule says it
	}
	retaken := ""
	if res.Retaken > 0 {
		retaken = plural(res.Retaken, "observation") + " void, as the machine was too busy, and taken again"
	}
	all := []entry{
		{"Rule", res.Case.rule()},
		{"Promise", promise},
		{"The wire", strings.Join(res.Case.Faults, "\n")},
		{"The peer", strings.Join(res.Case.Script, "\n")},
		{"Expected", finding.Expected},
		{"Seen", finding.Seen},
		{"Time", res.Times.String()},
		{"Reason", res.Reason},
		{"Note", res.Note},
		{"Retaken", retaken},
		{"Hint", finding.Advice},
		{"Why", res.Case.Why},
		{"Fix", res.Case.Fix},
		{"Run alone", oneLine(res.Replay)},
	}
	told := all[:0]
	for _, e := range all {
		if e.text = strings.Trim(e.text, "\n"); strings.TrimSpace(e.text) != "" {
			told = append(told, e)
		}
	}
	return told
}

// rule is the requirement's level, basis and source. That a practice is no standard's is said wherever it is shown.
func (c Case) rule() string {
	basis := c.Basis
	if basis == "practice" {
		basis = "practice (no standard demands it)"
	}
	var parts []string
	for _, part := range []string{strings.ToUpper(c.Level), basis, c.Clause} {
		if part = oneLine(part); part != "" {
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, " · ")
}

// source is where the case stands in Faultwire's own code.
func (c Case) source() string {
	if c.File == "" {
		return ""
	}
	return fmt.Sprintf("%s:%d", c.File, c.Line)
}

// inShort is the result's cause in one line.
func (res *Result) inShort() string {
	switch {
	case res.Finding == nil || res.Finding.Seen == "":
		return oneLine(res.Reason)
	case res.Finding.Expected == "":
		return oneLine(res.Finding.Seen)
	}
	return oneLine(fmt.Sprintf("expected: %s; seen: %s", res.Finding.Expected, res.Finding.Seen))
}

// stderrLimit bounds what reports repeat of a target's stderr, in bytes; all that was kept of it is in the evidence.
const stderrLimit = 8 << 10

// stderr is the beginning and the end of what the target wrote there.
func (res *Result) stderr() string {
	said := shorten(string(res.Attachments["stderr"]), stderrLimit)
	return strings.TrimRight(Clean(strings.ReplaceAll(said, "\r\n", "\n")), "\n")
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// seconds writes a duration as XML reports have it.
func seconds(d time.Duration) string { return fmt.Sprintf("%.3f", d.Seconds()) }
