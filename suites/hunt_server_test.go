package suites

import (
	"testing"

	. "github.com/onsi/gomega"

	"github.com/faultwire/faultwire/targets"
	"github.com/faultwire/faultwire/targets/mutants"
	"github.com/faultwire/faultwire/targets/reference"
)

func huntedServer(t targets.Target) bool {
	return t.Role == targets.ServerRole && NotHunted(&t) == "" && notVirtual(t) == ""
}

func TestHuntFindsNothingInSoundServers(t *testing.T) {
	for _, target := range reference.Targets(1) {
		if huntedServer(target) {
			t.Run(target.Name, func(t *testing.T) { Hunt(t, target, huntSchedules(t, 500), 1) })
		}
	}
}

// A hunt finds what half of the servers among the mutants do wrong.
func TestHuntFindsServers(t *testing.T) {
	found, all := 0, 0
	for _, m := range mutants.All() {
		if !huntedServer(m.Target) {
			continue
		}
		all++
		if f := huntVirtually(t, m.Target, huntSchedules(t, 300), 1); f != nil && !f.unsteady {
			t.Logf("%s, by schedule %d:\n%s", m.Name, f.number, f)
			found++
		}
	}
	t.Logf("%d of %d found", found, all)
	NewWithT(t).Expect(float64(found)/float64(all)).To(BeNumerically(">", 0.5), "%d of %d", found, all)
}
