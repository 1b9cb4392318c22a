package suites_test

import (
	"context"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/faultwire/faultwire/reports"
	"github.com/faultwire/faultwire/suites"
	"github.com/faultwire/faultwire/suites/cases"
	"github.com/faultwire/faultwire/targets"
	"github.com/faultwire/faultwire/targets/mutants"
)

// everyMutant is the mutants in Go, and those in Python where there is one.
func everyMutant(t *testing.T) []mutants.Mutant {
	all := mutants.All()
	if err := suites.TwoAddresses(t.Context()); err != nil {
		t.Log("without the mutants that go wrong at a name with two addresses: ", err)
		all = slices.DeleteFunc(all, func(m mutants.Mutant) bool {
			return slices.ContainsFunc(cases.All(), func(c cases.Case) bool { return c.Beside != nil && isNamed(m.Caught, c.ID) })
		})
	}
	if _, err := exec.LookPath("python3"); err != nil {
		t.Log("without the mutants in Python: ", err)
		return all
	}
	python, err := mutants.Python(t.TempDir())
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	return append(all, python...)
}

// isNamed reports whether the case is among those that must catch a mutant.
func isNamed(caught []mutants.Catch, id string) bool {
	return slices.ContainsFunc(caught, func(c mutants.Catch) bool { return suites.Matches(c.Case, id) })
}

// Every mutant is caught by each case named for it, for the right promise, and never by an error of ours.
func TestEveryMutantIsCaught(t *testing.T) {
	g := NewWithT(t)
	var all []targets.Target
	named := map[string][]mutants.Catch{}
	every := everyMutant(t)
	for _, m := range every {
		all = append(all, m.Target)
		named[m.Name] = m.Caught
	}
	e, err := suites.New(suites.Options{Targets: all, Seed: 1, Full: true})
	g.Expect(err).NotTo(HaveOccurred())
	defer e.Close()
	pairs := slices.DeleteFunc(slices.Clone(e.Pairs()), func(p suites.Pair) bool {
		return !isNamed(named[p.Target.Name], p.Case.ID)
	})
	e.Begin(context.Background(), pairs)
	found := map[string]reports.Result{}
	for _, p := range pairs {
		r := e.Result(context.Background(), p)
		found[r.Target+" "+r.Case.ID] = r
		if r.Verdict == reports.Error {
			t.Errorf("%s %s: error: %s", r.Target, r.Case.ID, r.Reason)
		}
	}
	for _, m := range every {
		t.Run(m.Name, func(t *testing.T) {
			for _, c := range m.Caught {
				caught := 0
				for name, r := range found {
					id, mine := strings.CutPrefix(name, m.Target.Name+" ")
					if !mine || !suites.Matches(c.Case, id) {
						continue
					}
					caught++
					switch {
					case r.Finding == nil:
						t.Errorf("%s does not catch it: %s %s", id, r.Verdict, r.Reason)
					case !slices.Contains(c.Promises, r.Finding.Promise):
						t.Errorf("%s catches it for %q, not %q: %s", id, r.Finding.Promise, c.Promises, r.Finding.Seen)
					}
				}
				if caught == 0 {
					t.Errorf("no case is called %s", c.Case)
				}
			}
		})
	}
}

// The mutants without their defects are sound: no case may catch them.
func TestTheMutantsBaseIsSound(t *testing.T) {
	g := NewWithT(t)
	sound := mutants.Sound()
	if _, err := exec.LookPath("python3"); err == nil && os.Getenv("FAULTWIRE_MUTANTS") != "" { // they take a minute
		python, err := mutants.SoundPython(t.TempDir())
		g.Expect(err).NotTo(HaveOccurred())
		sound = append(sound, python...)
	}
	e, err := suites.New(suites.Options{Targets: sound, Seed: 1})
	g.Expect(err).NotTo(HaveOccurred())
	defer e.Close()
	for _, r := range e.Run(context.Background(), nil).Results {
		if r.Verdict != reports.Pass && r.Verdict != reports.Skip {
			t.Errorf("%s %s: %s: %s %+v", r.Target, r.Case.ID, r.Verdict, r.Reason, r.Finding)
		}
	}
}

// A MUST that no mutant is named for is a requirement that nobody has seen fail.
func TestEveryMustIsNamed(t *testing.T) {
	every := everyMutant(t)
	for _, c := range cases.All() {
		if c.Level == cases.Must && !slices.ContainsFunc(every, func(m mutants.Mutant) bool { return named(m, family(c.ID)) }) {
			t.Errorf("%s: no mutant is named for it", c.ID)
		}
	}
}

// named reports whether a member of the family must catch the mutant.
func named(m mutants.Mutant, of string) bool {
	return slices.ContainsFunc(m.Caught, func(c mutants.Catch) bool { return family(strings.TrimSuffix(c.Case, "*")) == of })
}
