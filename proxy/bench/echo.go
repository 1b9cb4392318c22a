package main

import (
	"context"
	"io"
	"net"
	"time"

	"github.com/faultwire/faultwire/proxy"
)

var pingPong = measure{
	name: "echo",
	about: "one connection, 64 bytes there and back, 20 000 times. On one CPU: client, server and proxy are pinned to it, " +
		"so that the figure is the path's own cost. Free: the scheduler may put them anywhere; where they end up, and whether " +
		"a CPU must be woken, then counts several times more than what is between them, so no goal is set on it.",
	on: everywhere,
	figures: []figure{
		{name: "echo on one CPU p50, µs", goals: []bound{{"splice", 1.1}}},
		{name: "echo on one CPU p99, µs", goals: []bound{{"splice", 1.1}}},
		{name: "echo, free, p50, µs"},
		{name: "echo, free, p99, µs"},
	},
	take: func(ctx context.Context, s system) ([]float64, error) {
		var pinned []time.Duration
		err := onOneCPU(func() (err error) {
			pinned, err = echoesThrough(ctx, s)
			return err
		})
		if err != nil {
			return nil, err
		}
		free, err := echoesThrough(ctx, s)
		if err != nil {
			return nil, err
		}
		return append(halfAndMost(pinned), halfAndMost(free)...), nil
	},
}

// halfAndMost are the p50 and the p99 of sorted times, in microseconds.
func halfAndMost(sorted []time.Duration) []float64 {
	return []float64{micros(percentile(sorted, 0.5)), micros(percentile(sorted, 0.99))}
}

// echoesThrough are the sorted times of 20 000 round trips on a connection that is warm.
func echoesThrough(ctx context.Context, s system, faults ...proxy.Fault) ([]time.Duration, error) {
	p, err := s.reach(ctx, echo, faults...)
	if err != nil {
		return nil, err
	}
	defer p.close()
	c, err := p.dial(ctx)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	if _, err := roundTrips(c, 1000, 0); err != nil {
		return nil, err
	}
	trips, err := roundTrips(c, 20_000, 0)
	return sorted(trips), err
}

// roundTrips sends 64 bytes and waits for them, n times, each after a rest.
func roundTrips(c net.Conn, n int, rest time.Duration) ([]time.Duration, error) {
	buf := make([]byte, 64)
	took := make([]time.Duration, n)
	for i := range took {
		time.Sleep(rest)
		began := time.Now()
		if _, err := c.Write(buf); err != nil {
			return nil, err
		}
		if _, err := io.ReadFull(c, buf); err != nil {
			return nil, err
		}
		took[i] = time.Since(began)
	}
	return took, nil
}
