package reports

import (
	"fmt"
	"slices"
	"strings"
)

// A sheet is a run as its page shows it.
type sheet struct {
	Run       *Run
	Title     string
	Headline  string
	Grade     grade // what the headline comes to
	Sentences []string
	Next      string
	First     *sheetPair // where Next leads to, if anywhere
	Facts     []entry
	Commands  []string
	Targets   []sheetTarget
	Themes    []*sheetTheme
	Controls  []*sheetPair
	Groups    []sheetGroup
	Grades    []gradeCount // those that occur
	Levels    []string
	// Undeclared is a deadline that a target does not promise, as an example.
	Undeclared string
	Pictured   bool // there is a timeline
	Unpictured bool // there are more than a page can hold
	Brief      bool // there was too much to tell all of every pair
}

// A grade is what a cell shows: a verdict, and where that is not enough how it came to be.
type grade string

const (
	gradeFail    grade = "fail"
	gradeError   grade = "error"
	gradeWarn    grade = "warn"
	gradeXFail   grade = "xfail"
	gradeBlocked grade = "blocked" // skipped, as nothing of the target can be judged
	gradeSkip    grade = "skip"
	gradeNoted   grade = "noted" // passed, but for a note
	gradePass    grade = "pass"
)

// grades begin with the worst.
var grades = []grade{gradeFail, gradeError, gradeWarn, gradeXFail, gradeBlocked, gradeSkip, gradeNoted, gradePass}

// Says is what the grade means.
func (m grade) Says() string {
	switch m {
	case gradeFail:
		return "not kept"
	case gradeError:
		return "not judged: Faultwire or the machine failed"
	case gradeWarn:
		return "a recommendation not kept, or no deadline declared"
	case gradeXFail:
		return "a known failure"
	case gradeBlocked:
		return "not tested: the target fails without a fault"
	case gradeSkip:
		return "not tested: does not apply, or proved nothing"
	case gradeNoted:
		return "kept, with a reservation"
	}
	return "kept"
}

// Word is what stands for the grade.
func (m grade) Word() string {
	if m == gradeNoted {
		return "pass, noted"
	}
	return string(m)
}

func (m grade) rank() int { return slices.Index(grades, m) }

func (m grade) kept() bool { return m == gradePass || m == gradeNoted }

// worse is the worse of two; nothing is better than anything.
func worse(a, b grade) grade {
	if b == "" || a != "" && a.rank() <= b.rank() {
		return a
	}
	return b
}

func (r *Run) grade(res *Result) grade {
	switch {
	case res.Gates(r.Strict):
		return gradeFail
	case res.Verdict == Skip && strings.HasPrefix(res.Reason, "blocked"):
		return gradeBlocked
	case res.Verdict == Pass && res.Note != "":
		return gradeNoted
	case slices.Contains(grades, grade(res.Verdict)):
		return grade(res.Verdict)
	}
	return gradeError
}

// A gradeCount is how often a grade was given.
type gradeCount struct {
	Grade grade
	N     int
}

func counted(n map[grade]int) (all []gradeCount) {
	for _, m := range grades {
		if n[m] > 0 {
			all = append(all, gradeCount{m, n[m]})
		}
	}
	return all
}

// A sheetTarget is a target and how it did.
type sheetTarget struct {
	Name, Role, Protocol, How string
	Control                   string // where its control is told, if that did not pass
	Promised                  string // its deadlines, and those that it does not declare
	Note                      string // on its control, if that passed
	Elsewhere                 string
	Total                     int
	Counts                    []gradeCount
}

// sheet makes a page of the run, which must be clean.
func (r *Run) sheet() *sheet {
	s := &sheet{Run: r}
	b := &binder{Run: r, sheet: s, anchors: map[string]int{}, index: map[string]int{}, room: pairsBudget, canvas: figureBudget}
	for _, taken := range []string{"top", "filter", "targets", "matrix", "controls"} {
		b.anchor(taken)
	}
	groups := r.groups()
	for i, g := range groups {
		b.index[g.Name] = i
	}
	b.targets(groups)
	b.controls()
	families := b.families()
	b.tell(families)
	b.matrix(families)
	s.judge()
	s.facts()
	return s
}

