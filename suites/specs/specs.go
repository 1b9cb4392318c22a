// Package specs is the Ginkgo face of the catalogue: a spec for every pair of a case and a target.
//
// [Describe] adds the specs of a target to a suite of your own; [Run] is a whole suite, for a test package that has nothing
// else. The text of a spec is the target's name, the case's ID and its title, so that --focus finds it by any of these, and
// its labels select it:
//
//	ginkgo --label-filter 'role:client && level:must'
//	ginkgo --label-filter 'id:tcp.timeout.stall-mid-message[at=512]'
//
// They are id, level, role and theme, target, and those that the target brings itself. The place of a spec is the source
// of its case: --focus-file 'timeout/stall.go' selects, too.
//
// A requirement not kept fails its spec and tells the whole story; so does an error of the harness, which begins with
// "harness error:" and says nothing about the target. A SHOULD not kept passes with a report entry, a known failure and what
// could not be tested are skipped with the reason. If a target does not even do a plain exchange, with no fault on the wire,
// the first of its specs fails for all, whichever it is, and the others are skipped.
//
// Specs run one after the other but mostly wait, so their pairs run ahead, together; the times that Ginkgo reports are those of
// waiting. With -p no pair runs ahead: each spec runs its own.
package specs

import (
	"testing"

	"github.com/onsi/ginkgo/v2"

	"github.com/faultwire/faultwire/suites"
	"github.com/faultwire/faultwire/suites/cases"
	"github.com/faultwire/faultwire/targets"
)

// An Option narrows what [Describe] adds.
type Option func(*suites.Options)

// Theme selects the cases of one theme, such as "timeout". Given together, themes and cases add up.
func Theme(name string) Option { return Cases(cases.ThemePattern(name)) }

// Cases selects cases by their IDs or by patterns: * stands for anything within a segment, ** across segments.
func Cases(patterns ...string) Option {
	return func(o *suites.Options) { o.Patterns = append(o.Patterns, patterns...) }
}

// Run runs the catalogue, but for its long cases, against the targets as the Ginkgo suite of that name. Like RunSpecs, it can run once in a
// process.
func Run(t *testing.T, name string, under ...targets.Target) {
	t.Helper()
	run(t, name, suites.Options{Targets: under})
}

func run(t *testing.T, name string, o suites.Options) {
	t.Helper()
	p, err := newPlan(o)
	if err != nil {
		t.Fatal(err)
	}
	defer p.close()
	for i := range o.Targets {
		container(&o.Targets[i], func() { p.grow(&o.Targets[i]) })
	}
	ginkgo.RunSpecs(t, name)
}

// Describe adds a container with the target's specs to a Ginkgo suite, at its top level or within another container. Without
// options they are the whole catalogue's. Like Ginkgo's Describe it returns true, to be called where a variable is declared:
//
//	var _ = specs.Describe(myClient, specs.Theme("timeout"))
//
// A mistake in the target or the options ends the suite before it begins, for a filter could hide a failing spec.
func Describe(target targets.Target, options ...Option) bool {
	ginkgo.GinkgoHelper()
	return container(&target, func() {
		o := suites.Options{Targets: []targets.Target{target}}
		for _, option := range options {
			option(&o)
		}
		p, err := newPlan(o)
		if err != nil {
			panic(err)
		}
		p.grow(&target)
		p.closeAfterAll()
	})
}
