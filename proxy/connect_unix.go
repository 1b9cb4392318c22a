//go:build unix

package proxy

import (
	"fmt"
	"net"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// bind binds the address without accepting on it. It either never listens, so that every connect is refused, or listens with
// an accept queue that is full, so that every SYN goes unanswered. release gives the address back.
func bind(address string, blackhole bool) (addr net.Addr, release func(), err error) {
	tcp, err := net.ResolveTCPAddr("tcp", address)
	if err != nil {
		return nil, nil, err
	}
	family, sockaddr := sockaddrOf(tcp)
	syscall.ForkLock.RLock() // a child that is started now must not inherit the socket: it would keep the port
	fd, err := unix.Socket(family, unix.SOCK_STREAM, 0)
	if err == nil {
		unix.CloseOnExec(fd)
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return nil, nil, os.NewSyscallError("socket", err)
	}
	release = func() { _ = unix.Close(fd) }
	defer func() {
		if err != nil {
			_ = unix.Close(fd)
		}
	}()
	// Connections that were accepted at this address may be open still, or in TIME-WAIT.
	if err = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1); err != nil {
		return nil, nil, os.NewSyscallError("setsockopt SO_REUSEADDR", err)
	}
	if err = unix.Bind(fd, sockaddr); err != nil {
		return nil, nil, os.NewSyscallError("bind", err)
	}
	bound, err := unix.Getsockname(fd)
	if err != nil {
		return nil, nil, os.NewSyscallError("getsockname", err)
	}
	addr = tcpAddrOf(bound)
	if !blackhole {
		return addr, release, nil
	}
	// A backlog of 0 still queues one connection. Once it is there the kernel drops every further SYN.
	if err = unix.Listen(fd, 0); err != nil {
		return nil, nil, os.NewSyscallError("listen", err)
	}
	filler, err := net.DialTimeout("tcp", addr.String(), dialTimeout)
	if err != nil {
		return nil, nil, fmt.Errorf("filling the accept queue: %w", err)
	}
	listener := release
	release = func() {
		_ = filler.Close()
		listener()
	}
	return addr, release, nil
}

func sockaddrOf(a *net.TCPAddr) (family int, sa unix.Sockaddr) {
	if ip := a.IP.To4(); ip != nil || a.IP == nil {
		s := &unix.SockaddrInet4{Port: a.Port}
		copy(s.Addr[:], ip)
		return unix.AF_INET, s
	}
	s := &unix.SockaddrInet6{Port: a.Port}
	copy(s.Addr[:], a.IP.To16())
	return unix.AF_INET6, s
}

func tcpAddrOf(sa unix.Sockaddr) *net.TCPAddr {
	switch s := sa.(type) {
	case *unix.SockaddrInet4:
		return &net.TCPAddr{IP: s.Addr[:], Port: s.Port}
	case *unix.SockaddrInet6:
		return &net.TCPAddr{IP: s.Addr[:], Port: s.Port}
	}
	return nil
}
