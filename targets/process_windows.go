package targets

import (
	"os"
	"os/exec"
	"syscall"
)

func processAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{CreationFlags: syscall.CREATE_NEW_PROCESS_GROUP}
}

func awaitEnd(cmd *exec.Cmd) { cmd.Wait() }

// Windows has no SIGTERM and no groups to signal: the process alone is ended, at once.
func terminateGroup(pid int) { killGroup(pid) }

func killGroup(pid int) {
	if p, err := os.FindProcess(pid); err == nil {
		p.Kill()
		p.Release()
	}
}

func nudgeProcess(int) {}

func descendants(group int, mark string) []int { return nil }

func processes() []int { return nil }

func killMarked(pid int, mark string) {}

func signalOf(state *os.ProcessState, asked bool) string { return "" }

func maxRSS(state *os.ProcessState) int64 { return 0 }