// judge is the run's verdict in a line, why, and what to do next.
func (s *sheet) judge() {
	r := s.Run
	gating, blocked, broken, untried := r.gating(), len(r.controls(Fail)), r.Count("")[Error], len(r.controls(Error))
	var words []string
	say := func(m grade, word, sentence string) {
		s.Grade, words, s.Sentences = worse(s.Grade, m), append(words, word), append(s.Sentences, sentence)
	}
	if blocked > 0 {
		say(gradeFail, "nonconformant", plural(blocked, "target")+" failed with no fault on the wire.")
	}
	if gating > 0 {
		say(gradeFail, "nonconformant", r.notKept()+".")
	}
	if untried > 0 {
		say(gradeError, "incomplete", plural(untried, "target")+" could not be tried.")
	}
	if broken > 0 {
		say(gradeError, "incomplete", plural(broken, "error")+" of Faultwire or this machine, not of the target.")
	}
	if unbegun := r.unbegun(); unbegun > 0 {
		s.Sentences = append(s.Sentences, plural(unbegun, "case")+" did not begin in time (--max-time).")
	}
	if r.Interrupted {
		say(gradeError, "interrupted", "Only what is shown here was judged.")
	}
	switch {
	case len(words) > 0:
	case r.Count("")[Skip] == len(r.Results):
		say(gradeSkip, "no verdict", "Nothing was tested.")
	default:
		but := "."
		if known := r.Count("")[XFail]; known > 0 {
			but = ", but for " + plural(known, "known failure") + "."
		}
		say(gradePass, "conformant", "Every requirement that was tested is kept"+but)
	}
	words = slices.Compact(words)
	s.Headline = strings.ToUpper(words[0][:1]) + words[0][1:]
	if len(words) > 1 {
		s.Headline += ", " + strings.Join(words[1:], " and ")
	}
	switch {
	case r.SelfTest && gating+blocked > 0:
		s.Next = "This is a defect of Faultwire or of this machine, not of your program. Run again; if it stays, report it."
	case blocked+untried > 0:
		s.Next = "Make the plain exchange work; until then nothing else can be judged of who fails it."
	case gating > 0:
		s.Next = "Fix the first failure, then check it with its “run alone” line:"
		s.First = s.pair(r.failed()[0].Result)
	case broken > 0:
		s.Next = "Run again; if it happens again, on a less busy machine or with --time-scale 3."
	}
	if r.Strict {
		s.Sentences = append(s.Sentences, "Strict: a recommendation (SHOULD) that is not kept fails the run, too.")
	}
}

// pair is where the result is told; nil if nowhere.
func (s *sheet) pair(res *Result) *sheetPair {
	for _, g := range s.Groups {
		for _, f := range g.Families {
			for _, p := range f.Pairs {
				if p.result == res {
					return p
				}
			}
		}
	}
	return nil
}

