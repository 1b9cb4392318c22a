package suites

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/faultwire/faultwire/reports"
	"github.com/faultwire/faultwire/suites/cases"
	"github.com/faultwire/faultwire/targets"
)

func TestKnown(t *testing.T) {
	const id = "tcp.timeout.drip"
	yesterday, tomorrow := time.Now().AddDate(0, 0, -2), time.Now().AddDate(0, 0, 1)
	for _, c := range []struct {
		name   string
		known  map[string]targets.Known
		was    reports.Verdict
		is     reports.Verdict
		reason string
		note   string
	}{
		{"none", nil, reports.Fail, reports.Fail, "", ""},
		{"of another case", map[string]targets.Known{"tcp.connect.refused": {Reason: "x"}}, reports.Fail, reports.Fail, "", ""},
		{"its own", map[string]targets.Known{id: {Reason: "x"}}, reports.Fail, reports.XFail, "x", ""},
		{"a pattern", map[string]targets.Known{"tcp.**": {Reason: "x"}}, reports.Warn, reports.XFail, "x", ""},
		{"its own before a longer pattern", map[string]targets.Known{"tcp.timeout.dri**": {Reason: "y"}, id: {Reason: "x"}}, reports.Fail, reports.XFail, "x", ""},
		{"stale", map[string]targets.Known{id: {Reason: "x"}}, reports.Pass, reports.Fail, "", ""},
		{"a pattern is never stale", map[string]targets.Known{"tcp.timeout.*": {Reason: "x"}}, reports.Pass, reports.Pass, "", ""},
		{"skipped is not stale", map[string]targets.Known{id: {Reason: "x"}}, reports.Skip, reports.Skip, "", ""},
		{"expired", map[string]targets.Known{id: {Reason: "x", Until: yesterday}}, reports.Fail, reports.Fail, "",
			"this was a known failure until " + yesterday.Format(time.DateOnly) + ": x"},
		{"expired is not stale", map[string]targets.Known{id: {Reason: "x", Until: yesterday}}, reports.Pass, reports.Pass, "", ""},
		{"not yet expired", map[string]targets.Known{id: {Reason: "x", Until: tomorrow}}, reports.Fail, reports.XFail, "x", ""},
		{"expired, but there is a pattern", map[string]targets.Known{id: {Reason: "x", Until: yesterday}, "tcp.**": {Reason: "y"}}, reports.Fail, reports.XFail, "y", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := NewWithT(t)
			r := known(reports.Result{Verdict: c.was}, Pair{cases.Case{ID: id}, &targets.Target{KnownFailures: c.known}})
			g.Expect([]any{r.Verdict, r.Reason, r.Note}).To(Equal([]any{c.is, c.reason, c.note}))
			g.Expect(r.Stale()).To(Equal(c.name == "stale"))
		})
	}
	excused := known(reports.Result{Verdict: reports.Fail}, Pair{controlCase, &targets.Target{KnownFailures: map[string]targets.Known{"**": {Reason: "x"}}}})
	NewWithT(t).Expect(excused.Verdict).To(Equal(reports.Fail), "a target that does not work at all has no known failure")
}
