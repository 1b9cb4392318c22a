package targets

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/faultwire/faultwire/proxy/sockdiag"
)

// lookEvery is the pause between two looks at a program's connections, which the kernel announces to nobody: one that is shorter may
// be missed.
const lookEvery = 2 * time.Millisecond

// lookout notes where the program's connections lead, other than to the wire at addr, until it is stopped.
func (p *program) lookout(addr string) (stop func() []string) {
	diag, err := sockdiag.Open()
	if err != nil {
		return func() []string { return nil }
	}
	found, quit := map[string]bool{}, make(chan struct{})
	var looking sync.WaitGroup
	looking.Go(func() {
		defer diag.Close()
		for {
			for _, remote := range p.connections(diag) {
				if remote != addr {
					found[remote] = true
				}
			}
			select {
			case <-quit:
				return
			case <-p.done:
				return
			case <-time.After(lookEvery):
			}
		}
	})
	return func() []string {
		close(quit)
		looking.Wait()
		return slices.Sorted(maps.Keys(found))
	}
}

// connections are the remote ends of the program's TCP connections.
func (p *program) connections(diag *sockdiag.Conn) (remotes []string) {
	held := map[string]bool{}
	for _, pid := range p.pids() {
		for _, fd := range descriptors(pid) {
			if to, err := os.Readlink(fd); err == nil && strings.HasPrefix(to, "socket:") {
				held[to] = true
			}
		}
	}
	if len(held) == 0 {
		return nil
	}
	all, err := diag.List(sockdiag.Filter{})
	if err != nil {
		return nil
	}
	for _, s := range all {
		if s.Remote.Port() != 0 && held[fmt.Sprintf("socket:[%d]", s.Inode)] {
			remotes = append(remotes, s.Remote.String())
		}
	}
	return remotes
}

// pids are the program's processes that have not ended; none when the first has.
func (p *program) pids() (all []int) {
	p.mu.Lock() // while its number is its own
	defer p.mu.Unlock()
	if p.reaped {
		return nil
	}
	first := p.cmd.Process.Pid
	all = []int{first}
	for _, pid := range processes() {
		if group, err := unix.Getpgid(pid); pid != first && (err == nil && group == first || marked(pid, p.mark)) {
			all = append(all, pid)
		}
	}
	return all
}
