package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/faultwire/faultwire/suites/cases"
)

// systemFindings are what only Linux can be asked.
func systemFindings() (all findings) {
	if err := sendQueue(); err != nil {
		all = append(all, finding{less, "sight of the send queue (SIOCOUTQ)", fmt.Sprintf("%v; a reset may overtake what was sent before it", reasonOf(err))})
	} else {
		all = append(all, finding{ok, "sight of the send queue (SIOCOUTQ)", "works; a reset comes behind what was sent"})
	}
	_, watch := needing(func(c cases.Case) bool { return c.Watch != nil })
	if _, err := os.ReadDir("/proc/self/fd"); err != nil {
		all = append(all, finding{less, "sight of processes (/proc)", fmt.Sprintf("%v; %s: these end as errors", reasonOf(err), watch)})
	} else {
		all = append(all, finding{ok, "sight of processes (/proc)", "works; " + watch})
	}
	return append(all, ports())
}

// sendQueue asks once how much of a connection's bytes is not acknowledged.
func sendQueue() error {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer l.Close()
	c, err := net.Dial("tcp4", l.Addr().String())
	if err != nil {
		return err
	}
	defer c.Close()
	raw, err := c.(*net.TCPConn).SyscallConn()
	if err != nil {
		return err
	}
	var answer error
	return errors.Join(raw.Control(func(fd uintptr) { _, answer = unix.IoctlGetInt(int(fd), unix.SIOCOUTQ) }), answer)
}

// ports says from where servers get their ports: beside the range of outgoing connections, one of which could take a port before its
// server does.
func ports() finding {
	const what = "ports of servers"
	var low, high int
	text, err := os.ReadFile("/proc/sys/net/ipv4/ip_local_port_range")
	if err == nil {
		_, err = fmt.Sscan(string(text), &low, &high)
	}
	switch {
	case err != nil:
		return finding{less, what, fmt.Sprintf("the range of outgoing connections is not known: %v", reasonOf(err))}
	case low-1024 < 1000 && 65535-high < 1000:
		return finding{less, what, fmt.Sprintf("outgoing connections may have nearly all ports, %d to %d, and take one before its server does; "+
			"leave some: sysctl net.ipv4.ip_local_port_range='32768 60999'", low, high)}
	}
	return finding{ok, what, fmt.Sprintf("beside %d to %d, which outgoing connections have", low, high)}
}

// processorQuota is how many processors the cgroup of this process may use; 0 is no limit, or none that can be seen.
func processorQuota() float64 {
	least := 0.0
	lower := func(quota, period string) {
		q, err := strconv.ParseFloat(quota, 64)
		p, err2 := strconv.ParseFloat(period, 64)
		if err == nil && err2 == nil && q > 0 && p > 0 && (least == 0 || q/p < least) {
			least = q / p
		}
	}
	// cgroup v2: each folder from this process's up to the root has a file with both numbers.
	text, _ := os.ReadFile("/proc/self/cgroup")
	at := "/"
	for line := range strings.Lines(string(text)) {
		if own, v2 := strings.CutPrefix(strings.TrimSpace(line), "0::"); v2 {
			at = own
		}
	}
	for ; ; at = path.Dir(at) {
		limit, _ := os.ReadFile(path.Join("/sys/fs/cgroup", at, "cpu.max"))
		if fields := strings.Fields(string(limit)); len(fields) == 2 {
			lower(fields[0], fields[1])
		}
		if at == "/" || at == "." {
			break
		}
	}
	quota, _ := os.ReadFile("/sys/fs/cgroup/cpu/cpu.cfs_quota_us") // v1
	period, _ := os.ReadFile("/sys/fs/cgroup/cpu/cpu.cfs_period_us")
	lower(strings.TrimSpace(string(quota)), strings.TrimSpace(string(period)))
	return least
}
