package suites_test

import (
	"context"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/faultwire/faultwire/reports"
	"github.com/faultwire/faultwire/suites"
	"github.com/faultwire/faultwire/targets/reference"
)

// selected are the pairs that the options select.
func selected(t *testing.T, o suites.Options) []suites.Pair {
	t.Helper()
	e, err := suites.New(o)
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	defer e.Close()
	return e.Pairs()
}

// names are those of the pairs that the options select.
func names(t *testing.T, o suites.Options) (all []string) {
	t.Helper()
	for _, p := range selected(t, o) {
		all = append(all, p.Name())
	}
	return all
}

func TestShardsAreAPartition(t *testing.T) {
	g := NewWithT(t)
	under := reference.Targets(1)
	all := names(t, suites.Options{Targets: under})
	var together []string
	for i := range 8 {
		shard := names(t, suites.Options{Targets: under, Shard: suites.Shard{Index: i + 1, Of: 8}})
		g.Expect(len(shard)).To(BeNumerically("~", len(all)/8, len(all)/16), "none is much longer than another")
		together = append(together, shard...)
	}
	g.Expect(together).To(ConsistOf(all))

	// In whatever company a pair is, its shard is the same, today and tomorrow.
	one := suites.Options{Targets: under[:1], Patterns: []string{"tcp.connect.refused"}, Shard: suites.Shard{Index: 2, Of: 4}}
	g.Expect(names(t, one)).To(Equal([]string{"reference-echo-client tcp.connect.refused"}))
}

func TestWhatIsAShard(t *testing.T) {
	g := NewWithT(t)
	var s suites.Shard
	g.Expect(s.String()).To(BeEmpty())
	g.Expect(s.Set("2/8")).To(Succeed())
	g.Expect(s).To(Equal(suites.Shard{Index: 2, Of: 8}))
	for _, wrong := range []string{"", "2", "0/8", "9/8", "-1/8", "2/0", "2/8/3", "two/8"} {
		g.Expect(s.Set(wrong)).To(MatchError(ContainSubstring("is no shard; write which, and of how many, such as 2/8")), wrong)
	}
	g.Expect(s.String()).To(Equal("2/8"))
}

func TestAQuickRunHasSomethingOfEveryTheme(t *testing.T) {
	g := NewWithT(t)
	themes := func(o suites.Options) map[string]bool {
		found := map[string]bool{}
		for _, p := range selected(t, o) {
			found[p.Target.Name+": "+p.Case.Theme()] = true
		}
		return found
	}
	all := suites.Options{Targets: reference.Targets(1), Full: true}
	quick := suites.Options{Targets: all.Targets, Quick: true}
	g.Expect(themes(quick)).To(Equal(themes(all)), "of every theme, for every target")
	g.Expect(len(names(t, quick))).To(BeNumerically("<", len(names(t, all))/2))
	g.Expect(names(t, suites.Options{Targets: reference.Targets(1)[:1], Quick: true, Patterns: []string{"tcp.timeout.stall-mid-message", "tcp.timeout.signals"}})).
		To(HaveExactElements(HaveSuffix("signals"), HaveSuffix("[at=512]")), "and what is asked for by its ID")
}

func TestMaxTime(t *testing.T) {
	g := NewWithT(t)
	under := reference.Targets(1)[:2]
	e, err := suites.New(suites.Options{Targets: under, Patterns: []string{"tcp.timeout.**"}, MaxTime: time.Nanosecond})
	g.Expect(err).NotTo(HaveOccurred())
	defer e.Close()
	run := e.Run(context.Background(), nil)
	for _, r := range run.Results {
		g.Expect(r.Verdict).To(Equal(reports.Skip))
	}
	g.Expect(run.Results).To(ContainElement(HaveField("Reason", reports.NotRun)))
	g.Expect(run.Targets[0].Control).To(BeNil())
	g.Expect(run.Exit()).To(Equal(reports.ExitNoVerdict))
}

func TestTheEstimateGetsShorter(t *testing.T) {
	g := NewWithT(t)
	e, err := suites.New(suites.Options{Targets: reference.Targets(1)[:1]})
	g.Expect(err).NotTo(HaveOccurred())
	defer e.Close()
	left := e.Estimate()
	before := left.Left()
	g.Expect(before).To(BeNumerically("~", 3*time.Second, 2900*time.Millisecond))
	for i, p := range e.Pairs() {
		if i == len(e.Pairs())/2 {
			g.Expect(left.Left()).To(BeNumerically("<", before))
		}
		left.Done(p.Target.Name, p.Case.ID)
	}
	g.Expect(left.Left()).To(BeZero())
}
