package main

import (
	"cmp"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/faultwire/faultwire/reports"
	"github.com/faultwire/faultwire/suites"
)

const opening = `# Real programs

Programs that people have, as Debian 12 has them, against the whole catalogue. None of them was made for Faultwire; the libraries are
called by [the shortest plain use](../targets/examples/real/http/README.md) of each, with the timeout that it offers. ` + "`make realworld`" + ` runs
them and writes this page; ` + "`make programs`" + ` makes sure that they fail nothing else.

Each failure was looked into, in the bytes on the wire and in the program, and is the program's doing. Whether it is wrong, too, depends
on what the case rests on: a standard's text (*RFC*), an API's own documentation (*documented*), or one of Faultwire's five promises
(*practice*), which no standard makes. A failure that shows in some runs only, because two things race inside the program, stands as
*at times*. A case of a protocol counts again over TLS.
`

// write writes the page.
func write(w io.Writer, tried []trial) {
	fmt.Fprint(w, opening)
	must, should, kept, times := 0, 0, 0, 0
	titles := map[string]bool{}
	for _, t := range tried {
		if t.Run == nil {
			continue
		}
		titles[t.Title] = true
		kept += t.kept()
		must += len(t.broken("must"))
		should += len(t.broken("should"))
		times += len(t.races())
	}
	fmt.Fprintf(w, "\n%d programs in %d trials: %d requirements kept, %d MUST and %d SHOULD not kept, %d at times.\n", len(titles), len(tried), kept, must, should, times)

	fmt.Fprint(w, "\n| program | version | tested as | kept | MUST not kept | SHOULD not kept | at times | not tested |\n|---|---|---|---|---|---|---|---|\n")
	for _, t := range tried {
		if t.Run == nil {
			fmt.Fprintf(w, "| %s | not installed | %s | | | | | |\n", t.Title, t.as())
			continue
		}
		name := t.Title
		if len(t.groups()) > 0 {
			name = fmt.Sprintf("[%s](#%s)", t.Title, anchor(t.heading()))
		}
		fmt.Fprintf(w, "| %s | %s | %s | %d | %s | %s | %s | %d |\n", name, t.Version, t.as(), t.kept(),
			some(len(t.broken("must"))), some(len(t.broken("should"))), some(len(t.races())), len(t.with(reports.Skip)))
	}

	writeByCase(w, tried)
	fmt.Fprint(w, "\n## By program\n")
	for _, t := range tried {
		if t.Run != nil {
			writeTrial(w, t, tried)
		}
	}
	writeSkipped(w, tried)
}

// writeByCase lists who does not keep a requirement. The members of a family are one.
func writeByCase(w io.Writer, tried []trial) {
	type broken struct {
		reports.Case
		on, by []string // what it rests on, and the titles
	}
	var all []*broken
	found := map[string]*broken{}
	for _, t := range tried {
		for _, r := range t.failed() {
			id, _, _ := strings.Cut(r.Case.ID, "[")
			b := found[id]
			if b == nil {
				b = &broken{Case: r.Case}
				b.ID, found[id] = id, b
				all = append(all, b)
			}
			if on := rests(r.Case); !slices.Contains(b.on, on) {
				b.on = append(b.on, on)
			}
			name := t.Title + over(t)
			if strings.HasPrefix(id, "tls.") {
				name = t.Title
			}
			if !slices.Contains(b.by, t.Title) && !slices.Contains(b.by, name) {
				b.by = append(b.by, name)
			}
		}
	}
	slices.SortStableFunc(all, func(a, b *broken) int { return cmp.Or(-cmp.Compare(len(a.by), len(b.by)), cmp.Compare(a.ID, b.ID)) })
	fmt.Fprint(w, "\n## By requirement\n\nWhat `faultwire explain ID` tells of. The programs that do not keep it, all members of its family or some:\n\n| a sound program … | level | rests on | not kept by |\n|---|---|---|---|\n")
	for _, b := range all {
		fmt.Fprintf(w, "| %s<br>`%s` | %s | %s | %s |\n", b.Title, b.ID, strings.ToUpper(b.Level), strings.Join(b.on, "; "), strings.Join(b.by, ", "))
	}
}

func over(t trial) string {
	if t.TLS {
		return " over TLS"
	}
	return ""
}

