//go:build !linux

package sockdiag

import "net/netip"

// Conn is a line to the kernel; this system has none.
type Conn struct{}

// Open returns [ErrUnsupported].
func Open() (*Conn, error) { return nil, ErrUnsupported }

// Close does nothing.
func (c *Conn) Close() error { return nil }

// Get returns [ErrUnsupported].
func (c *Conn) Get(local, remote netip.AddrPort) (Socket, bool, error) {
	return Socket{}, false, ErrUnsupported
}

// List returns [ErrUnsupported].
func (c *Conn) List(f Filter) ([]Socket, error) { return nil, ErrUnsupported }
