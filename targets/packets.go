package targets

import (
	"context"
	"errors"
	"net"

	"github.com/faultwire/faultwire/fixtures"
)

// PacketServer is server code for datagrams in this process. ServePacket answers what comes on conn until ctx is done, then returns
// after what it has begun.
type PacketServer interface {
	ServePacket(ctx context.Context, conn net.PacketConn) error
}

// A network is what a server's port is of.
type network string

const (
	tcp network = "tcp"
	udp network = "udp"
)

func (t *Target) network() network {
	if t.Protocol == fixtures.UDPProtocol {
		return udp
	}
	return tcp
}

// hold opens what a server in this process is given.
func (t *Target) hold() (net.Listener, error) {
	if t.Packets == nil {
		return net.Listen("tcp4", "127.0.0.1:0")
	}
	conn, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	return packets{conn}, nil
}

// answer has the server serve what it was given.
func (t *Target) answer(ctx context.Context, l net.Listener) error {
	if p, ok := l.(packets); ok {
		return t.Packets.ServePacket(ctx, p.PacketConn)
	}
	return t.Server.Serve(ctx, l)
}

// packets are a socket for datagrams where a listener is started and stopped.
type packets struct{ net.PacketConn }

// Accept is never called.
func (packets) Accept() (net.Conn, error) { return nil, errors.ErrUnsupported }

func (p packets) Addr() net.Addr { return p.LocalAddr() }

// checkPackets says what is wrong with a target of datagrams.
func (t *Target) checkPackets() *ConfigError {
	if t.Protocol != fixtures.UDPProtocol {
		if t.Packets != nil {
			return bad("protocol", "is %s, but what is given is a server of datagrams; say %s", t.Protocol, fixtures.UDPProtocol)
		}
		return nil
	}
	if t.TLS {
		return bad("tls", "is a layer under streams; there is none under %s", t.Protocol)
	}
	if t.Server != nil {
		return bad("Server", "accepts connections, and %s has none; give Packets", t.Protocol)
	}
	for _, name := range []fixtures.Deadline{fixtures.ConnectDeadline, fixtures.WriteDeadline, fixtures.IdleDeadline} {
		if t.Promises.Of(name) != 0 {
			return bad("timeouts."+string(name), "means nothing for %s, which has no connections; say read (how long a reply is awaited, "+
				"however often it is asked for) and total", t.Protocol)
		}
	}
	return nil
}
