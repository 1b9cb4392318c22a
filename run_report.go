package main

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/faultwire/faultwire/reports"
)

var (
	evidences = []string{reports.EvidenceFailures, reports.EvidenceAll}
	junits    = []string{reports.JUnitPlain, reports.JUnitExtended}
)

// checkReport checks what is asked of the report.
func (o *options) checkReport() error {
	for _, f := range []struct {
		name, given string
		known       []string
	}{{"evidence", o.evidence, evidences}, {"junit", o.junit, junits}} {
		if f.given != "" && !slices.Contains(f.known, f.given) {
			return fmt.Errorf("--%s: %q is not known; write %s", f.name, f.given, strings.Join(f.known, " or "))
		}
	}
	return nil
}

// show writes the summary to out. On GitHub Actions it tells them, too.
func (l *look) show(run *reports.Run, out io.Writer, folder string) error {
	summary := func() error { return run.WriteSummary(out, l.at(out, folder)) }
	if os.Getenv("GITHUB_ACTIONS") == "true" {
		return run.OnGitHub(out, os.Getenv("GITHUB_STEP_SUMMARY"), summary)
	}
	return summary()
}
