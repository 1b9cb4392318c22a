package suites_test

import (
	"context"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/faultwire/faultwire/reports"
	"github.com/faultwire/faultwire/suites"
	"github.com/faultwire/faultwire/targets/reference"
)

// An exchange's time is the sum of its parts, and the part that a fault stretches is the longest.
func TestTimesAddUp(t *testing.T) {
	longest := map[string]func(reports.Times) time.Duration{
		"tcp.timeout.stall-before-reply": func(t reports.Times) time.Duration { return t.Wait },
		"tcp.timeout.latency-just-below": func(t reports.Times) time.Duration { return t.Wait },
		"tcp.bandwidth.slow-link":        func(t reports.Times) time.Duration { return t.Receive },
		"tcp.connect.black-hole":         func(t reports.Times) time.Duration { return t.Connect },
	}
	g := NewWithT(t)
	var patterns []string
	for id := range longest {
		patterns = append(patterns, id)
	}
	e, err := suites.New(suites.Options{Targets: reference.Targets(1), Patterns: patterns, Seed: 1})
	g.Expect(err).NotTo(HaveOccurred())
	defer e.Close()
	told := 0
	for _, r := range e.Run(context.Background(), nil).Results {
		if r.Times == nil {
			continue
		}
		told++
		g.Expect(r.Times.Total()).To(Equal(r.Elapsed), r.Case.ID)
		if strings.HasSuffix(r.Target, "-client") {
			part := longest[r.Case.ID](*r.Times)
			g.Expect(2*part).To(BeNumerically(">", r.Elapsed), "%s: %s", r.Case.ID, r.Times)
		}
	}
	g.Expect(told).To(BeNumerically(">=", 6))
}
