package targets

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
)

// awaitBound returns when a process of the program has a socket for datagrams to port, or with ctx. Nothing is sent there: a
// server would take it for its first client's. The kernel announces it to nobody, hence the poll.
func (p *program) awaitBound(ctx context.Context, port int) error {
	err := p.poll(ctx, pollEvery, func() bool {
		var mine map[uint32]bool // which takes longer to learn than who has the port: mostly nobody has
		return slices.ContainsFunc(udpSockets(), func(s udpSocket) bool {
			if s.port != port {
				return false
			}
			if mine == nil {
				mine = p.sockets()
			}
			return mine[s.inode]
		})
	})
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("%w%s", err, p.whereItIsBound(port))
	}
	return err
}

// whereItIsBound says what the program does instead of receiving where it should.
func (p *program) whereItIsBound(port int) string {
	mine := p.sockets()
	var elsewhere []string
	for _, s := range udpSockets() {
		switch {
		case mine[s.inode]:
			elsewhere = append(elsewhere, strconv.Itoa(s.port))
		case s.port == port:
			return "; the port is bound, but no process of the command holds it: run the server itself, in the foreground"
		}
	}
	if len(elsewhere) > 0 {
		return "; it receives datagrams on port " + strings.Join(elsewhere, ", ") + " instead: pass it {port}, or give that as its address"
	}
	return "; it has no socket for datagrams: does it take {port}, and is it of UDP?"
}

// A udpSocket is one that is bound.
type udpSocket struct {
	port  int
	inode uint32
}

// udpSockets are those of this network namespace, of both families. The second field of a line of /proc/net/udp is the local address
// and, behind a colon, the port, in hexadecimal; the tenth is the inode.
func udpSockets() (all []udpSocket) {
	for _, family := range []string{"/proc/net/udp", "/proc/net/udp6"} {
		text, _ := os.ReadFile(family) // without IPv6 there is no second
		for line := range strings.Lines(string(text)) {
			fields := strings.Fields(line)
			if len(fields) < 10 {
				continue
			}
			_, number, _ := strings.Cut(fields[1], ":")
			port, err := strconv.ParseUint(number, 16, 16)
			inode, err2 := strconv.ParseUint(fields[9], 10, 32)
			if err == nil && err2 == nil { // the heading is no socket
				all = append(all, udpSocket{int(port), uint32(inode)})
			}
		}
	}
	return all
}
