package virtual_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	. "github.com/onsi/gomega"
	"golang.org/x/net/nettest"

	"github.com/faultwire/faultwire/proxy/virtual"
)

// conn is what both kinds of connection can do.
type conn interface {
	net.Conn
	CloseWrite() error
	SetLinger(int) error
}

func connected(t testing.TB, listen func() (net.Listener, error), dial func(string) (net.Conn, error)) (ours, peers conn) {
	l, err := listen()
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	a, err := dial(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	b, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	return a.(conn), b.(conn)
}

func ofTheKernel(t testing.TB) (conn, conn) {
	return connected(t, func() (net.Listener, error) { return net.Listen("tcp", "127.0.0.1:0") }, func(at string) (net.Conn, error) { return net.Dial("tcp", at) })
}

func inMemory(t testing.TB) (conn, conn) {
	n := virtual.New()
	return connected(t, func() (net.Listener, error) { return n.Listen("") }, func(at string) (net.Conn, error) { return n.Dial(context.Background(), at) })
}

func outcome(n int, err error) string {
	for name, known := range map[string]error{"EOF": io.EOF, "ECONNRESET": syscall.ECONNRESET, "EPIPE": syscall.EPIPE, "closed": net.ErrClosed, "timeout": os.ErrDeadlineExceeded} {
		if errors.Is(err, known) {
			return name
		}
	}
	if err != nil {
		return err.Error()
	}
	return fmt.Sprint(n)
}

// play does what the script says on our side, or the peer's, and says what our side is told. Between the peer's act and ours there is
// a moment, which the kernel needs.
func play(ours, peers conn, script string, moment time.Duration) string {
	var told []string
	for _, step := range strings.Fields(script) {
		buf := make([]byte, 4096)
		switch step {
		case "read":
			_ = ours.SetReadDeadline(time.Now().Add(200 * time.Millisecond))
			told = append(told, outcome(ours.Read(buf)))
		case "write":
			told = append(told, outcome(ours.Write([]byte("hello"))))
		case "shut":
			told = append(told, outcome(0, ours.CloseWrite()))
		case "close":
			told = append(told, outcome(0, ours.Close()))
		case "peer-sends":
			_, _ = peers.Write([]byte("five!"))
		case "peer-reads":
			_, _ = peers.Read(buf)
		case "peer-shuts":
			_ = peers.CloseWrite()
		case "peer-closes":
			_ = peers.Close()
		case "peer-resets":
			_ = peers.SetLinger(0)
			_ = peers.Close()
		}
		time.Sleep(moment)
	}
	return strings.Join(told, " ")
}

// What a socket is told is what Linux tells one.
func TestToldAsByTheKernel(t *testing.T) {
	for _, script := range []string{
		"peer-closes read read write write read",
		"peer-closes write write read",
		"peer-resets read read write",
		"peer-resets write write read",
		"peer-sends peer-resets read read read",
		"peer-sends peer-resets write read read",
		"peer-shuts peer-resets read read",
		"peer-sends peer-shuts peer-resets read read read",
		"shut peer-resets read",
		"shut write peer-sends read",
		"write peer-sends peer-closes read read",
		"write peer-reads peer-sends peer-closes read read write",
		"write peer-closes read read",
		"peer-shuts read write write read",
		"peer-sends read close read write",
		"read write close close",
		"shut read peer-sends read peer-closes read",
	} {
		t.Run(script, func(t *testing.T) {
			ours, peers := ofTheKernel(t)
			want := play(ours, peers, script, 3*time.Millisecond)
			_, _ = ours.Close(), peers.Close()
			synctest.Test(t, func(t *testing.T) {
				ours, peers := inMemory(t)
				NewWithT(t).Expect(play(ours, peers, script, time.Millisecond)).To(Equal(want))
				_, _ = ours.Close(), peers.Close()
			})
		})
	}
}

func TestItIsANetworkConnection(t *testing.T) {
	nettest.TestConn(t, func() (c1, c2 net.Conn, stop func(), err error) {
		a, b := inMemory(t)
		return a, b, func() { _, _ = a.Close(), b.Close() }, nil
	})
}

// What is written at once is never read together with what was written after it.
func TestWritesAreKeptApart(t *testing.T) {
	g := NewWithT(t)
	a, b := inMemory(t)
	for _, s := range []string{"one", "two", "three"} {
		_, err := a.Write([]byte(s))
		g.Expect(err).NotTo(HaveOccurred())
	}
	buf := make([]byte, 100)
	for _, want := range []string{"one", "two", "three"} {
		n, err := b.Read(buf)
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(string(buf[:n])).To(Equal(want))
	}
}

// A connect is refused where nobody listens, and unanswered where nobody accepts.
func TestConnects(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewWithT(t)
		n := virtual.New()
		_, err := n.Dial(t.Context(), "127.0.0.1:1")
		g.Expect(err).To(MatchError(syscall.ECONNREFUSED))
		tried := 0
		at, release := n.Shut(true, func() { tried++ })
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		began := time.Now()
		_, err = n.Dial(ctx, at.String())
		g.Expect(err).To(MatchError(context.DeadlineExceeded))
		g.Expect(time.Since(began)).To(Equal(30 * time.Second))
		g.Expect(tried).To(Equal(1))
		release()
		at, _ = n.Shut(false, func() {})
		_, err = n.Dial(t.Context(), at.String())
		g.Expect(err).To(MatchError(syscall.ECONNREFUSED))
	})
}

