package main

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strconv"
	"sync"
	"time"

	"github.com/faultwire/faultwire/proxy"
	"github.com/faultwire/faultwire/proxy/sockdiag"
)

// A bypass is a connection of the command that went to an upstream past its wire.
type bypass struct {
	From    netip.AddrPort `json:"from"`
	To      netip.AddrPort `json:"to"`
	PID     int            `json:"pid"`
	Program string         `json:"program"`
	At      time.Duration  `json:"at_ns"` // since the command's start
}

// A lookout looks for bypasses. The kernel announces a connection to nobody, so it is asked every few milliseconds.
//
// Whoever holds a connection at that moment is known. One that came and went between two looks leaves a socket in TIME-WAIT
// that nobody holds, if the side that closed first is on this machine. Such sockets are counted: if they are more than the
// wire can have left, the rest went past it, by the command or by another program. What leaves no socket is not seen: a
// connection that was reset between two looks, one that a server elsewhere closed first, one of another network namespace.
type lookout struct {
	routes  []*route
	diag    *sockdiag.Conn
	unable  error // why it cannot see, if it cannot
	command *process
	stop    chan struct{}
	looking sync.WaitGroup
}

// A route is the way to one upstream that does not lead through its wire.
type route struct {
	up       *upstream
	port     uint16
	addrs    map[netip.Addr]bool
	local    bool // the upstream is on this machine
	seen     map[netip.AddrPort]sighting
	bypasses []bypass
}

// A sighting is the latest connection seen from a port.
type sighting struct {
	inode uint32
	whose owner
}

// An owner is whose a connection is.
type owner int

const (
	ofNobody  owner = iota // it was over before that could be seen
	ofWire                 // a relay's
	ofCommand              // a bypass
	ofOther                // another program's, or older than the command
)

// lookEvery is the pause between two looks. It is four times as long as a look if that is more: the kernel walks its whole
// table, which takes it some milliseconds where that is large.
const lookEvery = 5 * time.Millisecond

// newLookout takes note of the connections that there are before the command.
func newLookout(all upstreams) *lookout {
	l := &lookout{stop: make(chan struct{})}
	if l.diag, l.unable = sockdiag.Open(); l.unable != nil {
		return l
	}
	for _, u := range all {
		r, err := newRoute(u)
		if err != nil {
			l.unable = err
			return l
		}
		l.routes = append(l.routes, r)
	}
	for _, r := range l.routes {
		l.look(r, true)
		for from, s := range r.seen {
			r.seen[from] = sighting{s.inode, ofOther}
		}
	}
	return l
}

func newRoute(u *upstream) (*route, error) {
	host, port, err := net.SplitHostPort(u.addr)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), graceToEnd)
	defer cancel()
	number, err := net.DefaultResolver.LookupPort(ctx, "tcp", port)
	if err != nil {
		return nil, err
	}
	addrs, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return nil, err
	}
	r := &route{up: u, port: uint16(number), addrs: map[netip.Addr]bool{}, seen: map[netip.AddrPort]sighting{}}
	ours := map[netip.Addr]bool{}
	interfaces, _ := net.InterfaceAddrs() // without them an upstream on this machine is known by the address given alone
	for _, i := range interfaces {
		if prefix, err := netip.ParsePrefix(i.String()); err == nil {
			ours[prefix.Addr()] = true
		}
	}
	for _, a := range addrs {
		a = a.Unmap().WithZone("")
		r.addrs[a] = true
		r.local = r.local || a.IsLoopback() || a.IsUnspecified() || ours[a]
	}
	if r.local { // by whatever address: it may listen on all
		for a := range ours {
			r.addrs[a] = true
		}
	}
	return r, nil
}

func (r *route) leadsTo(a netip.Addr) bool { return r.addrs[a] || r.local && a.IsLoopback() }

// follow begins to look at what the command does.
func (l *lookout) follow(p *process) {
	l.command = p
	if l.unable != nil {
		return
	}
	l.looking.Go(func() {
		for {
			began := time.Now()
			for _, r := range l.routes {
				l.look(r, false)
			}
			select {
			case <-l.stop:
				return
			case <-time.After(max(lookEvery, 4*time.Since(began))):
			}
		}
	})
}

