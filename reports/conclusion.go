package reports

import (
	"fmt"
	"strings"
	"time"
)

// score is a line for each target; verdicts that nobody got have no column.
func (p *page) score() {
	groups := p.groups()
	wide := 0
	for _, g := range groups {
		wide = max(wide, columns(oneLine(g.Name)))
	}
	total := p.Count("")
	for _, g := range groups {
		count := p.Count(g.Name)
		line := oneLine(g.Name) + strings.Repeat(" ", wide-columns(oneLine(g.Name)))
		if len(g.results) == 0 && (g.Control == nil || g.Control.Verdict == Pass) {
			p.line(0, line+"    no case in this run")
			continue
		}
		for _, v := range []Verdict{Pass, Fail, Warn, Skip, XFail, Error} {
			if total[v] == 0 && v != Pass && v != Fail {
				continue
			}
			cell := fmt.Sprintf("%5d %s", count[v], v)
			if count[v] > 0 {
				cell = p.paint(hue(v), cell)
			}
			line += cell
		}
		if g.Control != nil && g.Control.Verdict != Pass {
			line += "  " + p.paint(red, "blocked")
		}
		p.line(0, line)
	}
	if len(groups) > 0 {
		p.line(0, "")
	}
}

// conclusion is the run's verdict in a sentence, what it rests on, and what to do next.
func (p *page) conclusion() {
	sentences, next := p.verdict()
	for _, s := range sentences {
		p.line(0, p.paint(s.hue, s.text))
	}
	p.wrapped(0, p.basis())
	if next != "" {
		p.wrapped(0, "Next: "+next)
	}
}

// lastLine is the conclusion in one line.
func (p *page) lastLine() {
	var line []string
	if p.SelfTest {
		line = append(line, "Faultwire tested itself.")
	}
	sentences, _ := p.verdict()
	for _, s := range sentences {
		line = append(line, p.paint(s.hue, s.text))
	}
	p.line(0, strings.Join(append(line, p.basis()), " "))
}

// A sentence is one of the conclusion's.
type sentence struct{ hue, text string }

// verdict is the run's, and what to do next, if anything.
func (p *page) verdict() (said []sentence, next string) {
	say := func(hue, format string, args ...any) {
		said = append(said, sentence{hue, fmt.Sprintf(format, args...)})
	}
	gating, blocked, broken, untried := p.gating(), len(p.controls(Fail)), p.Count("")[Error], len(p.controls(Error))
	if p.Interrupted {
		say(yellow, "Interrupted: only what is shown above was judged.")
	}
	if broken > 0 {
		say(yellow, "Incomplete: %s, of Faultwire or this machine, not of the target.", plural(broken, "error"))
	}
	if untried > 0 {
		say(yellow, "Incomplete: %s could not be tried.", plural(untried, "target"))
	}
	if blocked > 0 {
		say(red, "Nonconformant: %s failed with no fault on the wire.", plural(blocked, "target"))
	}
	if gating > 0 {
		say(red, "Nonconformant: %s.", p.notKept())
	}
	if unbegun := p.unbegun(); unbegun > 0 {
		say(yellow, "Not all: %s did not begin in time (--max-time).", plural(unbegun, "case"))
	}
	switch {
	case blocked+untried > 0:
		next = "make the plain exchange work: see BLOCKED above."
	case gating > 0:
		next = "fix the first failure above, " + oneLine(p.failed()[0].Case.ID) + ", then check it with its \"Run alone\" line."
	case broken > 0:
		next = "run again; if it happens again, on a less busy machine or with --time-scale 3."
	case p.Interrupted:
	case p.Count("")[Skip] == len(p.Results):
		say(yellow, "No verdict: nothing was tested.")
		next = "see the reasons above; faultwire list shows what would run."
	default:
		but := "."
		if known := p.Count("")[XFail]; known > 0 {
			but = ", but for " + plural(known, "known failure") + "."
		}
		say(green, "Conformant: every requirement that was tested is kept%s", but)
	}
	if p.SelfTest && (gating > 0 || blocked > 0) {
		next = "this is a defect of Faultwire or of this machine, not of your program. Run again; if it stays, report it."
	}
	return said, next
}

// unbegun is how many results are of pairs for which there was no time.
func (r *Run) unbegun() (n int) {
	for _, res := range r.Results {
		if res.Verdict == Skip && res.Reason == NotRun {
			n++
		}
	}
	return n
}

func (p *page) basis() string {
	retaken := 0
	for _, res := range p.Results {
		retaken += res.Retaken
	}
	facts := []string{plural(len(p.Results), "case") + " in " + spell(p.Took)}
	if len(p.Parts) > 0 {
		facts = append(facts, plural(len(p.Parts), "run"))
	}
	if p.Shard != "" {
		facts = append(facts, "shard "+p.Shard)
	}
	facts = append(facts, "seed "+p.seeds())
	if p.Scale != 1 && p.Scale != 0 {
		facts = append(facts, fmt.Sprintf("time scale %g", p.Scale))
	}
	if retaken > 0 {
		facts = append(facts, plural(retaken, "observation")+" taken again, as the machine was too busy")
	}
	if p.Folder != "" {
		facts = append(facts, "report in "+p.Folder)
	}
	return strings.Join(facts, " · ")
}

// spell writes a duration for people.
func spell(d time.Duration) string {
	if d < time.Second {
		return fmt.Sprintf("%d ms", d.Milliseconds())
	}
	return fmt.Sprintf("%.1f s", d.Seconds())
}
