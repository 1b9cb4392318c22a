package suites

import (
	"fmt"
	"os"
	"strconv"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/faultwire/faultwire/targets"
	"github.com/faultwire/faultwire/targets/mutants"
	"github.com/faultwire/faultwire/targets/reference"
)

// huntSchedules is how many schedules a target is hunted with.
func huntSchedules(t *testing.T, otherwise int) int {
	text := os.Getenv("FAULTWIRE_HUNT")
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	NewWithT(t).Expect(err).NotTo(HaveOccurred(), "FAULTWIRE_HUNT")
	return n
}

func hunted(t targets.Target) bool { return NotHunted(&t) == "" && notVirtual(t) == "" }

func TestHuntFindsNothingInSoundTargets(t *testing.T) {
	for _, target := range reference.Targets(1) {
		if hunted(target) {
			t.Run(target.Name, func(t *testing.T) { Hunt(t, target, huntSchedules(t, 500), 1) })
		}
	}
}

// A hunt knows no case, and still finds what three in four of the clients among the mutants do wrong, and more than half of the servers; with
// more schedules, more.
func TestHuntFindsMutants(t *testing.T) {
	found, all := map[targets.Role]int{}, map[targets.Role]int{}
	for _, m := range mutants.All() {
		if !hunted(m.Target) {
			continue
		}
		t.Run(m.Target.Name, func(t *testing.T) {
			all[m.Target.Role]++
			f := huntVirtually(t, m.Target, huntSchedules(t, 300), 1)
			if f == nil {
				t.Log("not found")
				return
			}
			t.Logf("found by schedule %d:\n%s", f.number, f)
			if f.unsteady {
				return // which nobody could be shown
			}
			found[m.Target.Role]++
			NewWithT(t).Expect(len(f.schedule.Plan.Faults)).To(BeNumerically("<=", 2), "faults, once shrunk")
		})
	}
	for role, atLeast := range map[targets.Role]float64{targets.ClientRole: 0.7, targets.ServerRole: 0.5} {
		said := fmt.Sprintf("%d of %d %ss found", found[role], all[role], role)
		t.Log(said)
		NewWithT(t).Expect(float64(found[role])/float64(all[role])).To(BeNumerically(">", atLeast), said)
	}
}

// What has been found is found again: a schedule is its seed and its number, and time is not the machine's.
func TestHuntIsDeterministic(t *testing.T) {
	for _, m := range mutants.All() {
		if m.Target.Name != "client-no-read-deadline" {
			continue
		}
		first := huntVirtually(t, m.Target, 100, 7)
		NewWithT(t).Expect(first).NotTo(BeNil())
		for range 5 {
			again := huntVirtually(t, m.Target, 100, 7)
			NewWithT(t).Expect(again).NotTo(BeNil())
			NewWithT(t).Expect(again.String()).To(Equal(first.String()))
			NewWithT(t).Expect(again.number).To(Equal(first.number))
		}
		return
	}
	t.Fatal("there is no such mutant")
}