// finish looks for the last time, when the command has ended and its wires are quiet.
func (l *lookout) finish() {
	close(l.stop)
	l.looking.Wait()
	for _, r := range l.routes {
		l.look(r, true)
	}
}

func (l *lookout) close() {
	if l.diag != nil {
		_ = l.diag.Close()
	}
}

// look takes note of new connections. It also looks at what is over where the server closed first, if asked to.
func (l *lookout) look(r *route, over bool) {
	if l.unable != nil {
		return
	}
	sockets, err := l.diag.List(sockdiag.Filter{RemotePort: r.port})
	if err != nil {
		l.unable = err
		return
	}
	var fresh []sockdiag.Socket
	for _, s := range sockets {
		if s.State != sockdiag.Listen && r.leadsTo(s.Remote.Addr()) && r.note(s.Local, s.Inode) && s.Inode != 0 {
			fresh = append(fresh, s)
		}
	}
	if len(fresh) > 0 {
		l.attribute(r, fresh)
	}
	if !over || !r.local {
		return
	}
	sockets, err = l.diag.List(sockdiag.Filter{LocalPort: r.port, States: []sockdiag.State{sockdiag.TimeWait, sockdiag.FinWait2}})
	if err != nil {
		l.unable = err
		return
	}
	for _, s := range sockets {
		if r.leadsTo(s.Local.Addr()) {
			r.note(s.Remote, 0)
		}
	}
}

// note reports whether the connection was not known.
func (r *route) note(from netip.AddrPort, inode uint32) bool {
	known, ok := r.seen[from]
	if ok && (inode == 0 || inode == known.inode) {
		return false
	}
	r.seen[from] = sighting{inode: inode}
	return true
}

// attribute finds out whose the connections are.
func (l *lookout) attribute(r *route, fresh []sockdiag.Socket) {
	holder := map[uint32]int{}
	us := os.Getpid()
	if l.command != nil {
		for _, pid := range append(l.command.leftBehind(), l.command.cmd.Process.Pid) {
			for _, inode := range socketsOf(pid) {
				holder[inode] = pid
			}
		}
	}
	for _, inode := range socketsOf(us) {
		holder[inode] = us
	}
	for _, s := range fresh {
		whose := ofNobody
		switch pid := holder[s.Inode]; {
		case pid == us:
			whose = ofWire
		case pid != 0:
			whose = ofCommand
			r.bypasses = append(r.bypasses, bypass{From: s.Local, To: s.Remote, PID: pid, Program: programOf(pid), At: time.Since(l.command.began)})
		default:
			// It may have been closed since it was seen. If it is still there, one that we know nothing of holds it.
			if now, ok, err := l.diag.Get(s.Local, s.Remote); err == nil && ok && now.Inode == s.Inode {
				whose = ofOther
			}
		}
		r.seen[s.Local] = sighting{s.Inode, whose}
	}
}

// unexplained is how many connections went past the wire at least, by whomever, of those that were over too soon.
func (r *route) unexplained(t proxy.Trace) int {
	dialled, over := t.Forgotten, 0
	for _, c := range t.Conns {
		if c.DialError == "" {
			dialled++
		}
	}
	for _, s := range r.seen {
		switch s.whose {
		case ofWire:
			dialled--
		case ofNobody:
			over++
		}
	}
	return max(0, over-max(0, dialled))
}

// of is the route to the upstream; nil if nobody looked.
func (l *lookout) of(u *upstream) *route {
	for _, r := range l.routes {
		if r.up == u {
			return r
		}
	}
	return nil
}

// notice says in words what was not looked at; empty if all was.
func (l *lookout) notice() string {
	if l.unable == nil {
		return ""
	}
	return fmt.Sprintf("whether connections went past the wire was not checked: %v", l.unable)
}

func (b bypass) String() string {
	return fmt.Sprintf("%s (process %d) went to %s directly, from port %d", strconv.QuoteToGraphic(b.Program), b.PID, b.To, b.From.Port())
}
