package main

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/faultwire/faultwire/proxy"
)

// latency measures how exact an injected latency is.
func latency(d time.Duration) measure {
	ms := millis(d)
	return measure{
		name: "latency",
		about: "64 bytes there and back through a downstream latency, at least 200 times a round, on as many connections as " +
			"take 1 s together. The error is what was measured less what was injected less the median round trip of the same proxy " +
			"without a fault, each after 2 ms of rest, for a machine that waits must be woken in both; p99 is of its magnitude.",
		on: faulty,
		figures: []figure{
			{name: fmt.Sprintf("latency %g ms: mean error, ms", ms)},
			{name: fmt.Sprintf("latency %g ms: p99 error, ms", ms), goals: []bound{{"", 1}, {"toxiproxy", 1}}},
		},
		take: func(ctx context.Context, s system) ([]float64, error) {
			const samples = 200
			bare, err := tripsOver(ctx, s, 1, 50, 2*time.Millisecond)
			if err != nil {
				return nil, err
			}
			conns := max(1, int(samples*d/time.Second))
			trips, err := tripsOver(ctx, s, conns, (samples+conns-1)/conns, 0, proxy.Latency(d, 0))
			if err != nil {
				return nil, err
			}
			least := d + percentile(sorted(bare), 0.5)
			var sum time.Duration
			magnitudes := make([]time.Duration, len(trips))
			for i, t := range trips {
				sum += t - least
				magnitudes[i] = (t - least).Abs()
			}
			return []float64{millis(sum) / float64(len(trips)), millis(percentile(sorted(magnitudes), 0.99))}, nil
		},
	}
}

// tripsOver are the times of n round trips on each of some connections. The first one of each does not count, for with it
// the proxy dials.
func tripsOver(
	ctx context.Context, s system, conns, n int, rest time.Duration, faults ...proxy.Fault,
) ([]time.Duration, error) {
	p, err := s.reach(ctx, echo, faults...)
	if err != nil {
		return nil, err
	}
	defer p.close()
	var (
		mu       sync.Mutex
		trips    []time.Duration
		firstErr error
		clients  sync.WaitGroup
	)
	for i := range conns {
		clients.Go(func() {
			time.Sleep(time.Duration(i) * time.Millisecond) // so that their timers do not fire together
			some, err := warmTrips(ctx, p, n, rest)
			mu.Lock()
			defer mu.Unlock()
			trips = append(trips, some...)
			if firstErr == nil {
				firstErr = err
			}
		})
	}
	clients.Wait()
	return trips, firstErr
}

func warmTrips(ctx context.Context, p *path, n int, rest time.Duration) ([]time.Duration, error) {
	c, err := p.dial(ctx)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	if _, err := roundTrips(c, 1, 0); err != nil {
		return nil, err
	}
	return roundTrips(c, n, rest)
}
