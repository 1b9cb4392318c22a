package suites

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	. "github.com/onsi/gomega"

	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/proxy"
	"github.com/faultwire/faultwire/reports"
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

func hunted(t targets.Target) bool { return t.Role == targets.ClientRole && notVirtual(t) == "" }

func TestHuntFindsNothingInSoundClients(t *testing.T) {
	for _, target := range reference.Targets(1) {
		if hunted(target) {
			t.Run(target.Name, func(t *testing.T) {
				schedules, began := huntSchedules(t, 500), time.Now()
				Hunt(t, target, schedules, 1)
				t.Logf("%.0f schedules a second", float64(schedules)/time.Since(began).Seconds())
			})
		}
	}
}

// A hunt knows no case, and still finds what nine in ten of the mutants do wrong, and shows it with two faults at most.
func TestHuntFindsMutants(t *testing.T) {
	found, all := 0, 0
	var table strings.Builder
	for _, m := range mutants.All() {
		if !hunted(m.Target) {
			continue
		}
		t.Run(m.Target.Name, func(t *testing.T) {
			all++
			f := huntVirtually(t, m.Target, huntSchedules(t, 2000), 1)
			if f == nil {
				fmt.Fprintf(&table, "%-38s not found\n", m.Target.Name)
				return
			}
			t.Logf("found by schedule %d:\n%s", f.number, f)
			fmt.Fprintf(&table, "%-38s schedule %4d, %d faults, %s", m.Target.Name, f.number, len(f.schedule.Plan.Faults), f.broken.Promise)
			if f.unsteady { // nobody could be shown it
				table.WriteString(", unsteady")
			} else {
				found++
			}
			table.WriteString("\n")
			NewWithT(t).Expect(len(f.schedule.Plan.Faults)).To(BeNumerically("<=", 2), "faults, once shrunk")
		})
	}
	t.Logf("%d of %d found\n%s", found, all, table.String())
	NewWithT(t).Expect(float64(found)/float64(all)).To(BeNumerically(">=", 0.9), fmt.Sprintf("%d of %d", found, all))
}

// accounts are those of the schedules of a seed, each run once.
func accounts(t *testing.T, target targets.Target, schedules int, seed uint64) (all [][]string) {
	o := Options{Targets: []targets.Target{target}, Seed: seed}
	for from := 0; from < schedules; from += inOneBubble {
		synctest.Test(t, func(t *testing.T) {
			NewWithT(t).Expect(inVirtualTime(o, func(e *Engine) {
				b := e.benches[target.Name]
				e.trust(target.Name, reports.Result{Verdict: reports.Pass})
				deck := newDeck(b.target, e.options.Scale, seed)
				for n := from; n < min(schedules, from+inOneBubble); n++ {
					o, _ := e.try(t.Context(), b, deck.draw(n))
					all = append(all, account(o))
				}
			})).To(Succeed())
		})
	}
	return all
}

// Whatever the wire does, and the client, happens again to the microsecond.
func TestSchedulesRunAlike(t *testing.T) {
	schedules := huntSchedules(t, 60)
	for _, target := range reference.Targets(1) {
		if !hunted(target) {
			continue
		}
		t.Run(target.Name, func(t *testing.T) {
			for seed := range uint64(3) {
				one, other := accounts(t, target, schedules, seed), accounts(t, target, schedules, seed)
				for n := range one {
					if differs := divergence(one[n], other[n]); differs != "" {
						t.Errorf("schedule %d of seed %d: %s\n%v", n, seed, differs, newDeck(&target, 1, seed).draw(n).Plan.Faults)
					}
				}
			}
		})
	}
}

// A thousand runs of one plan have one decision log, and one of everything else.
func TestThousandRunsOfOnePlan(t *testing.T) {
	g := NewWithT(t)
	target := reference.Targets(1)[0]
	s := schedule{target: &target, Messages: []fixtures.Message{{Size: 20_000}}, Plan: proxy.Plan{Seed: 3, Faults: []proxy.Fault{
		proxy.Latency(20*time.Millisecond, 10*time.Millisecond).TowardsTarget(),
		proxy.Slicer(1460, 500, time.Millisecond).FromTarget(),
		proxy.ResetPeer().After(19_000).TowardsTarget(),
	}}}
	var first []string
	for range 10 {
		synctest.Test(t, func(t *testing.T) {
			g.Expect(inVirtualTime(Options{Targets: []targets.Target{target}, Seed: 1}, func(e *Engine) {
				e.trust(target.Name, reports.Result{Verdict: reports.Pass})
				for range 100 {
					o, _ := e.try(t.Context(), e.benches[target.Name], s)
					if first == nil {
						first = account(o)
						g.Expect(o.Trace.Conns[0].Decisions).NotTo(BeEmpty())
						g.Expect(o.Outcome).To(Equal(fixtures.Reset))
					}
					g.Expect(divergence(first, account(o))).To(BeEmpty())
				}
			})).To(Succeed())
		})
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
