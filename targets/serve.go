package targets

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"runtime/debug"
	"runtime/pprof"
	"sync"
	"time"

	"github.com/faultwire/faultwire/fixtures"
)

// abandonAfter is how long a call in this process may go on after its context is done.
const abandonAfter = time.Second

// An Instance is a server that is ready.
type Instance struct {
	Addr string // host:port to connect to

	exited  chan struct{}
	stop    func() *Process
	again   func(context.Context) (*Instance, error) // nil if it cannot be
	program *program                                 // nil if it has no process of its own

	mu  sync.Mutex
	err error
}

// Start starts the server that t describes and returns when it is ready. ctx bounds the start alone; [Instance.Stop] ends
// the server and must be called. A command's errors are a [StartError] (it did not become ready) or a [ConfigError] (it
// cannot be started at all).
func (t *Target) Start(ctx context.Context) (*Instance, error) {
	switch {
	case t.Server != nil, t.Packets != nil:
		return t.startServer()
	case t.Gateway != nil:
		return t.startGateway()
	case t.Command != nil:
		return t.startCommand(ctx)
	case t.Address != "":
		return &Instance{Addr: t.Address, exited: make(chan struct{}), stop: func() *Process { return nil }}, nil
	}
	return nil, fmt.Errorf("%s is no server", t.Name)
}

// Stop ends the server and returns when nothing of it is left. It may be called again, and returns what was seen of the
// process; nil if the server has none of its own.
func (i *Instance) Stop() *Process { return i.stop() }

// Exited is closed when the server has ended, by itself or by Stop. It is never closed for an address.
func (i *Instance) Exited() <-chan struct{} { return i.exited }

// Err says how the server failed: it ended by itself, panicked, or would not end. It is known once Exited is closed or Stop has
// returned; nil for a server that served until it was stopped.
func (i *Instance) Err() error {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.err
}

func (i *Instance) fail(err error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.err = err
}

func (t *Target) startServer() (*Instance, error) {
	l, err := t.hold()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", t.Name, err)
	}
	if t.TLS {
		l = tls.NewListener(l, t.Credentials.Server(fixtures.Valid))
	}
	ctx, cancel := context.WithCancel(context.Background())
	i := &Instance{Addr: l.Addr().String(), exited: make(chan struct{})}
	go func() {
		defer close(i.exited)
		defer l.Close()
		err := t.serve(ctx, l)
		if ctx.Err() == nil && err == nil {
			err = errors.New("its Serve returned before the context was done")
		}
		// What Serve says once it is told to end is how it ended, unless it panicked.
		if _, panicked := errors.AsType[*panicError](err); panicked || ctx.Err() == nil {
			i.fail(err)
		}
	}()
	i.stop = sync.OnceValue(func() *Process {
		cancel()
		select {
		case <-i.exited:
		case <-time.After(abandonAfter):
			l.Close()
			i.fail(fmt.Errorf("its Serve did not return within %v after the context was done; abandoned", abandonAfter))
		}
		return nil
	})
	return i, nil
}

// serve calls the server. A panic on another goroutine of the server's is beyond reach, and ends this process.
func (t *Target) serve(ctx context.Context, l net.Listener) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = &panicError{r, debug.Stack()}
		}
	}()
	pprof.Do(ctx, t.pprofLabels(), func(ctx context.Context) { err = t.answer(ctx, l) })
	return err
}

// pprofLabels name the target on its goroutines, which inherit them, so that a leak can be told to be its own.
func (t *Target) pprofLabels() pprof.LabelSet { return pprof.Labels("faultwire.target", t.Name) }

// A panicError is a panic in the target's code.
type panicError struct {
	value any
	stack []byte
}

func (e *panicError) Error() string { return fmt.Sprintf("panic: %v\n%s", e.value, e.stack) }

func (t *Target) startCommand(ctx context.Context) (*Instance, error) {
	port, release, err := reservePort(t.network())
	if err != nil {
		return nil, fmt.Errorf("%s: %w", t.Name, err)
	}
	release = sync.OnceFunc(release)
	i, err := t.startAt(ctx, port)
	if err != nil {
		release()
		return nil, err
	}
	stop := i.stop
	i.stop = func() *Process {
		defer release()
		return stop()
	}
	i.again = func(ctx context.Context) (*Instance, error) { return t.startAt(ctx, port) }
	return i, nil
}

// Again stops the server and starts it once more, on the same port. The first must still be stopped after the second.
func (i *Instance) Again(ctx context.Context) (*Instance, error) {
	if i.again == nil {
		return nil, errors.New("a server without a process of its own is not started again")
	}
	i.program.stop()
	return i.again(ctx)
}

func (t *Target) startAt(ctx context.Context, port int) (*Instance, error) {
	addr := fmt.Sprintf("127.0.0.1:%d", port)
	p, err := t.launch(ctx, addr, port)
	if err != nil {
		return nil, err
	}
	i := &Instance{Addr: addr, exited: make(chan struct{}), program: p}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		<-p.done
		if p.report.Unasked {
			i.fail(errors.New("ended by itself: " + p.report.end() + p.report.foreground()))
		}
		close(i.exited)
	}()
	i.stop = sync.OnceValue(func() *Process {
		p.stop()
		<-ended
		return p.report
	})
	return i, nil
}

// launch starts the command and waits until it is ready.
func (t *Target) launch(ctx context.Context, addr string, port int) (*program, error) {
	v, err := t.addrValues(addr, t.Path)
	if err != nil {
		return nil, err
	}
	if err := t.originValues(v); err != nil {
		return nil, err
	}
	s := streams{stdout: newLog()}
	if t.Command.Ready != nil {
		s.watch = newLineWatch(t.Command.Ready)
	}
	p, err := t.Command.start(v, s)
	if err != nil {
		return nil, err
	}
	err = t.Command.awaitReady(ctx, p, t.network(), port, s.watch)
	if err == nil {
		return p, nil
	}
	report := p.stop()
	if errors.Is(err, errEnded) {
		err = fmt.Errorf("ended before it was ready on %s: %s%s", addr, report.end(), report.foreground())
	}
	return nil, &StartError{Target: t.Name, Err: err, Process: report}
}

// end is how the process ended, in words.
func (p *Process) end() string {
	if p.Signal != "" {
		return "signal " + p.Signal
	}
	return fmt.Sprintf("exit code %d", p.Exit)
}

// foreground is advice for a server that took itself to the background.
func (p *Process) foreground() string {
	if p.Exit != 0 {
		return ""
	}
	return "; a server must stay in the foreground"
}
