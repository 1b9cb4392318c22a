package specs

import (
	"context"
	"os"

	"github.com/onsi/ginkgo/v2"

	"github.com/faultwire/faultwire/reports"
	"github.com/faultwire/faultwire/suites"
	"github.com/faultwire/faultwire/targets"
)

// judge is the body of a pair's spec.
func (p *plan) judge(ctx context.Context, pair suites.Pair) {
	p.begin(pair)
	// The context is done before the spec's end only if the run was interrupted or its time is up: all must end.
	defer context.AfterFunc(ctx, p.cancel)()
	result := p.engine.Result(ctx, pair)
	if control := p.engine.Control(ctx, pair.Target.Name); control.Verdict != reports.Pass && control.Verdict != reports.Skip {
		p.blame(control)
	}
	conclude(result)
}

// blame fails the first spec of a target that does not work even without faults. It is no spec of its own, for a filter
// could leave that out, and a target that does not work at all would pass: all skipped.
func (p *plan) blame(control reports.Result) {
	if p.blamed[control.Target] {
		return
	}
	p.blamed[control.Target] = true
	blame(control)
}

func blame(control reports.Result) {
	if control.Verdict == reports.Error {
		ginkgo.Fail("harness error: the plain exchange, with no fault on the wire, could not be tried; no case can be tested\n" + control.Text())
	}
	ginkgo.Fail("the plain exchange fails, with no fault on the wire; make it work first: no case can be tested\n" + control.Text())
}

// conclude is the verdict in Ginkgo's terms.
func conclude(r reports.Result) {
	switch r.Verdict {
	case reports.Fail:
		ginkgo.Fail(r.Text())
	case reports.Error:
		ginkgo.Fail("harness error: this says nothing about the target\n" + r.Text())
	case reports.Skip:
		ginkgo.Skip(r.Reason)
	case reports.XFail:
		ginkgo.Skip("known failure: " + r.Reason)
	case reports.Warn:
		ginkgo.AddReportEntry("warning", r.Text())
	default:
		if r.Note != "" {
			ginkgo.AddReportEntry("note", r.Note, ginkgo.ReportEntryVisibilityFailureOrVerbose)
		}
	}
}

// replay is the line that runs the pair alone, wherever it is typed: Ginkgo runs a suite in its own folder, so that is where
// this process is.
func replay(p suites.Pair, _ uint64) string {
	filter := "target:" + p.Target.Name
	if p.Case.Theme() != "" { // the control has no spec of its own, nor a theme: any of the target's runs it
		filter += " && id:" + p.Case.ID
	}
	folder, err := os.Getwd()
	if err != nil {
		folder = "."
	}
	return targets.JoinCommand([]string{"ginkgo", "--label-filter", filter, folder})
}
