package suites_test

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"

	"github.com/faultwire/faultwire/reports"
	"github.com/faultwire/faultwire/suites"
	"github.com/faultwire/faultwire/suites/cases"
	"github.com/faultwire/faultwire/targets"
	"github.com/faultwire/faultwire/targets/mutants"
)

// A matrix tells which families of cases kill which mutants. A case without an axis is a family of its own.
type matrix struct {
	kills  map[string][]string // mutants, by family
	killed map[string][]string // families, by mutant
	level  map[string]cases.Level
}

func family(id string) string {
	name, _, _ := strings.Cut(id, "[")
	return name
}

func newMatrix(results []reports.Result) matrix {
	m := matrix{map[string][]string{}, map[string][]string{}, map[string]cases.Level{}}
	for _, r := range results {
		f := family(r.Case.ID)
		m.level[f] = cases.Level(r.Case.Level)
		if (r.Verdict == reports.Fail || r.Verdict == reports.Warn) && !slices.Contains(m.kills[f], r.Target) {
			m.kills[f] = append(m.kills[f], r.Target)
			m.killed[r.Target] = append(m.killed[r.Target], f)
		}
	}
	return m
}

// alone are the mutants that only this family kills.
func (m matrix) alone(family string) []string {
	return slices.DeleteFunc(slices.Clone(m.kills[family]), func(mutant string) bool { return len(m.killed[mutant]) > 1 })
}

// print writes the families, those that kill most first, and how many kill each mutant.
func (m matrix) print(w io.Writer) {
	tab := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tab, "FAMILY OF CASES\tLEVEL\tKILLS\tALONE")
	families := slices.SortedFunc(maps.Keys(m.level), func(a, b string) int {
		return cmp.Or(cmp.Compare(len(m.kills[b]), len(m.kills[a])), cmp.Compare(a, b))
	})
	for _, f := range families {
		fmt.Fprintf(tab, "%s\t%s\t%d\t%s\n", f, m.level[f], len(m.kills[f]), strings.Join(m.alone(f), " "))
	}
	fmt.Fprintln(tab, "\t\t\t\nREDUNDANT: all that they kill others kill, too\t\t\t")
	for _, f := range families {
		if len(m.kills[f]) > 0 && len(m.alone(f)) == 0 {
			fmt.Fprintf(tab, "%s\t%s\t\t\n", f, m.level[f])
		}
	}
	fmt.Fprintln(tab, "\t\t\t\nMUTANT\t\tKILLED BY\tFAMILIES")
	for _, mutant := range slices.Sorted(maps.Keys(m.killed)) {
		fmt.Fprintf(tab, "%s\t\t%d\t%s\n", mutant, len(m.killed[mutant]), strings.Join(m.killed[mutant], " "))
	}
	tab.Flush()
}

// TestKillMatrix runs the whole catalogue against every mutant. A mutant that survives is a defect nobody would be told of, and
// a MUST that kills none is a requirement nobody has seen fail. `make mutants` runs it: it takes minutes.
func TestKillMatrix(t *testing.T) {
	if os.Getenv("FAULTWIRE_MUTANTS") == "" {
		t.Skip("FAULTWIRE_MUTANTS is not set")
	}
	var all []targets.Target
	every := everyMutant(t)
	for _, m := range every {
		all = append(all, m.Target)
	}
	e, err := suites.New(suites.Options{Targets: all, Seed: 1, Full: true})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	// What is a process takes minutes for what its like in Go takes seconds for: it meets the cases named for it alone.
	named := map[string][]mutants.Catch{}
	for _, m := range every {
		named[m.Name] = m.Caught
	}
	// And of a large family a few members are enough, with those that are named.
	members := map[string]int{}
	pairs := slices.DeleteFunc(slices.Clone(e.Pairs()), func(p suites.Pair) bool {
		if isNamed(named[p.Target.Name], p.Case.ID) {
			return false
		}
		of := p.Target.Name + " " + family(p.Case.ID)
		members[of]++
		return p.Target.Command != nil || members[of]%5 != 1
	})
	e.Begin(context.Background(), pairs)
	var results []reports.Result
	for _, p := range pairs {
		results = append(results, e.Result(context.Background(), p))
	}
	for _, r := range results {
		if r.Verdict == reports.Error {
			t.Errorf("%s %s: error: %s", r.Target, r.Case.ID, r.Reason)
		}
	}
	m := newMatrix(results)
	m.print(os.Stdout)
	for _, mutant := range every {
		if len(m.killed[mutant.Name]) == 0 && e.Control(context.Background(), mutant.Name).Verdict != reports.Fail { // with no patience, on a busy machine
			t.Errorf("%s survives: it %s", mutant.Name, mutant.Defect)
		}
	}
	for _, f := range slices.Sorted(maps.Keys(m.level)) {
		if m.level[f] == cases.Must && len(m.kills[f]) == 0 {
			t.Errorf("%s is a MUST and kills no mutant", f)
		}
	}
	t.Logf("%d mutants, %d families, %d pairs", len(every), len(m.level), len(results))
}
