package control_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime/debug"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	toxiclient "github.com/Shopify/toxiproxy/v2/client"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/gleak"

	"github.com/faultwire/faultwire/proxy/control"
)

// A change of toxics is a kind of toxic and two settings of it.
type change struct {
	kind        string
	first, next toxiclient.Attributes
}

// delays let every byte arrive in the end, and the end behind it.
var delays = []change{
	{"latency", toxiclient.Attributes{"latency": 10_000}, toxiclient.Attributes{"latency": 1, "jitter": 1}},
	{"latency", toxiclient.Attributes{"latency": 2, "jitter": 2}, toxiclient.Attributes{"latency": 0}},
	{"bandwidth", toxiclient.Attributes{"rate": 0}, toxiclient.Attributes{"rate": 10_000}},
	{"bandwidth", toxiclient.Attributes{"rate": 1}, toxiclient.Attributes{"rate": 1_000_000}},
	{"slicer", toxiclient.Attributes{"average_size": 1000, "size_variation": 500, "delay": 10},
		toxiclient.Attributes{"average_size": 100, "size_variation": 50}},
	{"slow_close", toxiclient.Attributes{"delay": 10_000}, toxiclient.Attributes{"delay": 1}},
	{"coalesce", toxiclient.Attributes{"size": 60_000, "delay": 10_000}, toxiclient.Attributes{"size": 1000, "delay": 1}},
	{"slice", toxiclient.Attributes{"every": 5000}, toxiclient.Attributes{"every": 700, "variation": 100}},
	{"stall", nil, nil},
}

// cuts end connections: what arrives is the beginning of what was sent.
var cuts = append([]change{
	{"limit_data", toxiclient.Attributes{"bytes": 10_000}, toxiclient.Attributes{"bytes": 5000}},
	{"reset_peer", toxiclient.Attributes{"timeout": 1}, toxiclient.Attributes{"timeout": 0}},
	{"timeout", toxiclient.Attributes{"timeout": 0}, toxiclient.Attributes{"timeout": 3}},
	{"close", nil, nil},
	{"half_close", nil, nil},
}, delays...)

// crowd is how many connections there are at a time through one proxy.
const crowd = 100

// Connections are opened, aborted, half-closed and reset while toxics are added, updated and removed by Toxiproxy's own client:
// no panic, no deadlock, no leak, no byte lost. FAULTWIRE_SOAK is how long, FAULTWIRE_SOAK_CONNS how many connections at a time.
func TestSoak(t *testing.T) {
	g := NewWithT(t)
	length, many := 3*time.Second, 200
	if s := os.Getenv("FAULTWIRE_SOAK"); s != "" {
		length = must(time.ParseDuration(s))
	}
	if s := os.Getenv("FAULTWIRE_SOAK_CONNS"); s != "" {
		many = must(strconv.Atoi(s))
	}
	rest := time.Duration(many) * 10 * time.Millisecond // many connections, mostly at rest: a few hundred a second come and go
	before := gleak.Goroutines()
	upstream := newSource()
	server := control.New(control.Options{Seed: 1})
	h := httptest.NewServer(server.Handler())
	toxi := toxiclient.NewClient(h.URL)
	var changers, clients sync.WaitGroup
	var changed, opened, whole atomic.Int64
	over := make(chan struct{})
	for i := range max(2, many/crowd) {
		promised, changes := i%2 == 0, cuts
		if promised {
			changes = delays
		}
		p := must(toxi.CreateProxy(fmt.Sprint("proxy", i), "127.0.0.1:0", upstream.Addr().String()))
		for _, name := range []string{"a", "b", "c"} {
			changers.Go(func() { changed.Add(alter(g, p, name, changes, over)) })
		}
		for range crowd {
			clients.Go(func() {
				for ended := false; !ended; {
					opened.Add(1)
					whole.Add(int64(visit(g, p.Listen, promised, rand.N(rest))))
					select {
					case <-over:
						ended = true
					default:
					}
				}
			})
		}
	}
	time.Sleep(length)
	close(over)
	promptly("the end of the changes", func() error { changers.Wait(); return nil })
	promptly("the end of the connections", func() error { clients.Wait(); return nil })
	promptly("closing", func() error {
		h.Close()
		server.Close()
		return upstream.Close()
	})
	upstream.conns.Wait()
	g.Expect(upstream.wrong()).To(BeEmpty())
	t.Logf("%d changes, %d connections, %d of which delivered everything", changed.Load(), opened.Load(), whole.Load())
	http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	g.Eventually(gleak.Goroutines).WithTimeout(20 * time.Second).ShouldNot(gleak.HaveLeaked(before))
}

// alter adds, updates and removes toxics until it is over, and leaves none. It returns how many changes it made.
func alter(g *WithT, p *toxiclient.Proxy, name string, changes []change, over <-chan struct{}) (n int64) {
	pause := func() { time.Sleep(rand.N(10 * time.Millisecond)) }
	for {
		select {
		case <-over:
			return n
		default:
		}
		c := changes[rand.IntN(len(changes))]
		stream := []string{"upstream", "downstream"}[rand.IntN(2)]
		g.Expect(promptly("adding "+c.kind, func() error {
			_, err := p.AddToxic(name, c.kind, stream, 1, c.first)
			return err
		})).To(Succeed())
		pause()
		g.Expect(promptly("updating "+c.kind, func() error {
			_, err := p.UpdateToxic(name, 1, c.next)
			return err
		})).To(Succeed())
		pause()
		g.Expect(promptly("removing "+c.kind, func() error { return p.RemoveToxic(name) })).To(Succeed())
		n += 3
	}
}

