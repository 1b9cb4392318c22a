package reference

import (
	"context"
	"crypto/tls"
	"net"

	"github.com/faultwire/faultwire/targets"
)

// secured makes the handshake of TLS on the connection, within the connect deadline, or the total if there is none. If that fails the
// connection is closed.
func secured(ctx context.Context, conn net.Conn, job targets.Job) (net.Conn, error) {
	limit := job.Promises.Connect
	if limit == 0 {
		limit = job.Promises.Total
	}
	if limit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, limit)
		defer cancel()
	}
	secure := tls.Client(conn, job.TLS)
	if err := secure.HandshakeContext(ctx); err != nil {
		conn.Close()
		return nil, err
	}
	return secure, nil
}
