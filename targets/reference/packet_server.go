package reference

import (
	"cmp"
	"context"
	"errors"
	"net"
	"time"
)

// PacketServer sends each datagram back to where it came from (RFC 862), from the socket that it came to: a client takes a reply from
// another port for somebody else's. One of no bytes is a datagram like any other. There is no state, so no client can
// hold up another, or be held up by what became of one.
type PacketServer struct{}

// ServePacket implements [targets.PacketServer]. When ctx is done it closes conn and returns nil. It returns an error if conn was
// closed by somebody else; no other failure ends it.
func (PacketServer) ServePacket(ctx context.Context, conn net.PacketConn) error {
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	buf := make([]byte, packetSize)
	var backOff time.Duration
	for {
		n, client, err := conn.ReadFrom(buf)
		switch {
		case err == nil:
			backOff = 0
			// That it could not be sent is the client's affair, who asks again: the next may have more luck.
			conn.WriteTo(buf[:n], client)
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, net.ErrClosed):
			return err
		default:
			// Of a client that has gone, which some systems say here; or memory is short. To try again at once might spin.
			backOff = min(cmp.Or(2*backOff, time.Millisecond), longestBackOff)
			pause(ctx, backOff)
		}
	}
}
