package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"

	"github.com/faultwire/faultwire/proxy"
)

// slicing measures one-byte slices, of n bytes a round.
func slicing(n, rounds int) measure {
	cut := map[string]proxy.Fault{"faultwire": proxy.Slice(1), "toxiproxy": proxy.Slicer(1, 0, 0)}
	return measure{
		name: "slicing",
		about: fmt.Sprintf("the server sends %d bytes through a downstream fault that cuts them into one-byte slices, in "+
			"lock-step by the relay, by Toxiproxy's slicer without a delay; the client's time from its first read to its last, "+
			"for each byte, and how many reads it missed, because bytes came merged with others.", n),
		on: faulty,
		figures: []figure{
			{name: "one-byte slice, µs", goals: []bound{{"", 40}}},
			{name: fmt.Sprintf("slices merged, of %d", n*rounds), sum: true, goals: []bound{{"", 0}}},
		},
		take: func(ctx context.Context, s system) ([]float64, error) {
			p, err := s.reach(ctx, func(c *net.TCPConn) {
				_, _ = c.Write(make([]byte, n))
				_, _ = io.Copy(io.Discard, c) // until the client has read it all
			}, cut[s.name])
			if err != nil {
				return nil, err
			}
			defer p.close()
			c, err := p.dial(ctx)
			if err != nil {
				return nil, err
			}
			defer c.Close()
			r, err := receive(c, func(r receipt) bool { return r.bytes >= n })
			if err != nil {
				return nil, err
			}
			if r.bytes < n {
				return nil, errors.New("the stream ended too early")
			}
			return []float64{micros(r.last.Sub(r.first)) / float64(n), float64(n - r.reads)}, nil
		},
	}
}
