package virtual

import (
	"context"
	"net"
	"sync"
	"syscall"
	"time"
)

// A Network is addresses, who listens there, and who has connected. It must be made in the bubble that it is used in.
type Network struct {
	mu        sync.Mutex
	port      int
	listeners map[int]*Listener
	holes     map[int]hole
	conns     []*Conn
	closed    chan struct{}
	once      sync.Once
	room      int // bytes of a direction that wait to be read before a write has to
	made      int // connections since it was begun
}

// A hole is an address where nobody accepts.
type hole struct {
	silent bool // a connect gets no answer; else it is refused
	tried  func()
}

// firstPort is where the ports begin that a network gives.
const firstPort = 10_000

// room is how many bytes of a direction wait to be read before a write has to, unless [Network.Begin] says otherwise.
const room = 256 << 10

// Begin has the next connection be the first again, as far as its hops go: what is done then, and again after another Begin, takes
// equally long. Each direction has room for so many bytes that wait to be read; 0 is as many as usual.
func (n *Network) Begin(bytes int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.made, n.room = 0, bytes; bytes == 0 {
		n.room = room
	}
}

// New is a network without anybody.
func New() *Network {
	return &Network{room: room, port: firstPort, listeners: map[int]*Listener{}, holes: map[int]hole{}, closed: make(chan struct{})}
}

// Close ends every connection and every listener.
func (n *Network) Close() {
	n.once.Do(func() { close(n.closed) })
	n.mu.Lock()
	conns, listeners := n.conns, n.listeners
	n.conns, n.listeners = nil, map[int]*Listener{}
	n.mu.Unlock()
	for _, l := range listeners {
		_ = l.Close()
	}
	for _, c := range conns {
		c.Abort()
	}
}

func (n *Network) next() *net.TCPAddr {
	n.port++
	return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1).To4(), Port: n.port}
}

// Listen listens at a new address. What is asked for is not looked at: there is room for everybody.
func (n *Network) Listen(string) (net.Listener, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	l := &Listener{network: n, addr: n.next(), more: make(chan struct{}, 1), closed: make(chan struct{})}
	n.listeners[l.addr.Port] = l
	return l, nil
}

// Shut holds a new address where nobody accepts: a connect is refused or, if it is to be silent, gets no answer. tried is called for
// each.
func (n *Network) Shut(silent bool, tried func()) (addr net.Addr, release func()) {
	n.mu.Lock()
	defer n.mu.Unlock()
	at := n.next()
	n.holes[at.Port] = hole{silent, tried}
	return at, func() {
		n.mu.Lock()
		defer n.mu.Unlock()
		delete(n.holes, at.Port)
	}
}

// Dial connects to an address of the network, of the form host:port. The error is that of the kernel: a refusal, or the context's end
// as a timeout.
func (n *Network) Dial(ctx context.Context, address string) (net.Conn, error) {
	at, err := net.ResolveTCPAddr("tcp", address)
	if err != nil {
		return nil, err
	}
	failed := func(err error) error { return &net.OpError{Op: "dial", Net: "tcp", Addr: at, Err: err} }
	time.Sleep(hop)
	n.mu.Lock()
	l, listens := n.listeners[at.Port]
	hole, shut := n.holes[at.Port]
	n.mu.Unlock()
	if shut {
		hole.tried()
		if hole.silent {
			select {
			case <-ctx.Done():
				return nil, failed(ctx.Err())
			case <-n.closed:
			}
		}
	}
	if ctx.Err() != nil {
		return nil, failed(ctx.Err())
	}
	if !listens {
		return nil, failed(syscallError("connect", syscall.ECONNREFUSED))
	}
	n.mu.Lock()
	p := newPair(n.room, n.made, n.next(), l.addr)
	n.made++
	n.conns = append(n.conns, &p.a, &p.b)
	n.mu.Unlock()
	if !l.put(&p.b) {
		return nil, failed(syscallError("connect", syscall.ECONNREFUSED))
	}
	time.Sleep(hop) // the answer comes when it is known there
	return &p.a, nil
}

// A Listener accepts connections.
type Listener struct {
	network *Network
	addr    *net.TCPAddr

	mu      sync.Mutex
	waiting []*Conn
	more    chan struct{}
	closed  chan struct{}
	once    sync.Once
}

func (l *Listener) put(c *Conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case <-l.closed:
		return false
	default:
	}
	l.waiting = append(l.waiting, c)
	select {
	case l.more <- struct{}{}:
	default:
	}
	return true
}

// Accept implements [net.Listener].
func (l *Listener) Accept() (net.Conn, error) {
	for {
		l.mu.Lock()
		if len(l.waiting) > 0 {
			c := l.waiting[0]
			l.waiting = l.waiting[1:]
			l.mu.Unlock()
			return c, nil
		}
		l.mu.Unlock()
		select {
		case <-l.more:
		case <-l.closed:
			return nil, &net.OpError{Op: "accept", Net: "tcp", Addr: l.addr, Err: net.ErrClosed}
		}
	}
}

// Close implements [net.Listener]. Who waits to be accepted is reset.
func (l *Listener) Close() error {
	err := &net.OpError{Op: "close", Net: "tcp", Addr: l.addr, Err: net.ErrClosed}
	done := false
	l.once.Do(func() {
		close(l.closed)
		done = true
	})
	if !done {
		return err
	}
	l.network.mu.Lock()
	delete(l.network.listeners, l.addr.Port)
	l.network.mu.Unlock()
	l.mu.Lock()
	waiting := l.waiting
	l.waiting = nil
	l.mu.Unlock()
	for _, c := range waiting {
		c.Abort()
	}
	return nil
}

// Addr implements [net.Listener].
func (l *Listener) Addr() net.Addr { return l.addr }
