package reports

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// A Difference is what two reports say differently, by pair. The control exchange of a target is a pair, too: its case is "control".
type Difference struct {
	Was       Side     `json:"was"`
	Is        Side     `json:"is"`
	Worse     []Change `json:"worse"`   // what was kept is not any more, or is not known to be; and what fails that was not judged before
	Better    []Change `json:"better"`  // nearer to being kept
	Changed   []Change `json:"changed"` // neither: such as from failed to skipped, or to known
	New       []Change `json:"new"`     // only in the second
	Gone      []Change `json:"gone"`    // only in the first
	Unchanged int      `json:"unchanged"`
}

// A Side is one of the two reports.
type Side struct {
	Tool        string `json:"tool"`
	Catalogue   string `json:"catalogue"`
	Seeds       string `json:"seeds"`
	Pairs       int    `json:"pairs"`
	Interrupted bool   `json:"interrupted,omitempty"`
}

// A Change is one pair's.
type Change struct {
	Target string  `json:"target"`
	Case   string  `json:"case"`
	Was    Verdict `json:"was,omitempty"`
	Is     Verdict `json:"is,omitempty"`
	Cause  string  `json:"cause,omitempty"` // of the verdict that is, in one line
	Replay string  `json:"replay,omitempty"`
}

// Compare compares two reports.
func Compare(was, is *Run) *Difference {
	was, is = was.cleaned(), is.cleaned()
	d := &Difference{Was: was.side(), Is: is.side(), Worse: []Change{}, Better: []Change{}, Changed: []Change{}, New: []Change{}, Gone: []Change{}}
	name := func(res *Result) string { return res.Target + " " + res.Case.ID }
	before := map[string]*Result{}
	for _, res := range was.all() {
		before[name(res)] = res
	}
	for _, res := range is.all() {
		change := Change{Target: res.Target, Case: res.Case.ID, Is: res.Verdict, Cause: res.inShort(), Replay: oneLine(res.Replay)}
		old, known := before[name(res)]
		delete(before, name(res))
		if !known {
			d.New = append(d.New, change)
			continue
		}
		change.Was = old.Verdict
		switch way := direction(old.Verdict, res.Verdict); {
		case old.Verdict == res.Verdict:
			d.Unchanged++
		case way > 0:
			d.Worse = append(d.Worse, change)
		case way < 0:
			d.Better = append(d.Better, change)
		default:
			d.Changed = append(d.Changed, change)
		}
	}
	for _, res := range was.all() { // in their order
		if before[name(res)] == res {
			d.Gone = append(d.Gone, Change{Target: res.Target, Case: res.Case.ID, Was: res.Verdict, Cause: res.inShort()})
		}
	}
	return d
}

func (r *Run) side() Side {
	return Side{Tool: r.Tool, Catalogue: r.Catalogue, Seeds: r.seeds(), Pairs: len(r.Results), Interrupted: r.Interrupted}
}

// direction is positive if the second verdict is worse than the first, negative if it is better, 0 if it is neither.
func direction(was, is Verdict) int {
	badness := map[Verdict]int{Pass: 0, Warn: 1, XFail: 2, Fail: 3}
	before, judged := badness[was]
	after, judgedNow := badness[is]
	switch {
	case judged && judgedNow:
		if was == Fail && is == XFail {
			return 0 // the program is as it was: now it is said
		}
		return after - before
	case was == Pass: // whether it is still kept, nobody knows
		return 1
	case is == Pass:
		return -1
	case is == Fail:
		return 1
	}
	return 0
}

// WriteText writes the difference for people: what is worse first and in full, the sum last.
func (d *Difference) WriteText(w io.Writer, look Look) error {
	if look.Width <= 0 {
		look.Width = 100
	}
	p := &page{Look: look}
	p.changes(red, "Worse", d.Worse, true)
	p.changes(green, "Better", d.Better, false)
	p.changes(bold, "Changed, neither better nor worse", d.Changed, true)
	p.changes(bold, "New", d.New, false)
	p.changes(bold, "Gone", d.Gone, false)
	for _, side := range []struct {
		name string
		Side
	}{{"was", d.Was}, {"is ", d.Is}} {
		facts := fmt.Sprintf("%s  %s, catalogue %s, %s, seed %s", side.name, side.Tool, side.Catalogue, plural(side.Pairs, "pair"), side.Seeds)
		if side.Interrupted {
			facts += "; " + p.paint(yellow, "interrupted, so what it lacks says nothing")
		}
		p.line(0, oneLine(facts))
	}
	sum, hue := fmt.Sprintf("Nothing got worse: %d better", len(d.Better)), green
	if len(d.Worse) > 0 {
		sum, hue = fmt.Sprintf("Worse: %s, %d better", plural(len(d.Worse), "pair"), len(d.Better)), red
	}
	p.line(0, p.paint(hue, fmt.Sprintf("%s, %d changed otherwise, %d new, %d gone, %d as before.",
		sum, len(d.Changed), len(d.New), len(d.Gone), d.Unchanged)))
	_, err := w.Write(p.out.Bytes())
	return err
}

// changes writes a list of changes, with their causes if they are wanted. What is new or gone is a pair and one verdict.
func (p *page) changes(hue, title string, all []Change, cause bool) {
	if len(all) == 0 {
		return
	}
	p.line(0, p.paint(hue, fmt.Sprintf("%s (%d)", title, len(all))))
	for _, c := range all {
		verdicts := strings.Trim(string(c.Was)+" → "+string(c.Is), " →")
		p.line(2, oneLine(c.Target+" "+c.Case)+"  "+verdicts)
		if cause {
			p.entry("Seen", c.Cause)
			p.entry("Run alone", c.Replay)
		}
	}
	p.line(0, "")
}

// WriteJSON writes the difference for programs.
func (d *Difference) WriteJSON(w io.Writer) error {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(d); err != nil {
		return err
	}
	_, err := w.Write(text.Bytes())
	return err
}