// facts are what was tested, when, and on what.
func (s *sheet) facts() {
	r := s.Run
	name := "itself"
	if !r.SelfTest && len(s.Targets) > 0 {
		name = s.Targets[0].Name
		if more := len(s.Targets) - 1; more > 0 {
			name += fmt.Sprintf(" and %d more", more)
		}
	}
	s.Title = shorten(fmt.Sprintf("%s: Faultwire tested %s", s.Headline, name), 200)
	add := func(label string, parts ...string) {
		parts = slices.DeleteFunc(parts, func(s string) bool { return strings.TrimSpace(s) == "" })
		if len(parts) > 0 {
			s.Facts = append(s.Facts, entry{label, shorten(oneLine(strings.Join(parts, ", ")), 500)})
		}
	}
	cases := map[string]bool{}
	retaken := 0
	for _, res := range r.Results {
		cases[res.Case.ID] = true
		retaken += res.Retaken
	}
	shard, merged := "", ""
	if r.Shard != "" {
		shard = "shard " + r.Shard + " of them"
	}
	if len(r.Parts) > 0 {
		merged = "merged of " + plural(len(r.Parts), "run")
	}
	pairs := ""
	if len(r.Results) != len(cases) {
		pairs = plural(len(r.Results), "pair") + " of case and target"
	}
	add("Tested", plural(len(s.Targets), "target"), plural(len(cases), "case"), pairs, shard, merged)
	when := ""
	if !r.Started.IsZero() {
		when = r.Started.UTC().Format("2 January 2006, 15:04:05 UTC")
	}
	again := ""
	if retaken > 0 {
		again = plural(retaken, "observation") + " taken again, as the machine was too busy"
	}
	add("When", when, "took "+spell(r.Took), again)
	processors := ""
	if r.Host.CPUs > 0 {
		processors = plural(r.Host.CPUs, "processor")
	}
	add("Where", r.Host.Name, strings.TrimSpace(r.Host.OS+" "+r.Host.Kernel), r.Host.Arch, processors)
	catalogue := ""
	if r.Catalogue != "" {
		catalogue = "catalogue " + r.Catalogue
	}
	add("With", r.Tool, catalogue, r.Host.Go)
	scale := ""
	if r.Scale != 1 && r.Scale != 0 {
		scale = fmt.Sprintf("time scale %g", r.Scale)
	}
	add("Seed", r.seeds(), scale)
	for _, part := range r.parts() {
		command := strings.Join(quoted(part.Command), " ")
		if command != "" && len(s.Commands) < mostCommands && !slices.Contains(s.Commands, command) {
			s.Commands = append(s.Commands, command)
		}
	}
}

// mostCommands is how many a page names of those that a merged report has.
const mostCommands = 8

// quoted are arguments as a shell takes them.
func quoted(args []string) (all []string) {
	for _, a := range args {
		a = oneLine(a)
		if a == "" || strings.ContainsFunc(a, func(r rune) bool {
			return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("-_./:=,@+%", r)
		}) {
			a = "'" + strings.ReplaceAll(a, "'", `'\''`) + "'"
		}
		all = append(all, shorten(a, 1000))
	}
	return all
}

func (b *binder) targets(groups []group) {
	for i, g := range groups {
		t := sheetTarget{Name: oneLine(g.Name), Role: oneLine(g.Role), Protocol: oneLine(g.Protocol), How: shorten(oneLine(g.How), 500),
			Promised: promised(g.Target, b.SelfTest), Elsewhere: oneLine(strings.Join(g.Elsewhere, ", ")), Total: len(g.results)}
		switch {
		case g.Control == nil:
		case g.Control.Verdict == Pass:
			t.Note = capital(g.Control.Note)
		default:
			t.Control = controlAnchor(i)
		}
		if len(g.Undeclared) > 0 && b.sheet.Undeclared == "" {
			b.sheet.Undeclared = oneLine(g.example())
		}
		n := map[grade]int{}
		for j := range g.results {
			n[b.grade(&g.results[j])]++
		}
		t.Counts = counted(n)
		b.sheet.Targets = append(b.sheet.Targets, t)
	}
}

// promised says which deadlines the target declares, and which it does not.
func promised(t Target, selfTest bool) string {
	var deadlines, parts []string
	for _, name := range sortedKeys(t.Promises) {
		deadlines = append(deadlines, name+" "+t.Promises[name])
	}
	if len(deadlines) > 0 {
		parts = append(parts, "Promises "+strings.Join(deadlines, ", "))
	}
	if len(t.Undeclared) > 0 && !selfTest {
		parts = append(parts, "Promises no "+alternatives(t.Undeclared)+" deadline")
	}
	return oneLine(strings.Join(parts, ". "))
}

func controlAnchor(target int) string { return fmt.Sprintf("t%d", target) }

// Label and Text are the entry's parts, for templates.
func (e entry) Label() string { return e.label }
func (e entry) Text() string  { return e.text }
