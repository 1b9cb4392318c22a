package main

import (
	"context"
	"time"

	"github.com/faultwire/faultwire/proxy"
)

var toxics = measure{
	name: "toxics",
	about: "throughput as above through an upstream latency of 1 ms; the echo on one CPU as above through a latency of 0 " +
		"in both directions, which is what a chain costs that does nothing.",
	on: faulty,
	figures: []figure{
		{name: "throughput through latency 1 ms, MB/s", more: true},
		{name: "echo on one CPU through latency 0 p50, µs"},
		{name: "echo on one CPU through latency 0 p99, µs"},
	},
	take: func(ctx context.Context, s system) ([]float64, error) {
		rate, err := throughputOf(ctx, s, proxy.Latency(time.Millisecond, 0).On(proxy.Upstream))
		if err != nil {
			return nil, err
		}
		var trips []time.Duration
		err = onOneCPU(func() (err error) {
			trips, err = echoesThrough(ctx, s, proxy.Latency(0, 0), proxy.Latency(0, 0).On(proxy.Upstream))
			return err
		})
		if err != nil {
			return nil, err
		}
		return append([]float64{rate}, halfAndMost(trips)...), nil
	},
}
