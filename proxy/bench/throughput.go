package main

import (
	"context"
	"errors"
	"net"
	"time"

	"github.com/faultwire/faultwire/proxy"
)

var throughput = measure{
	name: "throughput",
	about: "one connection, writes of 256 KiB upstream for 1 s; the server's rate from its first read to its last; " +
		"MB is 1 000 000 bytes.",
	on: everywhere,
	figures: []figure{
		{name: "throughput, MB/s", more: true, goals: []bound{{"splice", 0.9}, {"toxiproxy", 2}}},
	},
	take: func(ctx context.Context, s system) ([]float64, error) {
		v, err := throughputOf(ctx, s)
		return []float64{v}, err
	},
}

func throughputOf(ctx context.Context, s system, faults ...proxy.Fault) (float64, error) {
	type outcome struct {
		receipt
		err error
	}
	seen := make(chan outcome, 1)
	p, err := s.reach(ctx, func(c *net.TCPConn) {
		r, err := receive(c, toTheEnd)
		seen <- outcome{r, err}
	}, faults...)
	if err != nil {
		return 0, err
	}
	defer p.close()
	c, err := p.dial(ctx)
	if err != nil {
		return 0, err
	}
	defer c.Close()
	buf := make([]byte, bulk)
	for began := time.Now(); time.Since(began) < time.Second; {
		if _, err := c.Write(buf); err != nil {
			return 0, err
		}
	}
	if err := c.CloseWrite(); err != nil {
		return 0, err
	}
	select {
	case o := <-seen:
		return o.rate() / 1e6, o.err
	case <-ctx.Done():
		return 0, errors.New("the server never saw the end of the stream")
	}
}
