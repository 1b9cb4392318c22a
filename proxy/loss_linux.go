package proxy

import (
	"context"
	"errors"
	"fmt"
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

// Packets are lost by a classic BPF filter on the relay's own socket, which drops what arrives there. For TCP the kernel wants
// CAP_NET_ADMIN.

// dropPackets drops percent of what arrives at the socket.
func dropPackets(raw syscall.RawConn, percent int64) error {
	const random = 0xfffff000 + 56 // SKF_AD_OFF + SKF_AD_RANDOM
	keep, lost := uint32(0xffffffff), uint64(percent)<<32/100
	program := []unix.SockFilter{{Code: unix.BPF_RET | unix.BPF_K, K: 0}}
	if percent < 100 {
		program = []unix.SockFilter{
			{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: random},
			{Code: unix.BPF_JMP | unix.BPF_JGE | unix.BPF_K, K: uint32(lost), Jt: 1},
			{Code: unix.BPF_RET | unix.BPF_K, K: 0},
			{Code: unix.BPF_RET | unix.BPF_K, K: keep},
		}
	}
	filter := &unix.SockFprog{Len: uint16(len(program)), Filter: &program[0]}
	return control(raw, func(fd int) error {
		return unix.SetsockoptSockFprog(fd, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, filter)
	})
}

// keepPackets ends dropPackets.
func keepPackets(raw syscall.RawConn) error {
	return control(raw, func(fd int) error { return unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_DETACH_FILTER, 0) })
}

// closeSilently makes the close that follows send nothing (TCP_REPAIR).
func closeSilently(raw syscall.RawConn) {
	_ = control(raw, func(fd int) error { return unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_REPAIR, 1) })
}

func control(raw syscall.RawConn, f func(fd int) error) error {
	var err error
	return errors.Join(raw.Control(func(fd uintptr) { err = f(int(fd)) }), err)
}

// canLose says why packets cannot be lost here, or nil.
func canLose() error {
	lc := plainTCP()
	l, err := lc.Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer l.Close()
	raw, err := l.(*net.TCPListener).SyscallConn()
	if err != nil {
		return err
	}
	if err := dropPackets(raw, 100); err != nil {
		return fmt.Errorf("%w: losing packets needs CAP_NET_ADMIN: %w", errors.ErrUnsupported, err)
	}
	return nil
}
