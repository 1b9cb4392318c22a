package suites

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/faultwire/faultwire/reports"
	"github.com/faultwire/faultwire/suites/cases"
)

// An UnknownCatalogue is a version that the catalogue never had.
type UnknownCatalogue struct {
	Version string
	Known   []string
}

func (e *UnknownCatalogue) Error() string {
	return fmt.Sprintf("the catalogue has no version %q; there are: %s", e.Version, strings.Join(e.Known, ", "))
}

// CatalogueVersions are the catalogue's versions, the oldest first.
func CatalogueVersions() []string { return versions(cases.All()) }

// versions are those since which there are cases, and the latest.
func versions(all []cases.Case) []string {
	known := []string{cases.Version}
	for _, c := range all {
		known = append(known, c.Since)
	}
	slices.SortFunc(known, compareVersions)
	return slices.Compact(known)
}

// compareVersions compares numbers between dots: 0.10 is newer than 0.9.
func compareVersions(a, b string) int {
	return slices.CompareFunc(strings.Split(a, "."), strings.Split(b, "."), func(a, b string) int {
		m, errA := strconv.Atoi(a)
		n, errB := strconv.Atoi(b)
		if errA != nil || errB != nil {
			return cmp.Compare(a, b)
		}
		return cmp.Compare(m, n)
	})
}

// newer reports whether the case is newer than a version of the catalogue; none is newer than no version.
func newer(c cases.Case, than string) bool { return than != "" && compareVersions(c.Since, than) > 0 }

// New reports whether the case is newer than the catalogue that was asked for: then it only warns.
func (e *Engine) New(c cases.Case) bool { return newer(c, e.options.Catalogue) }

// asOf is the result as the version of the catalogue has it: a requirement that it did not have yet is no reason to fail.
func asOf(version string, r reports.Result, c cases.Case) reports.Result {
	if !newer(c, version) {
		return r
	}
	r.New = true
	if r.Verdict == reports.Fail || r.Verdict == reports.Warn {
		r.Verdict = reports.Warn
		r.Reason = strings.TrimSuffix("new since "+c.Since+"; "+r.Reason, "; ")
	}
	return r
}
