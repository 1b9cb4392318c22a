package targets

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"runtime/pprof"
	"time"

	"github.com/faultwire/faultwire/fixtures"
)

// Exchange lets the client that t describes play one exchange with the server at addr. It returns when that has ended and
// nothing of it is left. What ctx ends is a hang: a process is killed; a call in this process that does not
// return within a second is abandoned, and Detail says so.
func (t *Target) Exchange(ctx context.Context, addr string, job Job) Said {
	switch {
	case t.Command != nil:
		return t.Command.exchange(ctx, t, addr, job)
	case t.Client != nil:
		job.TLS, job.Network = t.trusts(addr), t.Network
		said, _ := t.call(ctx, func(ctx context.Context) Said {
			ctx, cancel := context.WithCancel(ctx)
			defer cancel()
			if job.Cancel != nil {
				go func() {
					select {
					case <-job.Cancel:
						cancel()
					case <-ctx.Done():
					}
				}()
			}
			return t.Client.Exchange(ctx, addr, job)
		})
		return said
	}
	return Said{Err: fmt.Errorf("%s is no client", t.Name)}
}

// call runs exchange, which may panic or not return; returned says that it has.
func (t *Target) call(ctx context.Context, exchange func(context.Context) Said) (said Said, returned bool) {
	result := make(chan Said, 1)
	go func() {
		said := Said{Outcome: fixtures.Crash, Detail: "Exchange ended its goroutine (runtime.Goexit)"}
		defer func() {
			if r := recover(); r != nil {
				said = Said{Outcome: fixtures.Crash, Detail: (&panicError{r, debug.Stack()}).Error()}
			}
			result <- said
		}()
		pprof.Do(ctx, t.pprofLabels(), func(ctx context.Context) { said = exchange(ctx) })
	}()
	select {
	case said := <-result:
		return said, true
	case <-ctx.Done():
	}
	select {
	case said := <-result:
		if said.Outcome != fixtures.Crash {
			said.Detail = fmt.Sprintf("ended by the harness; it then said %s: %s", said.Outcome, said.Detail)
			said.Outcome = fixtures.Hang
		}
		return said, true
	case <-time.After(abandonAfter):
		return Said{Outcome: fixtures.Hang,
			Detail: fmt.Sprintf("Exchange did not return within %v after its context was done; abandoned", abandonAfter)}, false
	}
}

// exchange runs the command once.
func (c *Command) exchange(ctx context.Context, t *Target, addr string, job Job) Said {
	if len(job.Messages) > 1 {
		return Said{Outcome: fixtures.Unsupported, Detail: "a client that is run once for each exchange sends one message"}
	}
	c, can := c.asking(job.Method)
	if !can {
		return Said{Outcome: fixtures.Unsupported, Detail: fmt.Sprintf("it is not said how it asks by %s; see methods: in the README", job.Method)}
	}
	payload := job.payload()
	dir, err := os.MkdirTemp("", "faultwire-") // 0700: the payload is nobody else's
	if err != nil {
		return Said{Err: fmt.Errorf("a folder for the payload: %w", err)}
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "payload")
	if err := os.WriteFile(file, payload, 0o600); err != nil {
		return Said{Err: err}
	}
	v, err := t.addrValues(addr, job.Path)
	if err != nil {
		return Said{Err: err}
	}
	v.jobValues(job, len(payload), file)
	p, err := c.start(v, streams{stdin: payload, piped: true, stdout: &capture{head: OutputLimit}})
	if err != nil {
		return Said{Err: err}
	}
	stop := func() []string { return nil }
	if job.Lookout {
		stop = p.lookout(addr)
	}
	starved := p.starved(job.Timed)
	defer p.nudge(job.Nudge)()
	select {
	case <-p.done:
	case <-ctx.Done():
		p.kill()
	}
	said := c.said(p.report)
	said.Starved = starved()
	said.Process.Elsewhere = stop()
	return said
}

// said is what the end of a client's process means.
func (c *Command) said(p *Process) Said {
	s := Said{Received: p.Stdout, NoOutput: c.NoOutput, Process: p}
	if c.NoOutput {
		s.Received = nil
	}
	switch {
	case p.Signal != "":
		s.Outcome = fixtures.Crash
	case !p.Unasked:
		s.Outcome = fixtures.Hang
		s.Detail = "killed: it was still running"
		return s
	default:
		s.Outcome = c.Classify.outcomeOf(p.Exit, p.Stderr)
	}
	if s.Outcome != fixtures.OK {
		s.Detail = p.end()
		if line := tellingLine(p.Stderr); line != "" {
			s.Detail += ": " + line
		}
	}
	return s
}
