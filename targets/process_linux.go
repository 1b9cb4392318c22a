package targets

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// processAttributes give the process a group of its own, and let it die with the thread that starts it.
func processAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// awaitEnd returns when the process has ended and leaves it unreaped: as long as it is a zombie, its number and its
// group's are nobody else's.
func awaitEnd(cmd *exec.Cmd) {
	for {
		err := unix.Waitid(unix.P_PID, cmd.Process.Pid, nil, unix.WEXITED|unix.WNOWAIT, nil)
		if !errors.Is(err, unix.EINTR) {
			return
		}
	}
}

// hasEnded reports whether the process has ended, whether or not that was noticed.
func hasEnded(cmd *exec.Cmd) bool {
	var info unix.Siginfo
	err := unix.Waitid(unix.P_PID, cmd.Process.Pid, &info, unix.WEXITED|unix.WNOHANG|unix.WNOWAIT, nil)
	return errors.Is(err, unix.ECHILD) || err == nil && info.Signo != 0
}

// descendants are the processes of the group, and those that carry the mark in their environment wherever they have gone.
// What has ended and waits to be reaped does not count.
func descendants(group int, mark string) []int {
	var found []int
	for _, pid := range processes() {
		if pid == group {
			continue // the first process: waited for, not swept
		}
		if pgid, err := unix.Getpgid(pid); err == nil && pgid == group {
			if !zombie(pid) {
				found = append(found, pid)
			}
		} else if marked(pid, mark) {
			found = append(found, pid)
		}
	}
	return found
}

// processes are the numbers of all processes.
func processes() []int {
	dir, err := os.Open("/proc")
	if err != nil {
		return nil
	}
	defer dir.Close()
	names, _ := dir.Readdirnames(-1) // what could be read counts
	var pids []int
	for _, name := range names {
		if pid, err := strconv.Atoi(name); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids
}

// zombie reports whether the process has ended: the state in /proc/<pid>/stat stands behind the name in brackets.
func zombie(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	at := bytes.LastIndex(stat, []byte(") ")) + 2
	return err != nil || at >= len(stat) || stat[at] == 'Z' || stat[at] == 'X'
}

// marked reports whether the process was started, by whatever steps, by the program with the mark.
func marked(pid int, mark string) bool {
	environ, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
	return err == nil && bytes.Contains(environ, []byte(marker+"="+mark))
}

// killMarked kills the process if it carries the mark. The handle is taken first, so that the number cannot come to mean
// another process in between.
func killMarked(pid int, mark string) {
	p, err := os.FindProcess(pid)
	if err != nil {
		return
	}
	defer p.Release()
	if marked(pid, mark) {
		p.Kill()
	}
}
