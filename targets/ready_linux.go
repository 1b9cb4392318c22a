package targets

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"strconv"
	"strings"

	"github.com/faultwire/faultwire/proxy/sockdiag"
)

// awaitListen returns when a process of the program listens for connections to port, or with ctx. It asks the kernel and
// makes no connection, which a server that accepts once would take for its client. The kernel announces a LISTEN to nobody,
// hence the poll.
func (p *program) awaitListen(ctx context.Context, port int) error {
	diag, err := sockdiag.Open()
	if errors.Is(err, sockdiag.ErrUnsupported) {
		return p.awaitTaken(ctx, tcp, port)
	}
	if err != nil {
		return err
	}
	defer diag.Close()
	at := netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), uint16(port))
	var failed error
	err = p.poll(ctx, pollEvery, func() bool {
		s, found, err := diag.Get(at, netip.AddrPort{})
		if err != nil {
			failed = err
			return true
		}
		listens := found && p.sockets()[s.Inode]
		if listens && hasEnded(p.cmd) {
			failed = errEnded // it has left another process behind, which nobody starts or ends
		}
		return listens
	})
	if failed != nil {
		return failed
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("%w%s", err, p.whereItListens(diag, port))
	}
	return err
}

// whereItListens says what the program does instead of listening where it should.
func (p *program) whereItListens(diag *sockdiag.Conn, port int) string {
	all, err := diag.List(sockdiag.Filter{States: []sockdiag.State{sockdiag.Listen}})
	if err != nil {
		return ""
	}
	mine := p.sockets()
	var elsewhere []string
	for _, s := range all {
		switch {
		case mine[s.Inode]:
			elsewhere = append(elsewhere, s.Local.String())
		case int(s.Local.Port()) == port:
			return "; the port is in LISTEN, but no process of the command holds it: run the server itself, in the foreground"
		}
	}
	if len(elsewhere) > 0 {
		return "; it listens on " + strings.Join(elsewhere, ", ") + " instead: pass it {port}, or give that as its address"
	}
	return "; it listens nowhere: does it take {port}, and say so when it fails?"
}

// sockets are the inodes of the sockets that the program's processes hold.
func (p *program) sockets() map[uint32]bool {
	found := map[uint32]bool{}
	first := p.cmd.Process.Pid
	for _, pid := range append(descendants(first, p.mark), first) {
		dir := fmt.Sprintf("/proc/%d/fd/", pid)
		entries, _ := os.ReadDir(dir) // a process that has gone holds none
		for _, e := range entries {
			link, err := os.Readlink(dir + e.Name())
			if err != nil {
				continue
			}
			if number, ok := strings.CutPrefix(link, "socket:["); ok {
				if inode, err := strconv.ParseUint(strings.TrimSuffix(number, "]"), 10, 32); err == nil {
					found[uint32(inode)] = true
				}
			}
		}
	}
	return found
}
