package main

import (
	"errors"
	"io"
	"net"
	"time"
)

// A receipt is what a receiver saw of a stream.
type receipt struct {
	reads       int
	bytes, head int // all of them, and those of the first read
	first, last time.Time
	gap         time.Duration // the longest between two reads
}

// receive reads until enough says so, or to the end of the stream.
func receive(c net.Conn, enough func(receipt) bool) (receipt, error) {
	var r receipt
	buf := make([]byte, bulk)
	for {
		n, err := c.Read(buf)
		if n > 0 {
			now := time.Now()
			if r.reads == 0 {
				r.head, r.first = n, now
			} else {
				r.gap = max(r.gap, now.Sub(r.last))
			}
			r.last = now
			r.reads++
			r.bytes += n
			if enough(r) {
				return r, nil
			}
		}
		if errors.Is(err, io.EOF) {
			return r, nil
		}
		if err != nil {
			return r, err
		}
	}
}

// toTheEnd is never enough.
func toTheEnd(receipt) bool { return false }

// rate is in bytes a second, from the first arrival to the last. How long the first read's bytes took nobody saw, so they
// do not count.
func (r receipt) rate() float64 {
	return float64(r.bytes-r.head) / r.last.Sub(r.first).Seconds()
}
