package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"

	"github.com/faultwire/faultwire/proxy"
)

// A system is a way to a server.
type system struct {
	name string
	// open starts the way to upstream. Its faults are in place before the first connection.
	open func(ctx context.Context, upstream string, faults ...proxy.Fault) (*path, error)
}

// A path is an open way and the server at its end.
type path struct {
	addr       string                  // where clients connect
	process    *process                // the proxy's; nil where there is none
	goroutines func() (float64, error) // how many the proxy has
	stop       func()                  // ends the server
}

// reach starts a server and the way to it.
func (s system) reach(ctx context.Context, handle func(*net.TCPConn), faults ...proxy.Fault) (*path, error) {
	upstream, stop, err := serve(ctx, handle)
	if err != nil {
		return nil, err
	}
	p, err := s.open(ctx, upstream, faults...)
	if err != nil {
		stop()
		return nil, err
	}
	p.stop = stop
	return p, nil
}

// dial connects through the path. The connection dies with ctx's deadline; on an interrupt the server or the proxy ends it.
func (p *path) dial(ctx context.Context) (*net.TCPConn, error) {
	var d net.Dialer
	c, err := d.DialContext(ctx, "tcp", p.addr)
	if err != nil {
		return nil, err
	}
	if end, ok := ctx.Deadline(); ok {
		_ = c.SetDeadline(end)
	}
	return c.(*net.TCPConn), nil
}

func (p *path) close() {
	if p.process != nil {
		p.process.end()
	}
	p.stop()
}

// Systems that take no faults are never asked to: see measure.on.
var (
	direct = system{"direct", func(_ context.Context, upstream string, _ ...proxy.Fault) (*path, error) {
		return &path{addr: upstream}, nil
	}}
	splice    = system{"splice", ownProcess("splice")}
	faultwire = system{"faultwire", ownProcess("faultwire")}
)

// Sets of systems to measure.
var (
	everywhere = []string{"direct", "splice", "faultwire", "toxiproxy"}
	proxies    = []string{"splice", "faultwire", "toxiproxy"}
	faulty     = []string{"faultwire", "toxiproxy"}
)

// ownProcess runs this program again, in a role.
func ownProcess(role string) func(context.Context, string, ...proxy.Fault) (*path, error) {
	return func(ctx context.Context, upstream string, faults ...proxy.Fault) (*path, error) {
		self, err := os.Executable()
		if err != nil {
			return nil, err
		}
		plan, err := json.Marshal(proxy.Plan{Seed: 1, Faults: faults})
		if err != nil {
			return nil, err
		}
		p, err := start(ctx, self, roleArg, role, upstream, string(plan))
		if err != nil {
			return nil, err
		}
		addr, err := p.line()
		if err != nil {
			p.end()
			return nil, fmt.Errorf("%s does not start: %w", role, err)
		}
		return &path{addr: addr, process: p, goroutines: p.goroutines}, nil
	}
}
