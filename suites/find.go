package suites

import (
	"fmt"
	"slices"
	"strings"

	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/proxy"
	"github.com/faultwire/faultwire/reports"
	"github.com/faultwire/faultwire/suites/cases"
	"github.com/faultwire/faultwire/targets"
)

// A find is a schedule that broke a promise.
type find struct {
	schedule schedule
	number   int
	outcome  fixtures.Outcome
	broken   *cases.Broken
	unsteady bool   // it did not break the same promise by the same outcome each time, and is not shrunk
	differs  string // in what two runs of the schedule first differed; empty if in nothing

	result reports.Result // over real sockets: what a report has of it
}

// same reports whether the other is the same failure: the same promise, broken by the same outcome.
func (f *find) same(other *find) bool {
	return other != nil && other.broken.Promise == f.broken.Promise && other.outcome == f.outcome
}

// String is what broke, and what it takes.
func (f *find) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "promise   %s\nexpected  %s\nseen      %s\n", f.broken.Promise, f.broken.Expected, f.broken.Seen)
	if f.unsteady {
		fmt.Fprintf(&b, "unsteady  not %d times out of %d: in one instant the client does two things at once, and their order decides\n", agreement, agreement)
	}
	if f.differs != "" {
		fmt.Fprintf(&b, "differs   %s\n", f.differs)
	}
	for _, line := range f.schedule.lines() {
		b.WriteString(line + "\n")
	}
	return b.String()
}

// lines are the schedule, a thing a line.
func (s schedule) lines() (all []string) {
	for i, m := range s.Messages {
		said := fmt.Sprintf("message   %d of %d bytes", i+1, m.Size)
		if m.Kind != fixtures.Random {
			said += ", " + kinds[m.Kind]
		}
		switch {
		case s.Session && s.target.Role == targets.ServerRole:
			said += ", answered before the next"
		case s.Session:
			said += ", an exchange of its own"
		}
		all = append(all, said)
	}
	if s.target.Role == targets.ClientRole {
		all = append(all, s.told()...)
	}
	if len(s.Plan.Faults) == 0 {
		return append(all, "no fault at all")
	}
	for _, fault := range s.Plan.Faults {
		all = append(all, "fault     "+fault.String())
	}
	return all
}

// kin is the case of the catalogue whose faults are of the same types and streams, for what it says of why and how to mend it; nil if
// there is none.
func kin(s schedule) *cases.Case {
	if len(s.Plan.Faults) == 0 {
		return nil
	}
	types := func(faults []proxy.Fault) (all []string) {
		for _, f := range relative(faults, s.target.Role) {
			all = append(all, f.Type+" "+string(f.Stream))
		}
		slices.Sort(all)
		return all
	}
	want := types(s.Plan.Faults)
	for _, c := range cases.All() {
		if applies(c, s.target) && slices.Equal(types(c.Faults(effective(s.target.Promises, 1), s.target)), want) {
			return &c
		}
	}
	return nil
}
