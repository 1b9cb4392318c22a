package main

import (
	"os"
	"os/exec"
	"syscall"
)

func groupOfItsOwn(*exec.Cmd) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{CreationFlags: syscall.CREATE_NEW_PROCESS_GROUP}
}

func takeTerminal(*exec.Cmd) {}

// send: Windows has no SIGTERM and no groups to signal. The process alone is ended, at once.
func (p *process) send(syscall.Signal) { _ = p.cmd.Process.Kill() }

func howItEnded(state *os.ProcessState) (exit int, name string) { return state.ExitCode(), "" }
