package main

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

var connects = measure{
	name: "connects",
	about: "connect, echo one byte, close; 32 at a time, 4000 in all after 200 to warm up. Each round has ports of its own " +
		"on the listening sides, so that those left in TIME_WAIT are never in the way.",
	on:      everywhere,
	figures: []figure{{name: "connects a second", more: true}},
	take: func(ctx context.Context, s system) ([]float64, error) {
		p, err := s.reach(ctx, echo)
		if err != nil {
			return nil, err
		}
		defer p.close()
		if err := connectMany(ctx, p, 200); err != nil {
			return nil, err
		}
		const n = 4000
		began := time.Now()
		err = connectMany(ctx, p, n)
		return []float64{n / time.Since(began).Seconds()}, err
	},
}

func connectMany(ctx context.Context, p *path, n int64) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var begun atomic.Int64
	var workers sync.WaitGroup
	for range 32 {
		workers.Go(func() {
			for begun.Add(1) <= n && ctx.Err() == nil {
				if err := connectOnce(ctx, p); err != nil {
					cancel(err)
				}
			}
		})
	}
	workers.Wait()
	return context.Cause(ctx)
}

func connectOnce(ctx context.Context, p *path) error {
	c, err := p.dial(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	b := make([]byte, 1)
	if _, err := c.Write(b); err != nil {
		return err
	}
	_, err = c.Read(b)
	return err
}
