package suites

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/proxy"
	"github.com/faultwire/faultwire/reports"
	"github.com/faultwire/faultwire/suites/cases"
	"github.com/faultwire/faultwire/targets"
	"github.com/faultwire/faultwire/targets/mutants"
	"github.com/faultwire/faultwire/targets/reference"
)

func huntedOf(all []targets.Target) (hunted []targets.Target) {
	for _, t := range all {
		if NotHunted(&t) == "" {
			hunted = append(hunted, t)
		}
	}
	return hunted
}

func mutantNamed(t *testing.T, name string) targets.Target {
	t.Helper()
	for _, m := range mutants.All() {
		if m.Name == name {
			return m.Target
		}
	}
	t.Fatalf("there is no mutant %s", name)
	return targets.Target{}
}

func overSockets(t *testing.T, seed uint64, under ...targets.Target) *Engine {
	t.Helper()
	e, err := New(Options{Targets: under, Seed: seed})
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	t.Cleanup(e.Close)
	return e
}

func TestAHuntOverSocketsFindsNothingInSoundTargets(t *testing.T) {
	e := overSockets(t, 1, huntedOf(reference.Targets(1))...)
	found, hunted, err := e.Hunt(t.Context(), Hunting{Schedules: huntSchedules(t, 8), Broke: func(s string) { t.Log(s) }})
	g := NewWithT(t)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(found).To(BeNil())
	g.Expect(hunted.Schedules).To(BeNumerically(">", 0))
	t.Logf("%+v", hunted)
}

// What is found over sockets is steady and small, and its repro, written and read again, shows it.
func TestAHuntOverSocketsFindsMutants(t *testing.T) {
	for name, promise := range map[string]cases.Promise{
		"client-eof-is-complete":     cases.NeverLie,
		"client-short-buffer":        cases.NeverLie,
		"client-reset-as-timeout":    cases.SayWhat,
		"client-http-short-is-whole": cases.NeverLie,
		"server-short-buffer":        cases.NeverLie,
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			target := mutantNamed(t, name)
			var mu sync.Mutex
			told := 0
			e := overSockets(t, 1, target)
			found, hunted, err := e.Hunt(t.Context(), Hunting{Schedules: 400, Shrink: 5 * time.Second, Told: func(Hunted) { mu.Lock(); told++; mu.Unlock() }})
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(found).NotTo(BeNil(), fmt.Sprintf("%+v", hunted))
			t.Logf("schedule %d, %+v: %s: %v", found.Number, hunted, found.Repro.Promise, found.Lines)
			g.Expect(found.Steady()).To(BeTrue())
			g.Expect(found.Repro.Promise).To(Equal(string(promise)))
			g.Expect(len(found.Repro.Plan.Faults)).To(BeNumerically("<=", 1))
			g.Expect(found.Result.Verdict).To(Equal(reports.Fail))
			g.Expect(told).To(BeNumerically(">=", hunted.Schedules))

			r, err := ParseRepro("repro.yaml", found.Repro.YAML())
			g.Expect(err).NotTo(HaveOccurred())
			again := overSockets(t, r.Seed, target)
			pair, err := again.Replaying(r)
			g.Expect(err).NotTo(HaveOccurred())
			result := again.Result(t.Context(), pair)
			g.Expect(result.Verdict).To(Equal(reports.Fail), result.Reason)
			g.Expect(result.Finding.Promise).To(Equal(r.Promise))
		})
	}
}

// A client that declares no deadline may wait for ever: that is counted, and not found.
func TestAHuntDemandsNoDeadlineThatIsNotDeclared(t *testing.T) {
	g := NewWithT(t)
	target := mutantNamed(t, "client-no-deadlines")
	target.Promises = targets.Target{}.Promises
	e := overSockets(t, 1, target)
	found, hunted, err := e.Hunt(t.Context(), Hunting{Schedules: 16})
	g.Expect(err).NotTo(HaveOccurred())
	if found != nil {
		g.Expect(found.Repro.Promise).NotTo(Equal(string(cases.NeverHang)), "%v", found.Lines)
	}
	g.Expect(hunted.Waited).To(BeNumerically(">", 0))
}

