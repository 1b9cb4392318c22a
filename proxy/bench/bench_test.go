package main

import (
	"bytes"
	"context"
	"errors"
	"math"
	"os"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/faultwire/faultwire/proxy"
)

// The test's binary plays the proxies' roles, as the command does.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == roleArg {
		if play(os.Args[2:]) != nil {
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

func TestAProxyIsAProcessThatEndsWithItsPath(t *testing.T) {
	for _, s := range []system{splice, faultwire} {
		t.Run(s.name, func(t *testing.T) {
			g := NewWithT(t)
			ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
			defer cancel()
			var faults []proxy.Fault
			if s.name == faultwire.name {
				faults = append(faults, proxy.Latency(20*time.Millisecond, 0))
			}
			p, err := s.reach(ctx, echo, faults...)
			g.Expect(err).NotTo(HaveOccurred())
			trips, err := warmTrips(ctx, p, 1, 0)
			g.Expect(err).NotTo(HaveOccurred())
			if len(faults) > 0 {
				g.Expect(trips[0]).To(BeNumerically(">=", 20*time.Millisecond), "the faults are there")
			}
			g.Expect(p.goroutines()).To(BeNumerically(">", 1))
			p.close()
			g.Expect(p.process.cmd.ProcessState).NotTo(BeNil())
			_, err = p.dial(ctx)
			g.Expect(err).To(HaveOccurred(), "nobody listens any more")
		})
	}
}

func TestThePageHasMediansRatiosOfRoundsAndGoals(t *testing.T) {
	g := NewWithT(t)
	speed := measure{name: "speed", about: "how fast.", figures: []figure{
		{name: "speed, MB/s", more: true, goals: []bound{{"splice", 0.9}, {"toxiproxy", 2}}},
		{name: "error, %", goals: []bound{{"", 1}}},
		{name: "merged", sum: true, goals: []bound{{"", 0}}},
	}}
	r := newResults([]measure{speed})
	for round := range 3 {
		slow := 1 / float64(1+round) // each round is slower than the last one
		r.add(speed, "splice", []float64{1000 * slow, math.NaN(), math.NaN()}, nil)
		r.add(speed, "faultwire", []float64{950 * slow, -1.5, float64(round)}, nil)
	}
	r.add(speed, "toxiproxy", []float64{math.NaN(), math.NaN(), math.NaN()}, errors.New("it broke"))
	var page bytes.Buffer
	writePage(&page, header{Command: "go run ./proxy/bench", Rounds: 3}, r)
	g.Expect(strings.Split(page.String(), "\n")).To(ContainElements(
		"    go run ./proxy/bench",
		"| speed, MB/s | – | 500 | 475 | – | 0.950 (0.950–0.950) | – | "+
			"≥ 0.9 × splice: reached; ≥ 2 × toxiproxy: – |",
		"| error, % | – | – | -1.50 | – | – | – | ≤ 1: **missed** |",
		"| merged | – | – | 3 | – | – | – | ≤ 0: **missed** |",
		"- **speed**: how fast.",
		"- speed, MB/s, toxiproxy: it broke",
	))
}
