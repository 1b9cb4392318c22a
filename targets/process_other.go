//go:build unix && !linux

package targets

import (
	"os/exec"
	"syscall"
)

func processAttributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

func awaitEnd(cmd *exec.Cmd) { cmd.Wait() }

// descendants are unknown without /proc: the group is killed, who left it is not found.
func descendants(group int, mark string) []int { return nil }

func processes() []int { return nil }

func killMarked(pid int, mark string) {}
