package specs

import (
	"testing"

	"github.com/onsi/ginkgo/v2"
	"github.com/onsi/ginkgo/v2/types"

	"github.com/faultwire/faultwire/reports"
	"github.com/faultwire/faultwire/suites"
	"github.com/faultwire/faultwire/suites/cases"
	"github.com/faultwire/faultwire/targets"
)

// VirtualIt is [Describe] in virtual time: it adds a container with a spec for each of the target's cases, which runs in a bubble of
// testing/synctest, on a network in memory, so that none of the catalogue's deadlines is waited for. What a target must be like for that
// [suites.RunVirtual] says.
//
// A bubble needs the suite's *testing.T, which Ginkgo's T is not. So it is called in the test function, before RunSpecs:
//
//	func TestClient(t *testing.T) {
//		gomega.RegisterFailHandler(ginkgo.Fail)
//		specs.VirtualIt(t, myClient, specs.Theme("timeout"))
//		ginkgo.RunSpecs(t, "client")
//	}
//
// The specs have the texts, the places and the labels of Describe's, and one label more, "virtual". Of the options only patterns count:
// [Theme] and [Cases]. A mistake in the target or the options ends the test.
func VirtualIt(t *testing.T, target targets.Target, options ...Option) bool {
	t.Helper()
	var o suites.Options
	for _, option := range options {
		option(&o)
	}
	v, err := suites.NewVirtual(target, o.Patterns...)
	if err != nil {
		t.Fatal(err)
	}
	blamed := false
	return ginkgo.Describe(target.Name, ginkgo.Label("virtual"), func() {
		for _, pair := range v.Pairs() {
			c := pair.Case
			ginkgo.It(c.ID+" "+c.Title, labels(c, &target), types.CodeLocation{FileName: c.File, LineNumber: c.Line}, func() {
				if control := v.Control(t); control.Verdict != reports.Pass && !blamed {
					blamed = true
					blame(control)
				}
				conclude(v.Result(t, pair))
			})
		}
	})
}

// labels are those of a case's spec.
func labels(c cases.Case, t *targets.Target) ginkgo.Labels {
	return append(ginkgo.Label("id:"+c.ID, "level:"+string(c.Level), "role:"+string(t.Role), "theme:"+c.Theme(), "target:"+t.Name), t.Labels...)
}
