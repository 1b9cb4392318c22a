package reports

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strings"
)

// A Look is how a summary is shown. The zero value suits a file or a CI log.
type Look struct {
	Width  int    // columns to wrap at; 0 means 100. Lines to copy are never wrapped
	Color  bool   // ANSI colours
	Quiet  bool   // only what failed, and the last line
	Folder string // where the report was written, to point at; empty if it was not
}

// WriteSummary writes what a person at a terminal needs: blocked targets and failures in full, warnings and known failures
// in short, what was skipped by its reasons, and last, where the eye is, how each target did and what to do next.
func (r *Run) WriteSummary(w io.Writer, look Look) error {
	if look.Width <= 0 {
		look.Width = 100
	}
	look.Width = max(look.Width, 50)
	p := &page{Run: r.cleaned(), Look: look, told: map[string]string{}}
	if !look.Quiet {
		p.banner()
	}
	p.blocked()
	p.failures()
	p.errors()
	if look.Quiet {
		p.lastLine()
		_, err := w.Write(p.out.Bytes())
		return err
	}
	p.warnings()
	p.known()
	p.skipped()
	p.undeclared()
	p.score()
	p.conclusion()
	_, err := w.Write(p.out.Bytes())
	return err
}

// A page is a summary being written.
type page struct {
	*Run
	Look
	out  bytes.Buffer
	told map[string]string // why and fix texts that stand on the page, by the case that told them
}

func (p *page) banner() {
	if !p.SelfTest {
		return
	}
	p.line(0, p.paint(bold, "No target given: Faultwire tested itself against its reference targets. Test yours:"))
	p.line(0, "  faultwire run --client 'python3 client.py {host} {port}' --protocol echo")
	p.line(0, "  faultwire run --server './server --port {port}' --protocol echo")
	p.line(0, "")
}

// blocked are the targets that failed without any fault.
func (p *page) blocked() {
	for _, t := range slices.Concat(p.controls(Fail), p.controls(Error)) {
		head := "the plain exchange fails, with no fault on the wire"
		if t.Control.Verdict == Error {
			head = "Faultwire could not try the plain exchange, the one with no fault on the wire"
		}
		p.head(red, "BLOCKED", p.paint(bold, oneLine(t.Name))+"  "+head)
		p.wrapped(indent, plural(p.Count(t.Name)[Skip], "case")+" could not be tested. Make this work first.")
		p.line(0, "")
		p.story(t.Control)
		p.line(0, "")
	}
}

// failures are told in full once for all that are alike.
func (p *page) failures() {
	for _, f := range p.failed() {
		p.head(red, strings.ToUpper(string(f.Verdict)), oneLine(f.Target)+"  "+p.paint(bold, oneLine(f.Case.ID)))
		p.wrapped(indent, oneLine(f.Case.Title))
		p.line(0, "")
		p.story(f.Result)
		if n := len(f.likewise); n > 0 {
			p.entry("Likewise", fmt.Sprintf("%d more: %s", n, f.others()))
		}
		p.line(0, "")
	}
}

func (p *page) errors() {
	p.each(func(res *Result) bool { return res.Verdict == Error }, func(res *Result) {
		p.head(yellow, "ERROR", oneLine(res.Target)+"  "+p.paint(bold, oneLine(res.Case.ID)))
		p.wrapped(indent, "Faultwire could not judge this; it says nothing about the target.")
		p.line(0, "")
		p.entry("Reason", res.Reason)
		p.lastWords(res)
		p.entry("Run alone", oneLine(res.Replay))
		p.evidence(res)
		p.line(0, "")
	})
}

func (p *page) warnings() {
	warned := func(res *Result) bool { return res.Verdict == Warn && !p.Strict }
	if p.title("Warnings", "recommendations not kept; they fail the run only with --strict", warned) {
		p.each(warned, p.brief)
		p.line(2, "More on each: faultwire explain ID")
		p.line(0, "")
	}
}

func (p *page) known() {
	known := func(res *Result) bool { return res.Verdict == XFail }
	if p.title("Known failures", "expected, so they do not fail the run", known) {
		p.each(known, p.brief)
		p.line(0, "")
	}
}

