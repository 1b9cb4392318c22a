//go:build unix

package main

import (
	"os"
	"os/exec"
	"os/signal"
	"syscall"

	"golang.org/x/sys/unix"
)

// groupOfItsOwn are the attributes of a process that leads a group. A terminal that is ours becomes the group's, as a shell
// would have it: else the command would be stopped when it reads, and Ctrl-C would not reach it.
func groupOfItsOwn(cmd *exec.Cmd) *syscall.SysProcAttr {
	a := &syscall.SysProcAttr{Setpgid: true}
	dieWithUs(a)
	if in, ok := cmd.Stdin.(*os.File); ok {
		if group, err := unix.IoctlGetInt(int(in.Fd()), unix.TIOCGPGRP); err == nil && group == unix.Getpgrp() {
			a.Foreground, a.Ctty = true, int(in.Fd())
		}
	}
	return a
}

// takeTerminal takes the terminal back from a command that has ended.
func takeTerminal(cmd *exec.Cmd) {
	if a := cmd.SysProcAttr; a.Foreground {
		signal.Ignore(syscall.SIGTTOU) // which asks whoever is in the background not to
		defer signal.Reset(syscall.SIGTTOU)
		_ = unix.IoctlSetPointerInt(a.Ctty, unix.TIOCSPGRP, unix.Getpgrp())
	}
}

// send signals the command's group. It may be gone already: then there is nothing to signal.
func (p *process) send(s syscall.Signal) {
	_ = unix.Kill(-p.cmd.Process.Pid, s)
	_ = unix.Kill(-p.cmd.Process.Pid, unix.SIGCONT) // a stopped process ends no sooner
}

// howItEnded is the exit code as a shell says it, and the signal that ended the command.
func howItEnded(state *os.ProcessState) (exit int, name string) {
	if status, ok := state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return 128 + int(status.Signal()), unix.SignalName(status.Signal())
	}
	return state.ExitCode(), ""
}
