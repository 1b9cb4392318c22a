package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/faultwire/faultwire/reports"
	"github.com/faultwire/faultwire/targets"
)

// heedInterrupts says so when the first interrupt has ended ctx, and at the second leaves at once, with all that was started. It returns how to
// undo that.
func heedInterrupts(ctx context.Context, say func(string)) (undo func()) {
	interrupts := make(chan os.Signal, 2)
	signal.Notify(interrupts, os.Interrupt, syscall.SIGTERM)
	quit, left := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(left)
		for again := ctx.Err() != nil; ; again = true {
			select {
			case <-interrupts:
			case <-quit:
				return
			}
			if again {
				targets.KillAll()
				os.Exit(reports.ExitInterrupted)
			}
		}
	}()
	release := context.AfterFunc(ctx, func() { say("Interrupted: ending what is in flight. Once more leaves at once.") })
	return func() {
		release()
		signal.Stop(interrupts)
		close(quit)
		<-left
	}
}
