package reports

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// A family is what is told at once: a case, or those that differ in an axis alone and have their advice in common.
type family struct {
	Index   int
	Anchor  string
	ID      string // without the axis
	Short   string // without the theme either
	Axis    string
	Theme   string
	Title   string
	Rule    rule
	Why     string
	Fix     []advice
	Source  string
	Members []*member
	Pairs   []*sheetPair // those of which there is more to say than a line
	Others  []sheetOther
	Grade   grade // the worst
	Counts  []gradeCount
	Open    bool
}

// Many reports whether there is more than one case in it.
func (f *family) Many() bool { return len(f.Members) > 1 }

// Kept reports whether nobody has to fix it.
func (f *family) Kept() bool { return f.Grade.rank() > gradeXFail.rank() }

// A rule is how strongly something is required, and what that rests on.
type rule struct{ Level, Basis, Clause string }

// Means is what the basis is.
func (r rule) Means() string {
	switch r.Basis {
	case "norm":
		return "a standard’s text"
	case "documented":
		return "an API’s own documentation"
	case "practice":
		return "no standard demands it"
	}
	return ""
}

// A member is one case of a family.
type member struct {
	Index int
	ID    string
	Label string // its value on the axis
	Title string // where it is another than the family's
	Rule  *rule  // likewise
	cells map[int]cell
}

// A cell is a pair in the matrix, or what a family came to with a target.
type cell struct {
	Anchor string
	Grade  grade
	N, Of  int // how many of the family's members have the grade; Of is 0 for a pair
}

// An advice is a line of a Fix: a language's, or everybody's.
type advice struct{ Language, Text string }

// A sheetPair is a pair that is told. All but its names and Seen is missing if it is told in brief.
type sheetPair struct {
	Anchor   string
	Target   string
	TargetN  int
	Member   *member // nil for a control
	Grade    grade
	Strict   bool // a warning that fails the run
	Seen     string
	Entries  []entry
	Hint     string
	Calls    []call
	Pictures []*timeline
	Replay   string
	Files    []sheetFile
	Stderr   string
	Open     bool
	Brief    bool
	Control  *family // of a control, what a family says of others
	Waiting  string  // what waits for the control
	result   *Result
}

type sheetFile struct{ Name, Path string }

// A sheetOther is pairs of a family that have no more to say than this line.
type sheetOther struct {
	Grade   grade
	Reason  string
	N       int
	targets []int
	times   map[int]int
}

func (o *sheetOther) add(target int) {
	if o.times == nil {
		o.times = map[int]int{}
	}
	if o.times[target] == 0 {
		o.targets = append(o.targets, target)
	}
	o.times[target]++
	o.N++
}

// A sheetGroup is the families of which the same came.
type sheetGroup struct {
	Grade    grade
	Name     string
	Remark   string
	Reasons  []reasonCount
	Families []*family
}

// What a page has room for, in bytes.
const (
	sheetText    = 2 << 10 // of one text
	briefText    = 120
	pairsBudget  = 2_000_000 // of what is told of pairs, about: then they are told in brief
	figureBudget = 1_800_000 // of timelines, about: then only those beside the evidence are left
)

// bounded bounds a text of the page.
func bounded(s string) string { return strings.TrimSpace(shorten(s, sheetText)) }

// capital is a text of one line that begins with a capital letter.
func capital(s string) string {
	if s = bounded(oneLine(s)); s != "" && s[0] >= 'a' && s[0] <= 'z' {
		return strings.ToUpper(s[:1]) + s[1:]
	}
	return s
}

func (c Case) grounds() rule {
	return rule{oneLine(c.Level), oneLine(c.Basis), bounded(oneLine(c.Clause))}
}

// languageLine is "Go: …" or "Go   …".
var languageLine = regexp.MustCompile(`^([A-Z][\w.+#]{0,11})(?:: +| {2,})(\S.*)$`)

// advices are a Fix's lines by language. An indented line continues the one before.
func advices(fix string) (all []advice) {
	for line := range strings.SplitSeq(bounded(fix), "\n") {
		said := oneLine(line)
		switch m := languageLine.FindStringSubmatch(line); {
		case said == "":
		case m != nil:
			all = append(all, advice{m[1], oneLine(m[2])})
		case len(all) > 0 && line[0] == ' ':
			all[len(all)-1].Text += " " + said
		default:
			all = append(all, advice{Text: said})
		}
	}
	return all
}

// A binder puts a sheet together.
type binder struct {
	*Run
	sheet   *sheet
	anchors map[string]int // how often each was wanted
	index   map[string]int // of the targets, by name
	room    int            // what is left of the budgets
	canvas  int
}

// anchor is the name, with a number behind it if something is called so already.
func (b *binder) anchor(name string) string {
	b.anchors[name]++
	if n := b.anchors[name]; n > 1 {
		return b.anchor(fmt.Sprintf("%s--%d", name, n))
	}
	return name
}

