package main

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"github.com/faultwire/faultwire/reports"
)

// TestVerdictsAgree runs the catalogue against the reference targets FAULTWIRE_STRESS times and tells every verdict that is
// not the first run's. `make stress` runs it on a machine that is kept busy.
func TestVerdictsAgree(t *testing.T) {
	runs, err := strconv.Atoi(os.Getenv("FAULTWIRE_STRESS"))
	if err != nil {
		t.Skip("FAULTWIRE_STRESS is not set to a number of runs")
	}
	inFolder(t, nil)
	var first map[string]reports.Result
	voided, disturbed := 0, 0
	for i := range runs {
		code, _, stderr := faultwire(t, "run")
		report, err := reports.ReadJSON(filepath.Join(reports.DefaultFolder, "results.json"))
		if err != nil {
			t.Fatal(err, stderr)
		}
		found := map[string]reports.Result{}
		retaken := 0
		for _, r := range report.Results {
			found[r.Target+" "+r.Case.ID] = r
			retaken += r.Retaken
		}
		if voided += retaken; retaken > 0 {
			disturbed++
		}
		t.Logf("run %d of %d: exit %d, %v, %d taken again, in %v, seed %d", i+1, runs, code, report.Count(""), retaken, report.Took, report.Seed)
		if first == nil {
			first = found
		}
		for _, name := range slices.Sorted(maps.Keys(first)) {
			if r := found[name]; r.Verdict != first[name].Verdict || r.Verdict != reports.Pass && r.Verdict != reports.Skip {
				t.Errorf("%s: %s (%s %+v), in the first run %s", name, r.Verdict, r.Reason, r.Finding, first[name].Verdict)
			}
		}
	}
	t.Logf("%d runs: the witness voided %d observations, in %d of them; each was taken again", runs, voided, disturbed)
}
