//go:build unix

package targets

import (
	"os"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

// A signal to a group that is gone already fails, and need not succeed.

func terminateGroup(pid int) { unix.Kill(-pid, unix.SIGTERM) }

func killGroup(pid int) { unix.Kill(-pid, unix.SIGKILL) }

// nudgeProcess sends what a terminal sends when its window is resized: who has not asked for it never hears of it.
func nudgeProcess(pid int) { unix.Kill(pid, unix.SIGWINCH) }

// signalOf names the signal that ended the process, unless the harness sent it.
func signalOf(state *os.ProcessState, asked bool) string {
	status, ok := state.Sys().(syscall.WaitStatus)
	if !ok || !status.Signaled() {
		return ""
	}
	s := status.Signal()
	if asked && (s == unix.SIGTERM || s == unix.SIGKILL) {
		return ""
	}
	return unix.SignalName(s)
}

// maxRSS is in bytes; Linux counts KiB (getrusage(2)).
func maxRSS(state *os.ProcessState) int64 {
	usage, ok := state.SysUsage().(*syscall.Rusage)
	if !ok {
		return 0
	}
	if runtime.GOOS == "darwin" || runtime.GOOS == "ios" {
		return int64(usage.Maxrss)
	}
	return int64(usage.Maxrss) << 10
}
