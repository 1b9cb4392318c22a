package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
)

var memory = measure{
	name: "memory",
	about: "1000, then 5000 connections to a fresh proxy, each idle after 1 KiB there and back: growth of the proxy's " +
		"anonymous memory (/proc/PID/smaps_rollup; its heap and stacks, no program text) and of its goroutines, for each " +
		"connection. The kernel's socket buffers and pipes are not in it. A connection is held if it echoes 1 KiB within 3 s; " +
		"the limit of descriptors (" + descriptors() + " here) may be in the way: a proxy needs 2 a connection, a splice 4 more.",
	on: proxies,
	figures: []figure{
		{name: "memory a connection of 1000, KiB", goals: []bound{{"toxiproxy", 1}}},
		{name: "memory a connection of 5000, KiB", goals: []bound{{"toxiproxy", 1}}},
		{name: "goroutines a connection"},
		{name: "connections held, of 5000", more: true, goals: []bound{{"", 5000}}},
	},
	take: func(ctx context.Context, s system) ([]float64, error) {
		p, err := s.reach(ctx, echo)
		if err != nil {
			return nil, err
		}
		defer p.close()
		h := holder{path: p}
		defer h.close()

		before, err := anonymous(p.process.pid())
		if err != nil {
			return nil, err
		}
		idle, err := p.goroutines()
		if err != nil {
			return nil, err
		}
		values := []float64{math.NaN(), math.NaN(), math.NaN(), 0}
		for i, n := range []int{1000, 5000} {
			h.hold(ctx, n)
			values[3] = float64(len(h.conns))
			if len(h.conns) < n {
				return values, nil
			}
			after, err := anonymous(p.process.pid())
			if err != nil {
				return nil, err
			}
			values[i] = (after - before) / float64(n)
		}
		now, err := p.goroutines()
		values[2] = (now - idle) / float64(len(h.conns))
		return values, err
	},
}

// A holder keeps connections.
type holder struct {
	path  *path
	mu    sync.Mutex
	conns []net.Conn
}

// hold opens connections until there are n, 32 at a time. It stops where one cannot be had.
func (h *holder) hold(ctx context.Context, n int) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	missing := make(chan struct{}, n)
	for range n - len(h.conns) {
		missing <- struct{}{}
	}
	close(missing)
	var workers sync.WaitGroup
	for range 32 {
		workers.Go(func() {
			for range missing {
				c, err := idleConn(ctx, h.path)
				if err != nil {
					cancel()
					return
				}
				h.mu.Lock()
				h.conns = append(h.conns, c)
				h.mu.Unlock()
			}
		})
	}
	workers.Wait()
}

func (h *holder) close() {
	for _, c := range h.conns {
		_ = c.Close()
	}
}

// idleConn is a connection that has been used.
func idleConn(ctx context.Context, p *path) (net.Conn, error) {
	c, err := p.dial(ctx)
	if err != nil {
		return nil, err
	}
	_ = c.SetDeadline(time.Now().Add(3 * time.Second))
	buf := make([]byte, 1024)
	if _, err = c.Write(buf); err == nil {
		_, err = io.ReadFull(c, buf)
	}
	if err != nil {
		_ = c.Close()
		return nil, err
	}
	return c, nil
}

// descriptors is the hard limit, to which Go's runtime raises the soft one at the start of every program here.
func descriptors() string {
	limits, _ := os.ReadFile("/proc/self/limits")
	for line := range strings.Lines(string(limits)) {
		if values, found := strings.CutPrefix(line, "Max open files"); found {
			if f := strings.Fields(values); len(f) > 1 {
				return f[1]
			}
		}
	}
	return "unknown"
}

// anonymous is how much memory of a process no file backs, in KiB.
func anonymous(pid int) (float64, error) {
	f, err := os.Open(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	if err != nil {
		return 0, err
	}
	defer f.Close()
	for in := bufio.NewScanner(f); in.Scan(); {
		if v, found := strings.CutPrefix(in.Text(), "Anonymous:"); found {
			return strconv.ParseFloat(strings.TrimSpace(strings.TrimSuffix(v, "kB")), 64)
		}
	}
	return 0, fmt.Errorf("no Anonymous in %s", f.Name())
}
