package targets

import (
	"errors"
	"fmt"
	"net"
	"os"

	"golang.org/x/sys/unix"
)

// localPortRange is ip_local_port_range (ip(7)).
func localPortRange() (low, high int) {
	text, err := os.ReadFile("/proc/sys/net/ipv4/ip_local_port_range")
	if err == nil {
		if n, _ := fmt.Sscan(string(text), &low, &high); n == 2 {
			return low, high
		}
	}
	return 32768, 60999
}

// claim takes the port's name as an abstract Unix address. Like ports these belong to the network namespace, and the kernel
// gives them back if their owner dies. One name does for both networks: a server may well want both.
func claim(_ network, port int) (release func(), err error) {
	c, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: fmt.Sprintf("@faultwire/port/%d", port), Net: "unixgram"})
	if err != nil {
		return nil, err
	}
	return func() { c.Close() }, nil
}

// free reports whether a server without SO_REUSEADDR could bind the port on all addresses. It binds and does not listen.
func free(of network, port int) bool {
	kind := unix.SOCK_STREAM
	if of == udp {
		kind = unix.SOCK_DGRAM
	}
	err := bindOnly(unix.AF_INET6, kind, &unix.SockaddrInet6{Port: port})
	if errors.Is(err, unix.EAFNOSUPPORT) || errors.Is(err, unix.EADDRNOTAVAIL) {
		err = bindOnly(unix.AF_INET, kind, &unix.SockaddrInet4{Port: port})
	}
	return err == nil
}

func bindOnly(family, kind int, at unix.Sockaddr) error {
	s, err := unix.Socket(family, kind|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(s)
	if family == unix.AF_INET6 {
		// Both families, whatever net.ipv6.bindv6only says.
		if err := unix.SetsockoptInt(s, unix.IPPROTO_IPV6, unix.IPV6_V6ONLY, 0); err != nil {
			return err
		}
	}
	return unix.Bind(s, at)
}
