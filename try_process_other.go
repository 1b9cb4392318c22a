//go:build !linux

package main

import (
	"os/exec"
	"syscall"
)

func dieWithUs(*syscall.SysProcAttr) {}

func awaitEnd(cmd *exec.Cmd) { _ = cmd.Wait() }

// leftBehind is unknown without /proc: the group is killed, who left it is not found.
func (p *process) leftBehind() []int { return nil }

func (p *process) sendTo(_ []int, s syscall.Signal) { p.send(s) }

func socketsOf(int) []uint32 { return nil }

func programOf(int) string { return "" }
