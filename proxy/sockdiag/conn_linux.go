package sockdiag

import (
	"errors"
	"fmt"
	"net/netip"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// A Conn is a kept netlink socket. It reuses its buffers and is not safe for concurrent use.
type Conn struct {
	fd    int
	seq   uint32
	query [queryLen]byte
	reply [32 << 10]byte // the kernel fills at most 32 KiB a datagram of a dump
}

// answerLimit bounds the wait for an answer, which the kernel gives before the question's write returns.
const answerLimit = 5 * time.Second

// Open opens a line to the kernel and makes sure that it is answered. Close it after use.
func Open() (*Conn, error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_SOCK_DIAG)
	if errors.Is(err, unix.EPROTONOSUPPORT) || errors.Is(err, unix.EAFNOSUPPORT) {
		return nil, ErrUnsupported
	}
	if err != nil {
		return nil, fmt.Errorf("sockdiag: open netlink socket: %w", err)
	}
	c := &Conn{fd: fd}
	limit := unix.NsecToTimeval(answerLimit.Nanoseconds())
	if err := unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &limit); err != nil {
		c.Close()
		return nil, fmt.Errorf("sockdiag: bound the netlink socket's reads: %w", err)
	}
	// A kernel without inet_diag says ENOENT, which to Get would mean that a socket is not there: find out now.
	if answers.Load() {
		return c, nil
	}
	if _, err := c.dump(nil, unix.AF_INET, Filter{States: []State{SynSent}, LocalPort: 1}); err != nil {
		c.Close()
		if errors.Is(err, unix.ENOENT) || errors.Is(err, unix.EOPNOTSUPP) || errors.Is(err, unix.EINVAL) {
			return nil, ErrUnsupported
		}
		return nil, err
	}
	answers.Store(true)
	return c, nil
}

// answers is whether the kernel has answered once. It goes through its whole table of connections for it, so once is enough.
var answers atomic.Bool

// Close closes the line.
func (c *Conn) Close() error {
	if c.fd < 0 {
		return nil
	}
	fd := c.fd
	c.fd = -1
	return unix.Close(fd)
}

// Get looks up the one socket with these ends, in about 1.5 µs and without allocating; false if there is none. With the
// zero remote it looks up the socket that listens for local.
func (c *Conn) Get(local, remote netip.AddrPort) (Socket, bool, error) {
	local, remote = unmap(local), unmap(remote)
	family := uint8(unix.AF_INET)
	if local.Addr().Is6() {
		family = unix.AF_INET6
	}
	if err := c.ask(unix.NLM_F_REQUEST, family, infoExtension, ^uint32(0), local, remote); err != nil {
		return Socket{}, false, err
	}
	for {
		n, err := c.read()
		if err != nil {
			return Socket{}, false, err
		}
		for m := range messages(c.reply[:n]) {
			if m.seq != c.seq {
				continue // the answer to a question that was given up
			}
			if err := m.err(); errors.Is(err, unix.ENOENT) {
				return Socket{}, false, nil
			} else if err != nil {
				return Socket{}, false, fmt.Errorf("sockdiag: look up %v to %v: %w", local, remote, err)
			}
			s := m.socket()
			// Where no connection has these ends the kernel answers with the listener that one would go to.
			if (s.State == Listen) != (remote.Port() == 0) {
				return Socket{}, false, nil
			}
			return s, true, nil
		}
	}
}

// List returns the sockets that match, IPv4 first. It walks the kernel's whole table: use Get where both ends are known.
func (c *Conn) List(f Filter) ([]Socket, error) {
	found, err := c.dump(nil, unix.AF_INET, f)
	if err != nil {
		return nil, err
	}
	return c.dump(found, unix.AF_INET6, f)
}

func (c *Conn) dump(found []Socket, family uint8, f Filter) ([]Socket, error) {
	states := ^uint32(0)
	if len(f.States) > 0 {
		states = 0
		for _, s := range f.States {
			states |= 1 << s
		}
	}
	local := netip.AddrPortFrom(netip.Addr{}, f.LocalPort)
	remote := netip.AddrPortFrom(netip.Addr{}, f.RemotePort)
	if err := c.ask(unix.NLM_F_REQUEST|unix.NLM_F_DUMP, family, 0, states, local, remote); err != nil {
		return nil, err
	}
	for {
		n, err := c.read()
		if err != nil {
			return nil, err
		}
		for m := range messages(c.reply[:n]) {
			switch {
			case m.seq != c.seq:
			case m.kind == unix.NLMSG_DONE && m.err() == nil:
				return found, nil
			case m.err() != nil:
				return nil, fmt.Errorf("sockdiag: list sockets: %w", m.err())
			default:
				found = append(found, m.socket())
			}
		}
	}
}

// ask sends the question; the kernel has answered it when ask returns.
func (c *Conn) ask(flags uint16, family, extensions uint8, states uint32, local, remote netip.AddrPort) error {
	c.seq++
	encodeQuery(&c.query, c.seq, flags, family, extensions, states, local, remote)
	for {
		_, err := unix.Write(c.fd, c.query[:])
		if err == nil {
			return nil
		}
		if !errors.Is(err, unix.EINTR) {
			return fmt.Errorf("sockdiag: ask the kernel: %w", err)
		}
	}
}

func (c *Conn) read() (int, error) {
	for {
		n, err := unix.Read(c.fd, c.reply[:])
		if err == nil {
			return n, nil
		}
		if !errors.Is(err, unix.EINTR) {
			return 0, fmt.Errorf("sockdiag: the kernel's answer: %w", err)
		}
	}
}

// unmap makes a v4-mapped end IPv4: the kernel's IPv4 lookup finds the IPv6 sockets that carry IPv4 too.
func unmap(a netip.AddrPort) netip.AddrPort { return netip.AddrPortFrom(a.Addr().Unmap(), a.Port()) }
