//go:build !linux

package targets

import "context"

// awaitListen returns when port is taken, or with ctx.
func (p *program) awaitListen(ctx context.Context, port int) error {
	return p.awaitTaken(ctx, tcp, port)
}

// awaitBound returns when port is taken, or with ctx.
func (p *program) awaitBound(ctx context.Context, port int) error {
	return p.awaitTaken(ctx, udp, port)
}
