package reports_test

import (
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/faultwire/faultwire/reports"
)

// once is a run of a server that serves once: whatever is tested, the same is wrong, and most cases are about something else.
func once() *reports.Run {
	died := &reports.Finding{Promise: "recover and contain", Expected: "the server goes on", Seen: "its process " +
		"ended", Advice: "accept() belongs in a loop"}
	run := &reports.Run{Tool: "faultwire 1", Seed: 1, Scale: 1, Targets: []reports.Target{{Name: "once", Role: "server"}, {Name: "idle", Role: "server"}}}
	add := func(id, level, clause string, finding *reports.Finding) {
		run.Results = append(run.Results, reports.Result{Target: "once", Verdict: reports.Fail, Finding: finding,
			Case: reports.Case{ID: id, Title: "title of " + id, Theme: "t", Level: level, Clause: clause, Why: "why " +
				"" + id, Fix: "fix " + id}})
	}
	add("tcp.t.slow", "must", "say what happened: slowly", died)
	add("tcp.t.crowd", "should", "recover and contain: many", died)
	add("tcp.t.next[at=1]", "must", "recover and contain: one after the other", died)
	add("tcp.t.next[at=2]", "must", "recover and contain: one after the other", died)
	add("tcp.t.other", "must", "never lie", &reports.Finding{Promise: "never lie", Expected: "1", Seen: "2"})
	add("tcp.t.other[x=1]", "must", "never lie", &reports.Finding{Promise: "never hang", Expected: "an end", Seen: "none"})
	return run
}

// What is alike is told once, by the case that is about it, where the first of them stands.
func TestFailuresThatAreAlikeAreToldOnce(t *testing.T) {
	g := NewWithT(t)
	said := summary(t, once(), reports.Look{Width: 120})
	g.Expect(strings.Count(said, "FAIL  ")).To(Equal(3))
	g.Expect(said).To(And(
		HavePrefix("FAIL  once  tcp.t.next[at=1]\n"),
		ContainSubstring("Likewise   3 more: tcp.t.slow, tcp.t.crowd, tcp.t.next[at=2]\n"),
		Not(ContainSubstring("fix tcp.t.slow")),
		ContainSubstring("FAIL  once  tcp.t.other\n"), ContainSubstring("FAIL  once  tcp.t.other[x=1]\n"), // another promise
		ContainSubstring("Nonconformant: 6 requirements not kept, in 3 ways.\n"),
		ContainSubstring("fix the first failure above, tcp.t.next[at=1], then"),
		ContainSubstring("idle    no case in this run\n"),
	))
	g.Expect(once().Exit()).To(Equal(reports.ExitNonconformant))

	document := page(t, once())
	g.Expect(document).To(And(
		ContainSubstring("6 requirements not kept, in 3 ways."),
		ContainSubstring(`<li><b>4</b> accept() belongs in a loop</li>`),
		MatchRegexp(`<b>Next</b> Fix the first failure, .* <a href="#(c\d+t0)"><code>tcp.t.next\[at=1\]</code></a>`)))

	var markdown strings.Builder
	g.Expect(once().WriteMarkdown(&markdown)).To(Succeed())
	g.Expect(markdown.String()).To(And(ContainSubstring("### Failures (6)"), ContainSubstring("- and 3 more like it: "+
		"`tcp.t.slow, tcp.t.crowd, tcp.t.next[at=2]`")))
	g.Expect(strings.Count(markdown.String(), "\n#### ")).To(Equal(3))
	g.Expect(document).To(ContainSubstring("no case in this run"))
	g.Expect(markdown.String()).To(ContainSubstring("| `idle` | – | – |"))
}

// Reasons that differ in a number, or in the fault that did not strike, are one.
func TestReasonsThatAreAlikeAreCountedOnce(t *testing.T) {
	g := NewWithT(t)
	run := once()
	run.Results = nil
	for id, reason := range map[string]string{
		"tcp.a": "needs a message of 4097 bytes", "tcp.b": "needs a message of 4097 bytes", "tcp.c": "blocked",
		"tcp.d": "never fired: slice at 3 bytes, downstream; the client sent 1", "tcp.e": "never fired: stall; the client sent 22",
	} {
		run.Results = append(run.Results, reports.Result{Target: "once", Verdict: reports.Skip, Reason: reason, Case: reports.Case{ID: id}})
	}
	g.Expect(summary(t, run, reports.Look{Width: 120})).To(And(
		ContainSubstring("    2  needs a message of 4097 bytes\n"), ContainSubstring("    1  blocked (tcp.c)\n"),
		MatchRegexp(`    2  never fired: .*; the client sent \d+, and the like\n`)))
}

// A target that could not be tried, such as a server that listens elsewhere, is to be mended, not to be run again.
func TestATargetThatCouldNotBeTried(t *testing.T) {
	g := NewWithT(t)
	run := sound()
	run.SelfTest = false
	run.Targets[0].Control.Verdict, run.Targets[0].Control.Reason = reports.Error, "it listens elsewhere"
	run.Results[0].Verdict, run.Results[0].Reason = reports.Skip, "blocked: the control exchange failed"
	g.Expect(summary(t, run, reports.Look{})).To(And(
		ContainSubstring("Incomplete: 1 target could not be tried.\n"), ContainSubstring("Next: make the plain exchange "+
			"work"), Not(ContainSubstring("of Faultwire or this machine"))))
	g.Expect(page(t, run)).To(And(ContainSubstring("1 target could not be tried."), ContainSubstring("Make the plain exchange work")))
	g.Expect(run.Exit()).To(Equal(reports.ExitError))
}
