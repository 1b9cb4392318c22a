package suites

import (
	"context"
	"flag"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/faultwire/faultwire/reports"
	"github.com/faultwire/faultwire/targets"
)

// RunT runs the cases that apply to the target under plain go test: a subtest for every pair, named by the case's ID.
// Patterns are as in [Options]; without one the whole catalogue runs, but for its long
// cases: one of these is run by its exact ID. The pairs run together, ahead of the subtests that tell
// of them, so that the times go test shows are those of waiting.
//
// A requirement not kept fails its subtest and tells the whole story; so does an error of the harness, which says nothing about
// the target. A SHOULD not kept is logged, a known failure and what could not be tested are skipped with the reason. If the
// target does not even do a plain exchange, with no fault on the wire, that alone is told and no subtest runs.
//
// -run selects as always, with the ID's dots and brackets as in any regular expression:
//
//	go test -run 'TestMyClient/tcp.timeout'
func RunT(t *testing.T, target targets.Target, patterns ...string) {
	t.Helper()
	e, err := New(Options{Targets: []targets.Target{target}, Patterns: patterns, Replay: replayTest(t.Name())})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel() // what was begun in vain ends before Close waits for it

	if len(e.Pairs()) == 0 {
		t.Fatalf("none of the cases asked for is for a %s that speaks %s", target.Role, target.Protocol)
	}
	if control := e.Control(ctx, target.Name); control.Verdict != reports.Pass {
		t.Fatalf("%s\n%s", blockedBy(control, len(e.Pairs())), control.Text())
	}
	e.Begin(ctx, likely(t.Name(), e.Pairs()))
	for _, p := range e.Pairs() {
		t.Run(p.Case.ID, func(t *testing.T) {
			t.Helper()
			tell(t, e.Result(ctx, p))
		})
	}
}

// blockedBy says what a control that did not pass means.
func blockedBy(control reports.Result, cases int) string {
	if control.Verdict == reports.Error {
		return fmt.Sprintf("harness error: the plain exchange, with no fault on the wire, could not be tried; %d cases were not tested", cases)
	}
	return fmt.Sprintf("the plain exchange fails, with no fault on the wire; make it work first: %d cases could not be tested", cases)
}

// tell is the verdict in go test's terms.
func tell(t *testing.T, r reports.Result) {
	t.Helper()
	switch r.Verdict {
	case reports.Fail:
		t.Error("\n" + r.Text())
	case reports.Error:
		t.Errorf("harness error: this says nothing about the target\n%s", r.Text())
	case reports.Skip:
		t.Skip(r.Reason)
	case reports.XFail:
		t.Skipf("known failure: %s", r.Reason)
	case reports.Warn:
		t.Logf("warning\n%s", r.Text())
	default:
		if r.Note != "" {
			t.Log(r.Note)
		}
	}
}

// likely are the pairs whose subtests -run lets through, as far as can be told before they run. It is a guess that only costs
// time: a pair that was not begun runs when its subtest does, and one that was begun in vain is dropped.
func likely(test string, pairs []Pair) []Pair {
	run := flag.Lookup("test.run")
	if run == nil {
		return pairs
	}
	levels := strings.Split(run.Value.String(), "/")
	depth := strings.Count(test, "/") + 1
	if len(levels) <= depth {
		return pairs
	}
	expr, err := regexp.Compile(levels[depth])
	if err != nil {
		return pairs
	}
	var through []Pair
	for _, p := range pairs {
		if expr.MatchString(p.Case.ID) {
			through = append(through, p)
		}
	}
	return through
}

// replayTest makes the line that runs the subtest of a pair alone.
func replayTest(test string) func(Pair, uint64) string {
	exactly := func(name string) string { return "^" + regexp.QuoteMeta(name) + "$" }
	var levels []string
	for _, level := range strings.Split(test, "/") {
		levels = append(levels, exactly(level))
	}
	above := strings.Join(levels, "/")
	return func(p Pair, _ uint64) string {
		if p.Case.ID == controlCase.ID {
			return fmt.Sprintf("go test -run '%s'", above)
		}
		return fmt.Sprintf("go test -run '%s/%s'", above, exactly(p.Case.ID))
	}
}
