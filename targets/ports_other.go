//go:build !linux

package targets

import (
	"fmt"
	"net"
)

// localPortRange is the range of RFC 6335, which these systems use.
func localPortRange() (low, high int) { return 49152, 65535 }

// claim takes the port of the same number in the other network, which the server leaves alone.
func claim(of network, port int) (release func(), err error) {
	if of == udp {
		return take(tcp, port)
	}
	return take(udp, port)
}

// free reports whether a server could listen on the port.
func free(of network, port int) bool {
	release, err := take(of, port)
	if err != nil {
		return false
	}
	release()
	return true
}

func take(of network, port int) (release func(), err error) {
	at := fmt.Sprintf("127.0.0.1:%d", port)
	if of == udp {
		c, err := net.ListenPacket("udp", at)
		if err != nil {
			return nil, err
		}
		return func() { c.Close() }, nil
	}
	l, err := net.Listen("tcp", at)
	if err != nil {
		return nil, err
	}
	return func() { l.Close() }, nil
}
