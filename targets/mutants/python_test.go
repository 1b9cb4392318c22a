package mutants_test

import (
	"os/exec"
	"slices"
	"sync"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/faultwire/faultwire/reports"
	"github.com/faultwire/faultwire/suites"
	"github.com/faultwire/faultwire/targets"
	"github.com/faultwire/faultwire/targets/mutants"
)

// needsPython skips what cannot run without an interpreter.
func needsPython(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("python3"); err != nil {
		t.Skip("python3 is not in PATH: ", err)
	}
}

// No defect of a program shows in a plain exchange, nor do the programs without one fail it.
func TestPythonPlainExchange(t *testing.T) {
	needsPython(t)
	g := NewWithT(t)
	dir := t.TempDir()
	all, err := mutants.SoundPython(dir)
	g.Expect(err).NotTo(HaveOccurred())
	python, err := mutants.Python(dir)
	g.Expect(err).NotTo(HaveOccurred())
	for _, m := range python {
		all = append(all, m.Target)
	}
	e, err := suites.New(suites.Options{Targets: all, Seed: 1})
	g.Expect(err).NotTo(HaveOccurred())
	defer e.Close()
	controls := make([]reports.Result, len(all))
	var running sync.WaitGroup
	for i, target := range all {
		running.Go(func() { controls[i] = e.Control(t.Context(), target.Name) })
	}
	running.Wait()
	for i, r := range controls {
		if r.Verdict != reports.Pass {
			t.Errorf("%s: %s %s %+v", all[i].Name, r.Verdict, r.Reason, r.Finding)
		}
	}
}

// Every program is caught by each case named for it, for the right promise, and never by an error of ours.
func TestPythonMutantsAreCaught(t *testing.T) {
	needsPython(t)
	g := NewWithT(t)
	python, err := mutants.Python(t.TempDir())
	g.Expect(err).NotTo(HaveOccurred())
	var all []targets.Target
	named := map[string][]mutants.Catch{}
	for _, m := range python {
		all = append(all, m.Target)
		named[m.Name] = m.Caught
	}
	e, err := suites.New(suites.Options{Targets: all, Seed: 1, Full: true})
	g.Expect(err).NotTo(HaveOccurred())
	defer e.Close()
	pairs := slices.DeleteFunc(slices.Clone(e.Pairs()), func(p suites.Pair) bool {
		return !slices.ContainsFunc(named[p.Target.Name], func(c mutants.Catch) bool { return suites.Matches(c.Case, p.Case.ID) })
	})
	e.Begin(t.Context(), pairs)
	met := map[string]bool{} // a name that no case bears would catch nothing, and nobody would notice
	for _, p := range pairs {
		r := e.Result(t.Context(), p)
		for _, c := range named[r.Target] {
			if !suites.Matches(c.Case, r.Case.ID) {
				continue
			}
			met[r.Target+" "+c.Case] = true
			switch {
			case r.Finding == nil:
				t.Errorf("%s: %s does not catch it: %s %s", r.Target, r.Case.ID, r.Verdict, r.Reason)
			case !slices.Contains(c.Promises, r.Finding.Promise):
				t.Errorf("%s: %s catches it for %q, not %q: %s", r.Target, r.Case.ID, r.Finding.Promise, c.Promises, r.Finding.Seen)
			}
		}
	}
	for _, m := range python {
		for _, c := range m.Caught {
			if !met[m.Name+" "+c.Case] {
				t.Errorf("%s: no case is called %s", m.Name, c.Case)
			}
		}
	}
}
