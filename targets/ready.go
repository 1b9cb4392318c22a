package targets

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// A StartError says why a server did not become ready. It is no finding about the target's behaviour on the wire.
type StartError struct {
	Target  string
	Err     error
	Process *Process // what was seen of the process
}

// Error says what happened and the last that the process printed.
func (e *StartError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %v", e.Target, e.Err)
	said := lastLines(e.Process.Stderr, 8)
	if len(said) == 0 {
		said = lastLines(e.Process.Stdout, 8)
	}
	if len(said) == 0 {
		return b.String() + "; it printed nothing"
	}
	b.WriteString("; the last it printed:")
	for _, line := range said {
		b.WriteString("\n    " + line)
	}
	return b.String()
}

func (e *StartError) Unwrap() error { return e.Err }

var errEnded = errors.New("ended")

// awaitReady returns when the server is ready for what comes to port.
func (c *Command) awaitReady(ctx context.Context, p *program, of network, port int, watch *lineWatch) error {
	limit := c.startTimeout()
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	var err error
	switch {
	case watch != nil:
		err = p.awaitLine(ctx, watch)
	case of == udp:
		err = p.awaitBound(ctx, port)
	default:
		err = p.awaitListen(ctx, port)
	}
	if errors.Is(err, context.DeadlineExceeded) {
		_, why, _ := strings.Cut(err.Error(), context.DeadlineExceeded.Error())
		return fmt.Errorf("was not ready on 127.0.0.1:%d within %v (start_timeout)%s", port, limit, why)
	}
	return err
}

func (c *Command) startTimeout() time.Duration {
	if c.StartTimeout > 0 {
		return c.StartTimeout
	}
	return DefaultStartTimeout
}

func (p *program) awaitLine(ctx context.Context, watch *lineWatch) error {
	select {
	case <-watch.seen:
		return nil
	case <-p.done:
		return errEnded
	case <-ctx.Done():
		return fmt.Errorf("%w; no line it printed matches %q (ready)", ctx.Err(), watch.match)
	}
}

// awaitTaken is for systems that cannot say who listens: somebody has bound the port.
func (p *program) awaitTaken(ctx context.Context, of network, port int) error {
	// Each look takes the port for a moment, in which the server cannot have it.
	return p.poll(ctx, 20*pollEvery, func() bool { return !free(of, port) })
}

// poll asks until yes, ever less often, in the end a tenth as often as at first; and no longer than the program lives.
func (p *program) poll(ctx context.Context, first time.Duration, yes func() bool) error {
	pause := first
	timer := time.NewTimer(pause)
	defer timer.Stop()
	for !yes() {
		select {
		case <-p.done:
			return errEnded
		case <-ctx.Done():
			return ctx.Err()
		case <-timer.C:
		}
		pause = min(pause*3/2, 10*first)
		timer.Reset(pause)
	}
	return nil
}
