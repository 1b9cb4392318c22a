//go:build !linux

package targets

import (
	"fmt"
	"net"
)

// localPortRange is the range of RFC 6335, which these systems use.
func localPortRange() (low, high int) { return 49152, 65535 }

// claim takes the UDP port of the same number, which a TCP server leaves alone.
func claim(port int) (release func(), err error) {
	c, err := net.ListenPacket("udp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return nil, err
	}
	return func() { c.Close() }, nil
}

// free reports whether a server could listen on the port.
func free(port int) bool {
	l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return false
	}
	l.Close()
	return true
}
