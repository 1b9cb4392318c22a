package targets

import (
	"context"
	"net"
)

// A Network is where targets in this process listen and dial, instead of the kernel's sockets.
type Network interface {
	Listen(address string) (net.Listener, error)
	Dial(ctx context.Context, address string) (net.Conn, error)
}

// DialContext connects as d would, by the job's network if it has one. A client in this process that dials so can be tested in virtual
// time.
func (j Job) DialContext(ctx context.Context, d net.Dialer, addr string) (net.Conn, error) {
	if j.Network == nil {
		return d.DialContext(ctx, "tcp", addr)
	}
	if d.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, d.Timeout)
		defer cancel()
	}
	if !d.Deadline.IsZero() {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, d.Deadline)
		defer cancel()
	}
	return j.Network.Dial(ctx, addr)
}