// writeTrial tells what the program fails, by reason, and how to see it.
func writeTrial(w io.Writer, t trial, tried []trial) {
	groups := t.groups()
	if len(groups) == 0 && len(t.surprises()) == 0 {
		return
	}
	fmt.Fprintf(w, "\n### %s\n\n`%s` in [%s](../%s), version %s.\n", t.heading(), t.Name, t.Config[strings.LastIndex(t.Config, "/")+1:], t.Config, t.Version)
	if same := alike(t, tried); len(same) > 0 {
		fmt.Fprintf(w, "\nAs without TLS: %s.\n", code(same))
		for _, g := range groups {
			g.results = slices.DeleteFunc(g.results, func(r reports.Result) bool { return slices.Contains(same, r.Case.ID) })
		}
	}
	var lines []string
	for _, g := range groups {
		if g.race != nil {
			racing := t.named(g.race)
			fmt.Fprintf(w, "\n*At times* %s. *Why:* %s.\n", code(racing), g.reason)
			for _, id := range racing {
				lines = append(lines, replay(t.Program, id))
			}
			continue
		}
		if len(g.results) == 0 {
			continue
		}
		fmt.Fprintf(w, "\n*Why:* %s.\n\n| case | level | rests on | expected | seen |\n|---|---|---|---|---|\n", g.reason)
		for _, r := range g.results {
			fmt.Fprintf(w, "| `%s` | %s | %s | %s | %s |\n", r.Case.ID, strings.ToUpper(r.Case.Level), rests(r.Case), r.Finding.Expected, seen(r))
		}
	}
	for _, r := range t.failed() {
		lines = append(lines, replay(t.Program, r.Case.ID))
	}
	if len(lines) > 0 {
		fmt.Fprintf(w, "\n<details><summary>Each alone</summary>\n\n```\n%s\n```\n\n</details>\n", strings.Join(lines, "\n"))
	}
	for _, r := range t.surprises() {
		what := r.Reason
		if r.Finding != nil {
			what = "expected " + r.Finding.Expected + ", seen " + r.Finding.Seen
		}
		fmt.Fprintf(w, "\n**Not known:** `%s`: %s: %s\n", r.Case.ID, r.Verdict, what)
	}
}

// alike are the cases that the program fails for the same reason without TLS.
func alike(t trial, tried []trial) (ids []string) {
	if !t.TLS {
		return nil
	}
	for _, other := range tried {
		if other.TLS || other.Title != t.Title || other.Protocol != t.Protocol {
			continue
		}
		for _, r := range t.failed() {
			if slices.ContainsFunc(other.failed(), func(o reports.Result) bool { return o.Case.ID == r.Case.ID && o.Reason == r.Reason }) {
				ids = append(ids, r.Case.ID)
			}
		}
	}
	return ids
}

// writeSkipped tells what was not tested, by reason.
func writeSkipped(w io.Writer, tried []trial) {
	var reasons []string
	by := map[string]map[string]int{}
	for _, t := range tried {
		for _, r := range t.with(reports.Skip) {
			why := inShort(r.Reason)
			if by[why] == nil {
				by[why] = map[string]int{}
				reasons = append(reasons, why)
			}
			by[why][t.Title+over(t)]++
		}
	}
	slices.Sort(reasons)
	fmt.Fprint(w, "\n## What was not tested\n\n| because | cases of |\n|---|---|\n")
	for _, why := range reasons {
		var of []string
		for _, t := range tried {
			name := t.Title + over(t)
			if n := by[why][name]; n > 0 {
				of = append(of, fmt.Sprintf("%s %d", name, n))
				delete(by[why], name)
			}
		}
		fmt.Fprintf(w, "| %s | %s |\n", why, strings.Join(of, ", "))
	}
}

// A group is what fails for one reason: results, or patterns of what fails at times.
type group struct {
	reason  string
	results []reports.Result
	race    []string
}

func (t trial) groups() []*group {
	var all []*group
	add := func(reason string, race bool) *group {
		for _, g := range all {
			if g.reason == reason && (g.race != nil) == race {
				return g
			}
		}
		all = append(all, &group{reason: reason})
		return all[len(all)-1]
	}
	for _, r := range t.failed() {
		g := add(r.Reason, false)
		g.results = append(g.results, r)
	}
	for _, pattern := range t.races() {
		g := add(t.KnownFailures[pattern].Reason, true)
		g.race = append(g.race, pattern)
	}
	return all
}

// races are the patterns of known failures that do not always show.
func (t trial) races() (patterns []string) {
	for pattern := range t.KnownFailures {
		if strings.Contains(pattern, "*") {
			patterns = append(patterns, pattern)
		}
	}
	slices.Sort(patterns)
	return patterns
}

// named are the cases that the patterns name, or the pattern itself if it names many.
func (t trial) named(patterns []string) (names []string) {
	const many = 4
	for _, pattern := range patterns {
		var ids []string
		for _, r := range t.Results {
			if suites.Matches(pattern, r.Case.ID) {
				ids = append(ids, r.Case.ID)
			}
		}
		if len(ids) == 0 || len(ids) >= many {
			ids = []string{pattern}
		}
		names = append(names, ids...)
	}
	return names
}

// failed are the results that show in every run.
func (t trial) failed() []reports.Result {
	return slices.DeleteFunc(t.with(reports.XFail), func(r reports.Result) bool {
		return slices.ContainsFunc(t.races(), func(pattern string) bool { return suites.Matches(pattern, r.Case.ID) })
	})
}

func (t trial) broken(level string) []reports.Result {
	return slices.DeleteFunc(t.failed(), func(r reports.Result) bool { return r.Case.Level != level })
}

