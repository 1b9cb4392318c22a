package main

import (
	"context"
	"fmt"
	"time"

	"github.com/faultwire/faultwire/proxy"
)

// bandwidth measures how exact and how even a cap is. Its rate is in KB/s.
func bandwidth(rate int64) measure {
	title := fmt.Sprintf("bandwidth %d KB/s: ", rate)
	return measure{
		name: "bandwidth",
		about: "the server sends as much as it can through a downstream cap (a KB is 1000 bytes); the client's rate from its " +
			"first read to the first one at least 2 s later, the longest time between two of its reads, and the time from the " +
			"connect to the first.",
		on: faulty,
		figures: []figure{
			{name: title + "error, %", goals: []bound{{"", 1}}},
			{name: title + "longest gap, ms", goals: []bound{{"", 100}}},
			{name: title + "first byte, ms"},
		},
		take: func(ctx context.Context, s system) ([]float64, error) {
			p, err := s.reach(ctx, pour, proxy.Bandwidth(rate))
			if err != nil {
				return nil, err
			}
			defer p.close()
			began := time.Now()
			c, err := p.dial(ctx)
			if err != nil {
				return nil, err
			}
			defer c.Close()
			r, err := receive(c, func(r receipt) bool { return r.last.Sub(r.first) >= 2*time.Second })
			if err != nil {
				return nil, err
			}
			want := float64(rate) * 1000
			return []float64{(r.rate() - want) / want * 100, millis(r.gap), millis(r.first.Sub(began))}, nil
		},
	}
}