// Who writes more than there is room for waits until it is read.
func TestThereIsOnlySoMuchRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewWithT(t)
		a, b := inMemory(t)
		_ = a.SetWriteDeadline(time.Now().Add(time.Second))
		n, err := a.Write(make([]byte, 1<<20))
		g.Expect(err).To(MatchError(os.ErrDeadlineExceeded))
		g.Expect(n).To(Equal(256 << 10))
		go func() { _, _ = io.Copy(io.Discard, b) }()
		_ = a.SetWriteDeadline(time.Time{})
		g.Expect(a.Write(make([]byte, 1<<20))).To(Equal(1 << 20))
		_ = a.Close()
		synctest.Wait()
		_ = b.Close()
	})
}

// What is sent in one instant on several connections is told at several, and each time at the same.
func TestNoTwoThingsInOneInstant(t *testing.T) {
	var first []time.Duration
	for range 20 {
		synctest.Test(t, func(t *testing.T) {
			g := NewWithT(t)
			n := virtual.New()
			l, err := n.Listen("")
			g.Expect(err).NotTo(HaveOccurred())
			for range 2 { // begun again, it is the same again
				n.Begin(0)
				var ours, peers []net.Conn
				for range 20 {
					c, err := n.Dial(t.Context(), l.Addr().String())
					g.Expect(err).NotTo(HaveOccurred())
					p, err := l.Accept()
					g.Expect(err).NotTo(HaveOccurred())
					ours, peers = append(ours, c), append(peers, p)
				}
				began := time.Now()
				came := make([]time.Duration, len(ours))
				var all sync.WaitGroup
				for i := range ours {
					all.Go(func() {
						_, _ = peers[i].Read(make([]byte, 1))
						came[i] = time.Since(began)
					})
					all.Go(func() { _, _ = ours[i].Write([]byte("!")) })
				}
				all.Wait()
				if first == nil {
					first = came
				}
				g.Expect(came).To(Equal(first))
				g.Expect(slices.Compact(slices.Sorted(slices.Values(came)))).To(HaveLen(len(ours)))
			}
			n.Close()
		})
	}
}

// A network can be begun with less room, and a goodbye still finds some.
func TestLessRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewWithT(t)
		n := virtual.New()
		n.Begin(1000)
		a, b := connected(t, func() (net.Listener, error) { return n.Listen("") }, func(at string) (net.Conn, error) { return n.Dial(t.Context(), at) })
		_ = a.SetWriteDeadline(time.Now().Add(time.Second))
		sent, err := a.Write(make([]byte, 5000))
		g.Expect(err).To(MatchError(os.ErrDeadlineExceeded))
		g.Expect(sent).To(Equal(1000))
		_ = a.SetWriteDeadline(time.Time{})
		g.Expect(a.Write([]byte("goodbye"))).To(Equal(7))
		_, _ = a.Close(), b.Close()
	})
}