// kept counts the requirements that are. What fails at times is not among them.
func (t trial) kept() int {
	return len(slices.DeleteFunc(t.with(reports.Pass), func(r reports.Result) bool {
		return slices.ContainsFunc(t.races(), func(pattern string) bool { return suites.Matches(pattern, r.Case.ID) })
	}))
}

func (t trial) surprises() []reports.Result {
	return t.with(reports.Fail, reports.Warn, reports.Error)
}

func (t trial) with(verdicts ...reports.Verdict) (found []reports.Result) {
	if t.Run == nil {
		return nil
	}
	for _, r := range t.Results {
		if slices.Contains(verdicts, r.Verdict) {
			found = append(found, r)
		}
	}
	return found
}

func surprises(tried []trial) (n int) {
	for _, t := range tried {
		n += len(t.surprises())
	}
	return n
}

func (t trial) as() string {
	if t.TLS {
		return fmt.Sprintf("%s, %s over TLS", t.Role, t.Protocol)
	}
	return fmt.Sprintf("%s, %s", t.Role, t.Protocol)
}

func (t trial) heading() string { return fmt.Sprintf("%s, %s", t.Title, t.as()) }

// anchor is the name that GitHub gives a heading.
func anchor(heading string) string {
	return strings.ReplaceAll(regexp.MustCompile(`[^a-z0-9 _-]`).ReplaceAllString(strings.ToLower(heading), ""), " ", "-")
}

// rests says what a case rests on, in a word or two.
func rests(c reports.Case) string {
	source, clause, _ := strings.Cut(c.Clause, ": ")
	switch c.Basis {
	case "practice":
		return "practice: " + source
	case "documented":
		return "documented: " + source
	}
	if section := regexp.MustCompile(`^§[\d.]*\d`).FindString(clause); section != "" {
		return source + " " + section
	}
	return source
}

var (
	lied     = regexp.MustCompile(`success reported, but what it received is wrong: `)
	reported = regexp.MustCompile(`^(exchange \d+: )?(?:the client reported|its client got) (.+?) after ([\d.]+(?:µs|ms|s))(?:: (?:exit code \d+: )?(status \d+)$|:.*)?`)
	late     = regexp.MustCompile(`^(\w+) after ([\d.]+(?:µs|ms|s))$`)
	memory   = regexp.MustCompile(`^\d+ MiB more$`)
)

// seen is what was seen, without what differs from run to run.
func seen(r reports.Result) string {
	s, _, _ := strings.Cut(r.Finding.Seen, "\n")
	s = lied.ReplaceAllString(s, "success, but ")
	s = strings.TrimSuffix(s, " reported")
	if strings.HasPrefix(s, "still waiting when the guard ended it") {
		return "still waiting" + after(r.Elapsed)
	}
	if before, waited, found := strings.Cut(s, " after "); found && strings.HasSuffix(waited, "longer than it promises") {
		took, _, _ := strings.Cut(waited, ":")
		return before + roughly(took)
	}
	if m := reported.FindStringSubmatch(s); m != nil {
		s = m[1] + m[2] + roughly(m[3])
		if m[4] != "" {
			s += ": " + m[4]
		}
	}
	if m := late.FindStringSubmatch(s); m != nil {
		s = strings.Replace(m[1], "ok", "success", 1) + roughly(m[2])
	}
	return memory.ReplaceAllString(s, "more than that")
}

func roughly(took string) string {
	d, err := time.ParseDuration(took)
	if err != nil {
		return ""
	}
	return after(d)
}

// after says how long it took, as far as that is the same each time; nothing if it was no wait.
func after(d time.Duration) string {
	const half = time.Second / 2
	switch {
	case d < half*3/5:
		return ""
	case d < 3*time.Second:
		return fmt.Sprintf(" after %g s", d.Round(half).Seconds())
	}
	return fmt.Sprintf(" after %d s", int(d.Round(time.Second)/time.Second))
}

// short are the reasons not to test something, by what the engine says of it.
var short = []struct{ says, why string }{
	{"needs several exchanges", "it is run once for each exchange, and the case needs several"},
	{"needs a client in this process", "to cancel a process is to kill it"},
	{"declares no total deadline", "it promises no total deadline"},
	{"declares no idle deadline", "it promises no idle deadline"},
	{"accept gzip", "it does not ask for gzip"},
	{"follow redirects", "it does not follow redirects by itself"},
	{"than can be said by", "its requests, or what it takes, are shorter than the case needs"},
	{"connections at once", "it serves fewer at once than the case needs"},
	{"keeps no connection", "it closes behind each reply, and says so"},
	{"never fired: stall, upstream, after 65536", "it asked first, and then did not send what the fault strikes (Expect: 100-continue)"},
	{"never fired", "its requests, or what it takes, are shorter than the case needs"},
}

func inShort(reason string) string {
	for _, s := range short {
		if strings.Contains(reason, s.says) {
			return s.why
		}
	}
	return reason
}

func some(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprint(n)
}

func code(names []string) string {
	return "`" + strings.Join(names, "`, `") + "`"
}
