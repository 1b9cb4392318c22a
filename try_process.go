package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"sync"
	"syscall"
	"time"
)

// runMark names the variable by which processes that left the command's group are still recognised as its own.
const runMark = "FAULTWIRE_RUN"

// graceToEnd is how long a process that was told to end may take before it is killed.
const graceToEnd = 5 * time.Second

// A process is the command under try, a process group of its own.
type process struct {
	cmd     *exec.Cmd
	mark    string
	limit   time.Duration // 0: none
	signals chan os.Signal
	began   time.Time

	asked    time.Time // when it was first told to end, if it was
	timedOut bool
}

// An ending is how a command ended.
type ending struct {
	Exit     int // as a shell says it: 128+n after signal n
	Signal   string
	TimedOut bool
	Began    time.Time
	Took     time.Duration
	Leftover int // processes that it left behind without being told to end
}

func newProcess(cmd *exec.Cmd, limit time.Duration) *process {
	p := &process{cmd: cmd, mark: rand.Text(), limit: limit, signals: make(chan os.Signal, 8)}
	cmd.Env = append(cmd.Env, runMark+"="+p.mark)
	cmd.WaitDelay = time.Second // for output that a process holds open which could not be found
	return p
}

// start starts the command, unless ctx is done; then the error is [context.Canceled]. The caller's goroutine keeps its thread
// until wait: the kernel ends the command with the thread that started it.
func (p *process) start(ctx context.Context) error {
	all := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) { // nohup(1)
		all = append(all, syscall.SIGHUP)
	}
	signal.Notify(p.signals, all...)
	if ctx.Err() != nil { // a signal that came before is in no channel of ours
		signal.Stop(p.signals)
		return context.Canceled
	}
	runtime.LockOSThread()
	p.cmd.SysProcAttr = groupOfItsOwn(p.cmd)
	p.began = time.Now()
	if err := p.cmd.Start(); err != nil {
		signal.Stop(p.signals)
		runtime.UnlockOSThread()
		return cannotStart(p.cmd.Path, err)
	}
	return nil
}

func cannotStart(path string, err error) error {
	switch {
	case errors.Is(err, syscall.ENOEXEC):
		return fmt.Errorf("cannot start %s: %w; a script needs a first line such as #!/bin/sh, or its interpreter before it", path, err)
	case errors.Is(err, syscall.ENOENT): // the program itself has been found
		return fmt.Errorf("cannot start %s: %w; the interpreter that its first line names does not exist", path, err)
	}
	return fmt.Errorf("cannot start %s: %w", path, err)
}

// wait returns when the command and all that it left behind have ended.
func (p *process) wait(ctx context.Context) ending {
	defer runtime.UnlockOSThread()
	defer signal.Stop(p.signals)
	var heeding sync.WaitGroup
	over := make(chan struct{})
	heeding.Go(func() { p.heed(ctx, over) })
	awaitEnd(p.cmd)
	took := time.Since(p.began)
	close(over)
	heeding.Wait() // no signal goes to a number that has become another's
	takeTerminal(p.cmd)
	leftover := p.sweep()
	_ = p.cmd.Wait() // the state says it

	end := ending{TimedOut: p.timedOut, Began: p.began, Took: took, Leftover: leftover}
	end.Exit, end.Signal = howItEnded(p.cmd.ProcessState)
	return end
}

// heed passes signals on until the command is over, and sees to it that it is over some day.
func (p *process) heed(ctx context.Context, over <-chan struct{}) {
	var expired, kill <-chan time.Time
	if p.limit > 0 {
		expired = time.After(p.limit)
	}
	canceled := ctx.Done()
	end := func(s syscall.Signal) {
		if p.asked.IsZero() {
			p.asked = time.Now()
			kill = time.After(graceToEnd)
		}
		p.send(s)
	}
	for {
		select {
		case <-over:
			return
		case s := <-p.signals:
			end(s.(syscall.Signal))
		case <-canceled:
			canceled = nil
			if context.Cause(ctx) == context.Canceled { // and not by a signal, which comes to us, too
				end(syscall.SIGTERM)
			}
		case <-expired:
			p.timedOut = true
			end(syscall.SIGTERM)
		case <-kill:
			p.send(syscall.SIGKILL)
		}
	}
}

// sweep ends what the command left behind. It counts that, unless the command was told to end and had no time to look after it.
func (p *process) sweep() int {
	left, count := p.leftBehind(), 0
	if len(left) > 0 && p.asked.IsZero() {
		count, p.asked = len(left), time.Now()
		p.sendTo(left, syscall.SIGTERM)
	}
	for len(left) > 0 && time.Since(p.asked) < graceToEnd {
		time.Sleep(time.Millisecond) // the system announces their end to nobody
		left = p.leftBehind()
	}
	p.sendTo(left, syscall.SIGKILL)
	for limit := time.Now().Add(graceToEnd); len(left) > 0 && time.Now().Before(limit); left = p.leftBehind() {
		p.sendTo(left, syscall.SIGKILL) // those that were just being born, too
		time.Sleep(time.Millisecond)
	}
	return count
}