// newFamily is a family of the case's.
func (c Case) newFamily(id string) *family {
	theme := cmp.Or(oneLine(c.Theme), "other")
	return &family{ID: oneLine(id), Short: shortID(id, theme), Theme: theme,
		Title: capital(c.Title), Rule: c.grounds(), Why: bounded(c.Why), Fix: advices(c.Fix), Source: oneLine(c.source())}
}

// shortID is the ID without what its theme says.
func shortID(id, theme string) string {
	parts := strings.Split(id, ".")
	for i := range min(2, len(parts)-1) {
		if parts[i] == theme {
			return oneLine(strings.Join(parts[i+1:], "."))
		}
	}
	return oneLine(id)
}

// families are what was tested, in the catalogue's order, with what came of it.
func (b *binder) families() (all []*family) {
	type key struct{ id, why, fix string }
	type name struct {
		key
		whole string
	}
	known, members := map[key]*family{}, map[name]*member{}
	counts, total, levels := map[*family]map[grade]int{}, map[grade]int{}, map[string]bool{}
	for i := range b.Results {
		res := &b.Results[i]
		c := res.Case
		id, axis, _ := strings.Cut(strings.TrimSuffix(c.ID, "]"), "[")
		k := key{id, c.Why, c.Fix}
		f := known[k]
		if f == nil {
			f = c.newFamily(id)
			f.Index, f.Anchor = len(all), b.anchor(fileName(id))
			f.Axis, _, _ = strings.Cut(oneLine(axis), "=")
			known[k], counts[f] = f, map[grade]int{}
			all = append(all, f)
			levels[f.Rule.Level] = true
		}
		m := members[name{k, c.ID}]
		if m == nil {
			m = &member{Index: len(members), ID: oneLine(c.ID), Label: oneLine(axis), cells: map[int]cell{}}
			if title := capital(c.Title); title != f.Title {
				m.Title = title
			}
			if r := c.grounds(); r != f.Rule {
				m.Rule = &r
			}
			members[name{k, c.ID}] = m
			f.Members = append(f.Members, m)
		}
		verdict := b.grade(res)
		counts[f][verdict]++
		total[verdict]++
		b.place(res, verdict, f, m)
	}
	for _, f := range all {
		f.Counts = counted(counts[f])
		f.Grade = f.Counts[0].Grade
		slices.SortStableFunc(f.Pairs, func(a, b *sheetPair) int { return cmp.Compare(a.Grade.rank(), b.Grade.rank()) })
		slices.SortStableFunc(f.Others, func(a, b sheetOther) int { return cmp.Compare(a.Grade.rank(), b.Grade.rank()) })
	}
	b.sheet.Grades = counted(total)
	for _, level := range []string{"must", "should", "may"} {
		if levels[level] {
			b.sheet.Levels = append(b.sheet.Levels, level)
		}
	}
	return all
}

// place puts the result where it is told.
func (b *binder) place(res *Result, verdict grade, f *family, m *member) {
	n := b.index[res.Target]
	c := cell{Grade: verdict, Anchor: f.Anchor}
	switch {
	case verdict.rank() <= gradeXFail.rank(), len(res.Files) > 0, res.Verdict == Skip && res.Observation != nil:
		c.Anchor = b.anchor(fmt.Sprintf("c%dt%d", m.Index, n))
		f.Pairs = append(f.Pairs, &sheetPair{Anchor: c.Anchor, Target: oneLine(res.Target), TargetN: n, Member: m, Grade: verdict,
			Strict: res.Verdict == Warn && b.Strict, result: res})
	default:
		reason := bounded(cmp.Or(oneLine(res.Reason), oneLine(res.Note)))
		at := slices.IndexFunc(f.Others, func(o sheetOther) bool { return o.Grade == verdict && o.Reason == reason })
		if at < 0 {
			at = len(f.Others)
			f.Others = append(f.Others, sheetOther{Grade: verdict, Reason: reason})
		}
		f.Others[at].add(n)
	}
	if old, twice := m.cells[n]; twice {
		c.Grade = worse(old.Grade, c.Grade)
	}
	m.cells[n] = c
}

// tell groups the families by the worst that came of them and tells the pairs, as long as there is room.
// What fails as another does that is told already is closed at first.
func (b *binder) tell(families []*family) {
	leads := map[*Result]bool{}
	for _, f := range b.failed() {
		leads[f.Result] = true
	}
	for _, g := range []sheetGroup{
		{Grade: gradeFail, Name: "Not kept"},
		{Grade: gradeError, Name: "Not judged", Remark: "Faultwire or this machine failed at these; that says nothing about the target."},
		{Grade: gradeWarn, Name: "Recommendations not kept", Remark: "They fail the run only with --strict."},
		{Grade: gradeXFail, Name: "Known failures", Remark: "They are expected, so they do not fail the run."},
		{Grade: gradeSkip, Name: "Not tested"},
		{Grade: gradePass, Name: "Kept"},
	} {
		for _, f := range families {
			if m := f.Grade; m != g.Grade && (m != gradeBlocked || g.Grade != gradeSkip) && (m != gradeNoted || g.Grade != gradePass) {
				continue
			}
			g.Families = append(g.Families, f)
			first := max(0, slices.IndexFunc(f.Pairs, func(p *sheetPair) bool { return leads[p.result] }))
			f.Open = g.Grade.rank() <= gradeWarn.rank() && (g.Grade != gradeFail || len(f.Pairs) > 0 && leads[f.Pairs[first].result])
			for i, p := range f.Pairs {
				p.Open = f.Open && i == first
				b.pair(p)
			}
		}
		switch g.Grade {
		case gradeSkip:
			g.Reasons = reasons(g.Families)
		case gradeFail:
			g.Reasons = b.ways()
		}
		if len(g.Families) > 0 {
			b.sheet.Groups = append(b.sheet.Groups, g)
		}
	}
}

