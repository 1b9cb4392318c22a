package suites

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/suites/cases"
	"github.com/faultwire/faultwire/targets"
)

// A client that was late because others had the processor is tried again; one that was late by itself, or early, is judged.
func TestWhoWaitedForAProcessor(t *testing.T) {
	read := fixtures.Deadlines{Read: 300 * time.Millisecond}
	atOnce := cases.Case{Level: cases.Must, Timed: true, Expect: cases.And(cases.HaveTimedOut(), cases.HaveTakenAbout(fixtures.ReadDeadline))}
	inSession := atOnce
	inSession.Expect = cases.OnCall(1, atOnce.Expect)
	for name, x := range map[string]struct {
		elapsed, starved int // ms
		void             bool
	}{
		"in time":             {300, 200, false},
		"late for that alone": {700, 300, true},
		"late all the same":   {1000, 200, false},
		"late by itself":      {700, 0, false},
		"too early":           {100, 90, false},
	} {
		g := NewWithT(t)
		took := time.Duration(x.elapsed) * time.Millisecond
		o := cases.Observation{Role: targets.ClientRole, Scale: 1, Declared: read, Timing: effective(read, 1), Speaks: true, Outcome: fixtures.Timeout,
			Elapsed: took, Starved: time.Duration(x.starved) * time.Millisecond, Calls: []cases.Call{{Outcome: fixtures.Timeout, Elapsed: took}}}
		for _, c := range []cases.Case{atOnce, inSession} {
			if late := starved(Pair{Case: c}, o); late > 0 != x.void {
				t.Errorf("%s: %v", name, late)
			}
		}
		g.Expect(o.Calls[0].Elapsed).To(Equal(took), "what is judged stays as it was")
	}
}
