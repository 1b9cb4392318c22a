package suites

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/proxy"
	"github.com/faultwire/faultwire/suites/cases"
	"github.com/faultwire/faultwire/targets"
)

// If some of many elements are to blame, they are left, and nothing else.
func TestFewest(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		n := 1 + rng.IntN(20)
		blamed := rng.Perm(n)[:rng.IntN(min(n, 3)+1)]
		slices.Sort(blamed)
		left, calls := rng.Perm(n), 0
		slices.Sort(left)
		fewest(left, func(some []int) bool {
			calls++
			if slices.ContainsFunc(blamed, func(b int) bool { return !slices.Contains(some, b) }) {
				return false
			}
			left = some
			return true
		})
		g := NewWithT(t)
		g.Expect(left).To(HaveExactElements(blamed), "of %d", n)
		g.Expect(calls).To(BeNumerically("<=", 4*n*n+10), "of %d", n)
	}
}

func TestLeast(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		high := rng.Int64N(1 << (1 + rng.IntN(40)))
		edge := rng.Int64N(high + 1)
		found, calls := high, 0
		least(0, high, func(v int64) bool {
			calls++
			if v >= edge {
				found = v
			}
			return v >= edge
		})
		g := NewWithT(t)
		g.Expect(found).To(Equal(edge), "below %d", high)
		g.Expect(calls).To(BeNumerically("<=", 60))
	}
}

// shrunkBy shrinks a schedule that breaks a promise wherever broken says so.
func shrunkBy(t *testing.T, s schedule, broken func(schedule) bool) schedule {
	t.Helper()
	s.target = &targets.Target{Name: "t", Role: targets.ClientRole, Protocol: fixtures.EchoProtocol}
	calls := 0
	again := func(s schedule) *find {
		calls++
		if !broken(s) {
			return nil
		}
		return &find{schedule: s, outcome: fixtures.OK, broken: &cases.Broken{Promise: cases.NeverLie}}
	}
	first := again(s)
	NewWithT(t).Expect(first).NotTo(BeNil(), "it does not fail to begin with")
	small := shrink(first, again).schedule
	NewWithT(t).Expect(calls).To(BeNumerically("<", 300))
	t.Logf("%d calls: %v", calls, small.lines())
	return small
}

func onlyFault(s schedule) proxy.Fault {
	if len(s.Plan.Faults) != 1 {
		return proxy.Fault{}
	}
	return s.Plan.Faults[0]
}

func TestShrink(t *testing.T) {
	long := fixtures.Message{Size: 70_000, Kind: fixtures.UTF8, Of: 1}
	noise := proxy.Latency(30*time.Millisecond, 10*time.Millisecond).FromTarget()
	has := func(s schedule, match func(proxy.Fault) bool) bool { return slices.ContainsFunc(s.Plan.Faults, match) }

	t.Run("to no fault at all, and the edge of a buffer", func(t *testing.T) {
		small := shrunkBy(t, schedule{Messages: []fixtures.Message{{Size: 13}, long}, Session: true, Plan: proxy.Plan{Faults: named([]proxy.Fault{noise})}},
			func(s schedule) bool {
				return slices.ContainsFunc(s.Messages, func(m fixtures.Message) bool { return m.Size > 1024 })
			})
		NewWithT(t).Expect(small.Messages).To(Equal([]fixtures.Message{{Size: 1025, Of: 1}}))
		NewWithT(t).Expect(small.Session).To(BeFalse())
		NewWithT(t).Expect(small.Plan.Faults).To(BeEmpty())
	})
	t.Run("to a simpler type, at the least byte, on any connection", func(t *testing.T) {
		cut := proxy.LimitData(4096).TowardsTarget().OnConnection(1)
		small := shrunkBy(t, schedule{Messages: []fixtures.Message{long}, Plan: proxy.Plan{Faults: named([]proxy.Fault{noise, cut, noise})}},
			func(s schedule) bool {
				return has(s, func(f proxy.Fault) bool {
					return f.Type == "limit_data" && f.Attributes["bytes"] >= 37 || f.Type == "close" && f.Trigger != nil && f.Trigger.Byte >= 37
				})
			})
		f := onlyFault(small)
		NewWithT(t).Expect(f.String()).To(Equal("close, towards target, after 37 bytes"))
	})
	t.Run("to a delay a little off the edge", func(t *testing.T) {
		small := shrunkBy(t, schedule{Messages: []fixtures.Message{long}, Plan: proxy.Plan{Faults: named([]proxy.Fault{proxy.StallFor(900 * time.Millisecond).TowardsTarget().After(3)})}},
			func(s schedule) bool {
				return has(s, func(f proxy.Fault) bool { return f.Type == "stall" && f.Until != nil && f.Until.For > 300 })
			})
		f := onlyFault(small)
		NewWithT(t).Expect(f.Until.For).To(BeEquivalentTo(331))
		NewWithT(t).Expect(f.Trigger == nil || f.Trigger.Byte == 0).To(BeTrue(), f.String())
	})
	t.Run("never to what no wire has", func(t *testing.T) {
		shrunkBy(t, schedule{Messages: []fixtures.Message{long}, Plan: proxy.Plan{Faults: named([]proxy.Fault{proxy.Slicer(500, 100, time.Millisecond).TowardsTarget()})}},
			func(s schedule) bool {
				if err := s.Plan.Facing(proxy.ClientSide).Validate(); err != nil {
					t.Errorf("%v: %v", s.lines(), err)
				}
				return len(s.Plan.Faults) > 0
			})
	})
}

// What is drawn may be shrunk: it gets no larger, and ends.
func TestWhatIsDrawnIsShrunk(t *testing.T) {
	target := &targets.Target{Name: "t", Role: targets.ClientRole, Protocol: fixtures.HTTPProtocol}
	deck := newDeck(target, 1, 3)
	for n := range 200 {
		s := deck.drawWritten(n)
		if len(s.Plan.Faults) == 0 {
			continue
		}
		stream := s.Plan.Faults[0].Stream
		small := shrunkBy(t, s, func(s schedule) bool {
			return slices.ContainsFunc(s.Plan.Faults, func(f proxy.Fault) bool { return f.Stream == stream })
		})
		NewWithT(t).Expect(small.Plan.Faults).To(HaveLen(1), "%v", s.lines())
	}
}

// What is sent on is sent to what there is, however few messages are left.
func TestWhatIsSentOnIsShrunk(t *testing.T) {
	chain := []fixtures.Message{{Size: 10}, {Size: 20, Of: 1}, {Size: 30, Of: 2}, {Size: 40, Of: 3}}
	for i := range chain[:3] {
		chain[i].HTTP = fixtures.HTTP{Status: 302, Location: i + 1}
	}
	arrives := func(s schedule) bool {
		for _, m := range s.Messages {
			if m.HTTP.Location >= len(s.Messages) {
				t.Errorf("message %d is sent on to, of %d", m.HTTP.Location+1, len(s.Messages))
			}
		}
		return true
	}
	g := NewWithT(t)
	twice := shrunkBy(t, schedule{Messages: chain}, func(s schedule) bool {
		return arrives(s) && len(s.Messages) > 2 && s.Messages[0].HTTP.Location == 1 && s.Messages[1].HTTP.Location == 2
	})
	g.Expect(twice.Messages).To(HaveLen(3))
	g.Expect(twice.Messages[1].HTTP.Location).To(Equal(2))
	once := shrunkBy(t, schedule{Messages: chain}, arrives)
	g.Expect(once.Messages).To(HaveLen(1))
	g.Expect(once.Messages[0].HTTP).To(BeZero())
}
