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
	gating, blocked, broken := p.gating(), len(p.controls(Fail)), p.Count("")[Error]+len(p.controls(Error))
	if p.Interrupted {
		p.line(0, p.paint(yellow, "Interrupted: only what is shown above was judged."))
	}
	if broken > 0 {
		p.line(0, p.paint(yellow, fmt.Sprintf("Incomplete: %s, of Faultwire or this machine, not of the target.", plural(broken, "error"))))
	}
	next := ""
	if blocked > 0 {
		p.line(0, p.paint(red, "Nonconformant: "+plural(blocked, "target")+" failed with no fault on the wire."))
	}
	if gating > 0 {
		p.line(0, p.paint(red, "Nonconformant: "+plural(gating, "requirement")+" not kept."))
	}
	switch {
	case blocked > 0:
		next = "make the plain exchange work: see BLOCKED above."
	case gating > 0:
		next = "fix the first failure above, then check it with its \"Run alone\" line."
	case broken > 0:
		next = "run again; if it happens again, on a less busy machine or with --time-scale 3."
	case p.Interrupted:
	case p.Count("")[Skip] == len(p.Results):
		p.line(0, p.paint(yellow, "No verdict: nothing was tested."))
		next = "see the reasons above; faultwire list shows what would run."
	default:
		but := "."
		if known := p.Count("")[XFail]; known > 0 {
			but = ", but for " + plural(known, "known failure") + "."
		}
		p.line(0, p.paint(green, "Conformant: every requirement that was tested is kept"+but))
	}
	p.wrapped(0, p.basis())
	if p.SelfTest && (gating > 0 || blocked > 0) {
		next = "this is a defect of Faultwire or of this machine, not of your program. Run again; if it stays, report it."
	}
	if next != "" {
		p.wrapped(0, "Next: "+next)
	}
}

func (p *page) basis() string {
	retaken := 0
	for _, res := range p.Results {
		retaken += res.Retaken
	}
	facts := []string{plural(len(p.Results), "case") + " in " + spell(p.Took), fmt.Sprintf("seed %d", p.Seed)}
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
