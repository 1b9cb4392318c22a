package targets

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// clockTick is the unit of CPU times in /proc: USER_HZ is 100 on every Linux.
const clockTick = 10 * time.Millisecond

func (p *program) usage() (u Usage, ok bool) {
	if p == nil {
		return u, false
	}
	for i, pid := range p.pids() {
		if running := u.add(pid); i == 0 && !running {
			return u, false
		}
		ok = true
	}
	return u, ok
}

// add counts the process; false if it has ended. What is behind the name in /proc/<pid>/stat begins with its state; the 12th
// and 13th fields from there are its CPU times, the 18th its threads, the 22nd its resident pages: proc(5).
func (u *Usage) add(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	at := bytes.LastIndex(stat, []byte(") "))
	if err != nil || at < 0 {
		return false
	}
	fields := strings.Fields(string(stat[at+2:]))
	if len(fields) < 22 {
		return false
	}
	if fields[0] == "Z" || fields[0] == "X" {
		u.Zombies++
		return false
	}
	number := func(i int) int64 {
		n, _ := strconv.ParseInt(fields[i], 10, 64) // the kernel writes numbers there
		return n
	}
	u.Processes++
	u.addThreads(pid, time.Duration(number(11)+number(12))*clockTick)
	u.Threads += int(number(17))
	u.RSS += number(21) * int64(os.Getpagesize())
	u.Sockets += sockets(pid)
	return true
}

// addThreads counts the time that the process's threads have run, and for each that it has run or waited to run. A kernel that does not
// tell (CONFIG_SCHED_INFO) leaves the time that they have run, in ticks.
func (u *Usage) addThreads(pid int, ran time.Duration) {
	paths, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid))
	var all time.Duration
	for _, path := range paths {
		thread, _ := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		if ran, waited, ok := schedstat(path); ok {
			if u.wanted == nil {
				u.wanted = map[int]time.Duration{}
			}
			u.wanted[thread] = ran + waited
			all += ran
		}
	}
	if all == 0 {
		all = ran
	}
	u.Busy += all
}

// schedstat is how long a thread has run, and how long it has waited to run while others had the processor; see "schedstats" in the kernel's
// documentation. False if the thread has ended, or the kernel does not tell (CONFIG_SCHED_INFO).
func schedstat(path string) (ran, waited time.Duration, ok bool) {
	text, err := os.ReadFile(path)
	if err != nil {
		return 0, 0, false
	}
	_, err = fmt.Sscan(string(text), (*int64)(&ran), (*int64)(&waited)) // in nanoseconds
	return ran, waited, err == nil
}

func sockets(pid int) (n int) {
	for _, fd := range descriptors(pid) {
		if to, err := os.Readlink(fd); err == nil && strings.HasPrefix(to, "socket:") {
			n++
		}
	}
	return n
}

func descriptors(pid int) (paths []string) {
	dir, err := os.Open(fmt.Sprintf("/proc/%d/fd", pid))
	if err != nil {
		return nil
	}
	defer dir.Close()
	names, _ := dir.Readdirnames(-1) // what could be read counts
	for _, name := range names {
		paths = append(paths, dir.Name()+"/"+name)
	}
	return paths
}

func (p *program) limitDescriptors(more int) bool {
	if p == nil {
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.reaped {
		return false
	}
	pid := p.cmd.Process.Pid
	var limit unix.Rlimit
	if err := unix.Prlimit(pid, unix.RLIMIT_NOFILE, nil, &limit); err != nil {
		return false
	}
	limit.Cur = min(limit.Max, uint64(len(descriptors(pid))+more))
	return unix.Prlimit(pid, unix.RLIMIT_NOFILE, &limit, nil) == nil
}