// ways are in which ways requirements are not kept, if fewer than there are requirements.
func (b *binder) ways() (all []reasonCount) {
	failed := b.failed()
	if len(failed) == b.gating() {
		return nil
	}
	for _, f := range failed {
		said := cmp.Or(f.advice(), f.inShort(), "no more is known of it")
		all = append(all, reasonCount{N: 1 + len(f.likewise), Reason: shorten(oneLine(said), 300)})
	}
	slices.SortStableFunc(all, func(a, b reasonCount) int { return cmp.Compare(b.N, a.N) })
	if more := len(all) - mostWays; more > 1 {
		rest := reasonCount{Reason: fmt.Sprintf("in %d other ways", more)}
		for _, way := range all[mostWays:] {
			rest.N += way.N
		}
		all = append(all[:mostWays], rest)
	}
	return all
}

// mostWays is how many a page names.
const mostWays = 10

// reasons are why the families' pairs were not tested, the commonest first.
func reasons(families []*family) []reasonCount {
	var t tally
	for _, f := range families {
		for _, o := range f.Others {
			if !o.Grade.kept() {
				t.add(o.Reason, o.N, "")
			}
		}
		for _, p := range f.Pairs {
			if !p.Grade.kept() {
				t.add(p.Seen, 1, "")
			}
		}
	}
	return t.sorted()
}

// controls tells the plain exchanges that failed.
func (b *binder) controls() {
	for _, t := range slices.Concat(b.Run.controls(Fail), b.Run.controls(Error)) {
		res, n := t.Control, b.index[t.Name]
		p := &sheetPair{Anchor: b.anchor(controlAnchor(n)), Target: oneLine(t.Name), TargetN: n, Grade: b.grade(res),
			Control: res.Case.newFamily(res.Case.ID), Open: true, result: res}
		if n := b.Count(t.Name)[Skip]; n > 0 {
			p.Waiting = plural(n, "case") + " could not be tested."
		}
		b.pair(p)
		b.sheet.Controls = append(b.sheet.Controls, p)
	}
}

// pair tells a pair in full, or in brief if the page is long already.
func (b *binder) pair(p *sheetPair) {
	res := p.result
	finding := Finding{}
	if res.Finding != nil {
		finding = *res.Finding
	}
	p.Seen = shorten(oneLine(cmp.Or(finding.Seen, res.Reason, "no more is known of it")), 300)
	if b.room < 0 {
		p.Seen, p.Brief, b.sheet.Brief = shorten(p.Seen, briefText), true, true
		return
	}
	for _, e := range res.story() {
		switch e.label {
		case "Rule", "Why", "Fix", "Run alone", "Hint":
			continue // the family's, or in places of their own
		}
		e.text = bounded(e.text)
		if e.label == "The peer" {
			e.text = shorten(e.text, 800) // a long script repeats itself
		}
		p.Entries = append(p.Entries, e)
		b.room -= len(e.text) + 60
	}
	p.Hint, p.Replay, p.Stderr = bounded(finding.Advice), bounded(oneLine(res.Replay)), shorten(res.stderr(), 2*sheetText)
	for _, path := range res.Files {
		p.Files = append(p.Files, sheetFile{path[strings.LastIndex(path, "/")+1:], path})
		b.room -= 2*len(path) + 30
	}
	if s := b.sight(res); s != nil {
		if len(s.Calls) > 1 {
			p.Calls = s.Calls
		}
		for i, picture := range s.timelines(res) {
			picture.ID = fmt.Sprintf("%s-%d", p.Anchor, i)
			if b.canvas -= picture.size(); b.canvas < 0 {
				b.sheet.Unpictured = true
				break
			}
			p.Pictures, b.sheet.Pictured = append(p.Pictures, picture), true
		}
	}
	b.room -= len(p.Seen) + len(p.Hint) + len(p.Replay) + len(p.Stderr) + 600
}

// Listed names the targets of the pairs, and how many each has.
func (s *sheet) Listed(o sheetOther) string {
	slices.Sort(o.targets)
	var names []string
	for _, n := range o.targets {
		name := s.Targets[n].Name
		if o.times[n] > 1 {
			name += fmt.Sprintf(" ×%d", o.times[n])
		}
		names = append(names, name)
	}
	return strings.Join(names, ", ")
}
