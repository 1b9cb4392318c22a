package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

func dieWithUs(a *syscall.SysProcAttr) { a.Pdeathsig = syscall.SIGKILL }

// awaitEnd returns when the process has ended and leaves it unreaped: as long as it is a zombie, its number and its group's
// are nobody else's.
func awaitEnd(cmd *exec.Cmd) {
	for errors.Is(unix.Waitid(unix.P_PID, cmd.Process.Pid, nil, unix.WEXITED|unix.WNOWAIT, nil), unix.EINTR) {
	}
}

// leftBehind are the processes of the command but for the first.
func (p *process) leftBehind() (left []int) {
	entries, _ := os.ReadDir("/proc") // what could be read counts
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil || pid == p.cmd.Process.Pid {
			continue
		}
		group, err := unix.Getpgid(pid)
		if err == nil && (group == p.cmd.Process.Pid && !isZombie(pid) || p.marked(pid)) {
			left = append(left, pid)
		}
	}
	return left
}

// isZombie: the state in /proc/<pid>/stat stands behind the name in brackets.
func isZombie(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	at := bytes.LastIndex(stat, []byte(") ")) + 2
	return err != nil || at >= len(stat) || stat[at] == 'Z' || stat[at] == 'X'
}

// marked reports whether the process was started, by whatever steps, by the command.
func (p *process) marked(pid int) bool {
	environ, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
	return err == nil && bytes.Contains(environ, []byte(runMark+"="+p.mark))
}

// sendTo signals the command's group, and those that have left it.
func (p *process) sendTo(left []int, s syscall.Signal) {
	p.send(s)
	for _, pid := range left {
		// The handle is taken first, so that the number cannot come to mean another process in between.
		if found, err := os.FindProcess(pid); err == nil {
			if group, err := unix.Getpgid(pid); err == nil && group != p.cmd.Process.Pid && p.marked(pid) {
				_ = found.Signal(s)
			}
			_ = found.Release()
		}
	}
}

// socketsOf are the inodes of the sockets that the process holds.
func socketsOf(pid int) (inodes []uint32) {
	dir := fmt.Sprintf("/proc/%d/fd/", pid)
	entries, _ := os.ReadDir(dir) // a process that has gone holds none
	for _, e := range entries {
		link, err := os.Readlink(dir + e.Name())
		if err != nil {
			continue
		}
		if number, ok := strings.CutPrefix(link, "socket:["); ok {
			if inode, err := strconv.ParseUint(strings.TrimSuffix(number, "]"), 10, 32); err == nil {
				inodes = append(inodes, uint32(inode))
			}
		}
	}
	return inodes
}

// programOf is the process's name, as it or who started it has it.
func programOf(pid int) string {
	name, _ := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid))
	return strings.ToValidUTF8(strings.TrimSuffix(string(name), "\n"), "?")
}