// A greeting begins each stream: it says what follows.
type greeting struct {
	Seed     uint64 // of the bytes that follow
	Size     uint64 // how many
	Promised bool   // whether all of them arrive, and the end
	Reset    bool   // whether the server is to reset the connection in the middle
}

// visit makes one connection, of one kind or another, with a rest in its middle, and returns 1 if everything came back. If that
// is promised it must.
func visit(g *WithT, addr string, promised bool, rest time.Duration) int {
	c := must(net.Dial("tcp", addr)).(*net.TCPConn)
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(patience))
	kind := rand.IntN(8)
	hello := greeting{Seed: rand.Uint64(), Size: rand.Uint64N(8 << 10), Promised: promised && kind < 5, Reset: kind == 5}
	if kind == 0 {
		hello.Size *= 64
	}
	sent := make(chan struct{})
	var got *reader
	defer func() { <-sent }()
	switch send := func() {
		defer close(sent)
		all := hello.stream()
		_, _ = io.CopyN(c, all, hello.length()/2)
		time.Sleep(rest)
		_, _ = io.Copy(c, all)
	}; kind {
	case 6: // aborted while bytes are on their way in both directions
		go send()
		got = &reader{want: hello.stream()}
		_, _ = io.CopyN(got, c, rand.Int64N(int64(hello.Size)+1))
		_ = c.SetLinger(0)
		_ = c.Close()
	case 7: // closed, with what comes back unread
		hello.Size /= 4
		send()
		got = &reader{want: hello.stream()}
	default: // half-closed
		go func() {
			send()
			_ = c.CloseWrite()
		}()
		got = &reader{want: hello.stream()}
		_, err := io.Copy(got, c)
		hung(err)
		if err == nil && got.n == hello.length() {
			return 1
		}
		if hello.Promised {
			g.Expect(got.n).To(Equal(hello.length()), "%v", err)
			g.Expect(err).NotTo(HaveOccurred())
		}
	}
	g.Expect(got.wrong).NotTo(HaveOccurred())
	return 0
}

const greetingLength = 18

func (h greeting) length() int64 { return greetingLength + int64(h.Size) }

// stream is the greeting and what follows it.
func (h greeting) stream() io.Reader {
	var seed [32]byte
	binary.BigEndian.PutUint64(seed[:], h.Seed)
	return io.MultiReader(bytes.NewReader(must(binary.Append(nil, binary.BigEndian, h))),
		io.LimitReader(rand.NewChaCha8(seed), int64(h.Size)))
}

// A reader compares what comes, byte for byte, with the beginning of what was sent.
type reader struct {
	want  io.Reader
	n     int64
	wrong error
}

func (r *reader) Write(p []byte) (int, error) {
	want := make([]byte, len(p))
	n, _ := io.ReadFull(r.want, want)
	if !bytes.Equal(p, want[:n]) {
		r.wrong = fmt.Errorf("from byte %d on, %d bytes are not those that were sent", r.n, len(p))
		return 0, r.wrong
	}
	r.n += int64(len(p))
	return len(p), nil
}

// A source is a server that echoes, and checks what it is sent.
type source struct {
	net.Listener
	conns sync.WaitGroup
	mu    sync.Mutex
	found []error
}

func newSource() *source {
	s := &source{Listener: must(net.Listen("tcp", "127.0.0.1:0"))}
	s.conns.Go(func() {
		for {
			c, err := s.Accept()
			if err != nil {
				return
			}
			s.conns.Go(func() { s.serve(c.(*net.TCPConn)) })
		}
	})
	return s
}

func (s *source) serve(c *net.TCPConn) {
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(patience))
	var hello greeting
	head := make([]byte, greetingLength)
	if _, err := io.ReadFull(c, head); err != nil {
		hung(err)
		return
	}
	_ = must(binary.Decode(head, binary.BigEndian, &hello))
	got := &reader{want: hello.stream()}
	_, _ = got.Write(head)
	_, err := c.Write(head)
	if err == nil && hello.Reset {
		_, _ = io.CopyN(io.MultiWriter(got, c), c, int64(hello.Size)/2)
		_ = c.SetLinger(0)
	} else if err == nil {
		_, err = io.Copy(io.MultiWriter(got, c), c)
		hung(err)
	}
	if hello.Promised && got.wrong == nil && (err != nil || got.n != hello.length()) {
		got.wrong = fmt.Errorf("%d of %d bytes arrived: %w", got.n, hello.length(), errors.Join(err))
	}
	if got.wrong != nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.found = append(s.found, got.wrong)
	}
}

func (s *source) wrong() []error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.found
}

// patience is how long anything may take; what takes longer is a deadlock.
const patience = 60 * time.Second

// promptly ends the test, with the stacks of all goroutines, if an operation hangs.
func promptly(what string, op func() error) error {
	done := make(chan error, 1)
	go func() { done <- op() }()
	select {
	case err := <-done:
		return err
	case <-time.After(patience):
		debug.SetTraceback("all")
		go panic(what + " hangs") // not here: the test's clean-up would hang, too
		select {}
	}
}

// hung does so if a connection did.
func hung(err error) {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		debug.SetTraceback("all")
		go panic("a connection hangs")
		select {}
	}
}
