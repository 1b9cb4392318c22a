package suites

import (
	"context"
	"errors"
	"io"
	"runtime"
	"sync"
	"time"

	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/suites/cases"
	"github.com/faultwire/faultwire/targets"
)

const (
	watchEvery     = 20 * time.Millisecond
	settlePatience = 3 * time.Second // until what is closed is given back, × scale
)

// unwatched says why the target's processes cannot be watched; empty if they can.
func unwatched(t *targets.Target) string {
	switch {
	case t.Command == nil:
		return "is about the sockets, threads and memory of a process: it needs a command"
	case runtime.GOOS != "linux":
		return "is about the sockets, threads and memory of a process, which are seen on Linux only"
	}
	return ""
}

// A watcher looks at a target's processes beside an exchange.
type watcher struct {
	of    targets.Watched
	scale float64
	began time.Time
	usage cases.Usage
	stop  func()
}

// watch begins, from what the processes use now on; nil if they cannot be seen, for they have ended.
func watch(ctx context.Context, of targets.Watched, c cases.Watch, scale float64, events *fixtures.Events) *watcher {
	w := &watcher{of: of, scale: scale, began: time.Now()}
	var seen bool
	if w.usage.Before, seen = of.Usage(); !seen {
		return nil
	}
	w.usage.Peak = w.usage.Before.RSS
	ctx, cancel := context.WithCancel(ctx)
	var looking sync.WaitGroup
	if c.Memory {
		looking.Go(func() {
			for waits(ctx, nil, watchEvery) {
				now, _ := of.Usage()
				w.usage.Peak = max(w.usage.Peak, now.RSS)
			}
		})
	}
	if c.Quiet != "" {
		looking.Go(func() {
			defer events.Happen("watched")
			select {
			case <-events.Happened(c.Quiet):
			case <-ctx.Done():
				return
			}
			w.quiet(ctx)
		})
	}
	w.stop = sync.OnceFunc(func() {
		cancel()
		looking.Wait()
	})
	return w
}

// took measures what has been worked since the watch began.
func (w *watcher) took() {
	if now, seen := w.of.Usage(); seen {
		w.usage.Busy, w.usage.Window = now.BusySince(w.usage.Before), time.Since(w.began)
	}
}

// quiet measures what is worked while there is nothing to do.
func (w *watcher) quiet(ctx context.Context) {
	before, _ := w.of.Usage()
	began := time.Now()
	if !waits(ctx, nil, time.Duration(w.scale*float64(cases.QuietWindow))) {
		return
	}
	if after, seen := w.of.Usage(); seen {
		w.usage.Busy, w.usage.Window = after.BusySince(before), time.Since(began)
	}
}

// end waits until the processes hold no more than before, or for a while, and says what was seen.
func (w *watcher) end(ctx context.Context) *cases.Usage {
	w.stop()
	enough := time.Now().Add(time.Duration(w.scale * float64(settlePatience)))
	for {
		now, seen := w.of.Usage()
		if !seen {
			return nil // it has ended: that says all
		}
		w.usage.After = now
		was := w.usage.Before
		if now.Sockets <= was.Sockets && now.Threads <= was.Threads && now.Processes+now.Zombies <= was.Processes+was.Zombies || time.Now().After(enough) {
			return &w.usage
		}
		if !waits(ctx, nil, watchEvery) {
			return &w.usage
		}
	}
}

// restart stops the server while a connection of its own is open, so that the connection's end stays in TIME-WAIT on the
// server's side, and starts it again. It says why that failed.
func restart(ctx context.Context, server *targets.Instance) (string, error) {
	conn, err := dialer(server.Addr)(ctx)
	if err != nil {
		return "", err
	}
	again := make(chan error, 1)
	go func() {
		second, err := server.Again(ctx)
		if err == nil {
			second.Stop()
		}
		again <- err
	}()
	_, _ = io.Copy(io.Discard, conn) // up to its FIN: what were left unread would make the close a reset
	_ = conn.Close()
	err = <-again
	if start, ok := errors.AsType[*targets.StartError](err); ok {
		return start.Error(), nil
	}
	return "", err
}