// brief is a result in a few lines.
func (p *page) brief(res *Result) {
	p.line(2, oneLine(res.Target)+"  "+oneLine(res.Case.ID))
	p.entry("Reason", res.Reason)
	if res.Finding != nil {
		p.entry("Expected", res.Finding.Expected)
		p.entry("Seen", res.Finding.Seen)
	}
}

// skipped groups by reason, the commonest first. A reason that stands for one case names it.
func (p *page) skipped() {
	skipped := func(res *Result) bool { return res.Verdict == Skip }
	if !p.title("Skipped", "", skipped) {
		return
	}
	var reasons tally
	p.each(skipped, func(res *Result) { reasons.add(res.Reason, 1, res.Case.ID) })
	for _, r := range reasons.sorted() {
		text := r.Reason
		if r.N == 1 {
			text += " (" + r.id + ")"
		}
		p.beside(fmt.Sprintf("%5d  ", r.N), 7, text)
	}
	p.line(0, "")
}

func (p *page) undeclared() {
	said := false
	for _, t := range p.Targets {
		if t.Control != nil && t.Control.Verdict == Pass && t.Control.Note != "" {
			said = true
			p.beside("", 2, oneLine(t.Name+": "+t.Control.Note+"."))
		}
		if len(t.Elsewhere) > 0 {
			said = true
			p.beside("", 2, oneLine(fmt.Sprintf("%s also connects to %s, past the wire: no fault strikes there.", t.Name, strings.Join(t.Elsewhere, ", "))))
		}
		if len(t.Undeclared) == 0 || p.SelfTest {
			continue
		}
		said = true
		p.beside("", 2, oneLine(fmt.Sprintf("%s promises no %s deadline. If it has one, declare it to have it tested: "+
			"--%s-timeout 2s, or timeouts: in faultwire.yaml.", t.Name, alternatives(t.Undeclared), t.example())))
	}
	if said {
		p.line(0, "")
	}
}

// story tells a result in full. What an earlier member of the same family said of why and how is not said again.
func (p *page) story(res *Result) {
	for _, e := range res.story() {
		if e.label == "Why" || e.label == "Fix" {
			if by, told := p.told[e.text]; told {
				if e.label == "Fix" {
					p.entry("Fix", "as for "+by+", above")
				}
				continue
			}
			p.told[e.text] = oneLine(res.Case.ID)
		}
		if e.label == "Why" {
			p.lastWords(res)
		}
		p.entry(e.label, e.text)
	}
	p.evidence(res)
}

// lastWords are the last lines of the target's stderr: in many languages they name the error.
func (p *page) lastWords(res *Result) {
	if said := res.stderr(); said != "" {
		lines := strings.Split(said, "\n")
		p.entry("Stderr", strings.Join(lines[max(0, len(lines)-3):], "\n"))
	}
}

func (p *page) evidence(res *Result) {
	if p.Folder != "" && len(res.Files) > 0 {
		p.entry("Evidence", filepath.Join(p.Folder, filepath.FromSlash(res.folder())))
	}
}

// each calls do for the results that match, in the run's order.
func (p *page) each(match func(*Result) bool, do func(*Result)) {
	for i := range p.Results {
		if match(&p.Results[i]) {
			do(&p.Results[i])
		}
	}
}

// title opens a section with the number of results that match, if there are any.
func (p *page) title(name, remark string, match func(*Result) bool) bool {
	n := 0
	p.each(match, func(*Result) { n++ })
	if n == 0 {
		return false
	}
	title := p.paint(bold, fmt.Sprintf("%s (%d)", name, n))
	if remark != "" {
		title += ": " + remark
	}
	p.line(0, title)
	return true
}

// alternatives joins words: "a", "a or b", "a, b or c".
func alternatives(words []string) string {
	last := len(words) - 1
	if last < 1 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:last], ", ") + " or " + words[last]
}

// example is the deadline, of those that the target does not declare, that is worth declaring first.
func (t Target) example() string {
	if slices.Contains(t.Undeclared, "read") {
		return "read"
	}
	return t.Undeclared[0]
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
