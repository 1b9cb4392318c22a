package suites

import (
	"testing"

	. "github.com/onsi/gomega"

	"github.com/faultwire/faultwire/targets/reference"
)

// Whatever a schedule holds, its repro holds: what is drawn and written is read and judged as the same.
func TestAReproHoldsAllOfASchedule(t *testing.T) {
	for _, target := range reference.Targets(1) {
		if NotHunted(&target) != "" {
			continue
		}
		deck := newDeck(&target, 1, 5)
		for n := range 1000 {
			g := NewWithT(t)
			drawn := deck.drawWritten(n)
			drawn.Plan.Seed = 5 // the engine's, from which all that is decided follows
			text := drawn.repro(5, 1).YAML()
			r, err := ParseRepro("r.yaml", text)
			g.Expect(err).NotTo(HaveOccurred(), "schedule %d of %s:\n%s", n, target.Name, text)
			read := r.schedule(&target)
			if drawn.Plan.Faults = relative(drawn.Plan.Faults, target.Role); len(drawn.Plan.Faults) == 0 {
				drawn.Plan.Faults, read.Plan.Faults = nil, nil
			}
			g.Expect(read).To(Equal(drawn), "schedule %d of %s:\n%s", n, target.Name, text)
		}
	}
}