// Nor one for the whole, as long as something comes.
func TestAHuntLetsWhoIsServedWait(t *testing.T) {
	g := NewWithT(t)
	target := reference.Targets(1)[0]
	target.Promises.Total = 0
	slow := schedule{target: &target, Messages: []fixtures.Message{{Size: 65_536}}, Plan: proxy.Plan{Faults: named([]proxy.Fault{proxy.Bandwidth(8).TowardsTarget()})}}
	found, what, err := overSockets(t, 1, target).attempt(t.Context(), slow, 0, false)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(found).To(BeNil())
	g.Expect(what).To(Equal(waited))
}

func TestWhatIsNotHunted(t *testing.T) {
	g := NewWithT(t)
	peer := reference.Targets(1)
	peer = slices.DeleteFunc(peer, func(t targets.Target) bool { return t.Role != targets.PeerRole })
	_, _, err := overSockets(t, 1, peer...).Hunt(t.Context(), Hunting{Schedules: 1})
	g.Expect(err).To(MatchError(ErrNotHunted))
	g.Expect(err).To(MatchError(ContainSubstring("it is a peer")))

	broken := reference.Targets(1)[0]
	broken.Name, broken.Client = "broken", brokenClient{}
	e := overSockets(t, 1, broken)
	_, _, err = e.Hunt(t.Context(), Hunting{Schedules: 1})
	blocked, is := err.(*Blocked)
	g.Expect(is).To(BeTrue(), "%v", err)
	g.Expect(blocked.Control.Verdict).To(Equal(reports.Fail))
}

// A brokenClient does not even do the plain exchange.
type brokenClient struct{}

func (brokenClient) Exchange(context.Context, string, targets.Job) targets.Said {
	return targets.Said{Outcome: fixtures.OK, Received: []byte("hello")}
}

// A case's repro becomes a schedule, if the promises alone find what it found.
func TestACaseIsShrunk(t *testing.T) {
	target := mutantNamed(t, "client-eof-is-complete")
	const id = "tcp.disconnect.fin-mid-message[at=512]"
	e, err := New(Options{Targets: []targets.Target{target}, Seed: 1, Patterns: []string{id}})
	g := NewWithT(t)
	g.Expect(err).NotTo(HaveOccurred())
	defer e.Close()
	result := e.Result(t.Context(), e.Pairs()[0])
	r, err := ParseRepro("repro.yaml", result.Attachments["repro.yaml"])
	g.Expect(err).NotTo(HaveOccurred())
	found, err := e.Shrink(t.Context(), r, Shrinking{Shown: 3, Of: 3, For: time.Minute})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(found).NotTo(BeNil())
	g.Expect(found.Lines).To(Equal([]string{"message   1 of 1 bytes", "fault     close, towards target"}))

	script, err := New(Options{Targets: []targets.Target{target}, Seed: 1, Patterns: []string{"tcp.connect.slow-accept"}})
	g.Expect(err).NotTo(HaveOccurred())
	defer script.Close()
	_, err = script.Shrink(t.Context(), &Repro{Case: "tcp.connect.slow-accept", Role: targets.ClientRole, Protocol: "echo"}, Shrinking{Shown: 1, Of: 1, For: time.Minute})
	var cannot *CannotShrink
	g.Expect(errors.As(err, &cannot)).To(BeTrue(), "%v", err)
}

// A trace holds so many events of a connection, and no more: what rests on the others is not judged.
func TestWhatTheTraceDoesNotHoldIsNotJudged(t *testing.T) {
	g := NewWithT(t)
	o := cases.Observation{Role: targets.ClientRole, Trace: proxy.Trace{Conns: []proxy.ConnTrace{{N: 1}, {N: 2, Dropped: 1}}}}
	g.Expect(untold(o, &cases.Broken{Promise: cases.NeverHang})).To(BeTrue())
	g.Expect(untold(o, &cases.Broken{Promise: cases.NeverLie})).To(BeFalse())
	g.Expect(untold(o, nil)).To(BeFalse())
	o.Trace.Conns[1].Dropped = 0
	g.Expect(untold(o, &cases.Broken{Promise: cases.NeverHang})).To(BeFalse())
}
