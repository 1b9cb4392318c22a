package targets

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"
)

func TestLongestWait(t *testing.T) {
	g := NewWithT(t)
	began := time.Now()
	at := func(ms int) time.Time { return began.Add(time.Duration(ms) * time.Millisecond) }
	looks := []look{
		{at(0), map[int]time.Duration{1: 70, 2: 10}},
		{at(20), map[int]time.Duration{1: 75, 2: 10}},
		{at(40), map[int]time.Duration{1: 78, 2: 11, 3: 6}},
		{at(60), map[int]time.Duration{2: 12, 3: 9}},
	}
	g.Expect(longest(looks, began)).To(Equal(time.Duration(9)), "the third, which was not there at first")
	g.Expect(longest(looks, at(30))).To(Equal(time.Duration(9)))
	g.Expect(longest(looks[:3], began)).To(Equal(time.Duration(8)), "the first, but for what it had waited before")
	g.Expect(longest(looks[:3], at(50))).To(BeZero(), "nothing since")
	g.Expect(longest(nil, began)).To(BeZero())
}

// A program's children count, too: it may be a shell's line.
func TestWhoWaitsForAProcessor(t *testing.T) {
	noLeaks(t)
	g := NewWithT(t)
	p, err := (&Command{Args: []string{"sh", "-c", "sleep 60 & wait"}}).start(values{}, streams{stdout: newLog()})
	g.Expect(err).NotTo(HaveOccurred())
	g.Eventually(func() int { return len(p.waiting()) }).WithTimeout(10 * time.Second).WithPolling(time.Millisecond).Should(Equal(2))
	stop := p.starved(true)
	p.kill()
	g.Expect(stop()(p.begun)).To(BeNumerically(">=", 0))
	g.Expect(p.waiting()).To(BeNil(), "it has ended")
}
