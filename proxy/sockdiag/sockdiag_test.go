//go:build linux

package sockdiag_test

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"testing"

	. "github.com/onsi/gomega"
	"golang.org/x/sys/unix"

	"github.com/faultwire/faultwire/proxy/sockdiag"
)

func open(t testing.TB) *sockdiag.Conn {
	t.Helper()
	c, err := sockdiag.Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// pair is an established connection: the accepted and the dialled end.
func pair(t testing.TB, network, addr string) (accepted, dialled *net.TCPConn) {
	t.Helper()
	l := listen(t, network, addr)
	to := l.Addr().(*net.TCPAddr)
	if to.IP.IsUnspecified() {
		to.IP = net.IPv4(127, 0, 0, 1)
	}
	d, err := net.DialTCP("tcp", nil, to)
	if err != nil {
		t.Fatal(err)
	}
	a, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close(); d.Close() })
	return a.(*net.TCPConn), d
}

func listen(t testing.TB, network, addr string) net.Listener {
	t.Helper()
	l, err := net.Listen(network, addr)
	if err != nil {
		t.Skipf("cannot listen on %s %s: %v", network, addr, err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func ends(c *net.TCPConn) (local, remote netip.AddrPort) {
	return c.LocalAddr().(*net.TCPAddr).AddrPort(), c.RemoteAddr().(*net.TCPAddr).AddrPort()
}

// networks are a listener for each family, and one of IPv6 that a dialler of IPv4 reaches.
var networks = []struct{ name, network, addr string }{
	{"IPv4", "tcp4", "127.0.0.1:0"},
	{"IPv6", "tcp6", "[::1]:0"},
	{"v4-mapped", "tcp", "[::]:0"},
}

func TestGetCountsWhatWasWrittenAndNotRead(t *testing.T) {
	for _, n := range networks {
		t.Run(n.name, func(t *testing.T) {
			g, c := NewWithT(t), open(t)
			accepted, dialled := pair(t, n.network, n.addr)
			look := func() sockdiag.Socket {
				s, found, err := c.Get(ends(accepted))
				g.Expect(err).NotTo(HaveOccurred())
				g.Expect(found).To(BeTrue())
				return s
			}
			s := look()
			local, remote := ends(accepted)
			g.Expect(s.State).To(Equal(sockdiag.Established))
			g.Expect(s.Local.Port()).To(Equal(local.Port()))
			g.Expect(s.Local.Addr()).To(Equal(local.Addr().Unmap()))
			g.Expect(s.Remote.Port()).To(Equal(remote.Port()))
			g.Expect(s.Remote.Addr()).To(Equal(remote.Addr().Unmap()))
			g.Expect(s.Inode).To(Equal(inode(t, accepted)))
			g.Expect(s.Unread).To(BeZero())

			_, err := dialled.Write(bytes.Repeat([]byte{'x'}, 1000))
			g.Expect(err).NotTo(HaveOccurred())
			g.Eventually(func() uint32 { return look().Unread }).Should(BeEquivalentTo(1000))
			_, err = io.ReadFull(accepted, make([]byte, 400))
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(look().Unread).To(BeEquivalentTo(600))
			g.Expect(look().Received).To(BeEquivalentTo(1000))

			g.Expect(dialled.CloseWrite()).To(Succeed())
			g.Eventually(func() sockdiag.State { return look().State }).Should(Equal(sockdiag.CloseWait))
			g.Expect(look().Unread).To(BeEquivalentTo(601), "the FIN counts as one")
			_, err = io.ReadAll(accepted)
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(look().Unread).To(BeZero())
		})
	}
}

func TestGetCountsWhatThePeerDidNotTake(t *testing.T) {
	g, c := NewWithT(t), open(t)
	accepted, dialled := pair(t, "tcp4", "127.0.0.1:0")
	fill(t, dialled)
	local, remote := ends(dialled)
	mine, _, err := c.Get(local, remote)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(mine.Unsent).To(BeNumerically(">", 0))

	go io.Copy(io.Discard, accepted) // ends with the connection
	g.Eventually(func() uint32 {
		s, _, _ := c.Get(local, remote)
		return s.Unsent
	}).Should(BeZero())
}

func TestGetFindsNothingWhereNothingIs(t *testing.T) {
	g, c := NewWithT(t), open(t)
	l := listen(t, "tcp4", "127.0.0.1:0")
	at := l.Addr().(*net.TCPAddr).AddrPort()

	_, found, err := c.Get(at, netip.MustParseAddrPort("127.0.0.1:9"))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(found).To(BeFalse(), "the listener is no connection")

	s, found, err := c.Get(at, netip.AddrPort{})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(found).To(BeTrue())
	g.Expect(s.State).To(Equal(sockdiag.Listen))

	l.Close()
	_, found, err = c.Get(at, netip.AddrPort{})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(found).To(BeFalse())
}

func TestListFindsAListenerAndItsOwner(t *testing.T) {
	for _, n := range networks {
		t.Run(n.name, func(t *testing.T) {
			g, c := NewWithT(t), open(t)
			l := listen(t, n.network, n.addr).(*net.TCPListener)
			port := l.Addr().(*net.TCPAddr).AddrPort().Port()
			f := sockdiag.Filter{States: []sockdiag.State{sockdiag.Listen}, LocalPort: port}
			found, err := c.List(f)
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(found).To(HaveLen(1))
			g.Expect(found[0].State).To(Equal(sockdiag.Listen))
			g.Expect(found[0].Inode).To(Equal(inode(t, l)))
			g.Expect(found[0].Remote.Port()).To(BeZero())

			f.States = []sockdiag.State{sockdiag.Established}
			g.Expect(c.List(f)).To(BeEmpty())
		})
	}
}

func TestListFindsMoreThanOneDatagramHolds(t *testing.T) {
	g, c := NewWithT(t), open(t)
	l := listen(t, "tcp4", "127.0.0.1:0")
	const n = 500 // about 50 KB of answers
	for range n {
		d, err := net.Dial("tcp4", l.Addr().String())
		g.Expect(err).NotTo(HaveOccurred())
		t.Cleanup(func() { d.Close() })
	}
	at := l.Addr().(*net.TCPAddr).AddrPort()
	g.Expect(c.List(sockdiag.Filter{States: []sockdiag.State{sockdiag.Established}, RemotePort: at.Port()})).To(HaveLen(n))
}

func TestListFindsAConnectThatIsNotAnswered(t *testing.T) {
	g, c := NewWithT(t), open(t)
	at := fullListener(t)
	s := must(unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0))
	t.Cleanup(func() { unix.Close(s) })
	g.Expect(unix.Connect(s, at)).To(MatchError(unix.EINPROGRESS))

	found, err := c.List(sockdiag.Filter{States: []sockdiag.State{sockdiag.SynSent}, RemotePort: uint16(at.Port)})
	g.Expect(err).NotTo(HaveOccurred())
	var inodes []uint32
	for _, f := range found {
		g.Expect(f.State).To(Equal(sockdiag.SynSent))
		inodes = append(inodes, f.Inode)
	}
	g.Expect(inodes).To(ContainElement(inodeOf(t, s)))
}

func TestOneConnAnswersManyQuestionsInTurn(t *testing.T) {
	g, c := NewWithT(t), open(t)
	a1, _ := pair(t, "tcp4", "127.0.0.1:0")
	a2, _ := pair(t, "tcp4", "127.0.0.1:0")
	for range 100 {
		for _, a := range []*net.TCPConn{a1, a2} {
			s, found, err := c.Get(ends(a))
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(found).To(BeTrue())
			g.Expect(s.Remote).To(Equal(a.RemoteAddr().(*net.TCPAddr).AddrPort()))
		}
		_, err := c.List(sockdiag.Filter{States: []sockdiag.State{sockdiag.Listen}})
		g.Expect(err).NotTo(HaveOccurred())
	}
}

func TestGetDoesNotAllocate(t *testing.T) {
	g, c := NewWithT(t), open(t)
	accepted, _ := pair(t, "tcp4", "127.0.0.1:0")
	local, remote := ends(accepted)
	g.Expect(testing.AllocsPerRun(100, func() { c.Get(local, remote) })).To(BeZero())
}

func TestStatesHaveTheirNames(t *testing.T) {
	g := NewWithT(t)
	g.Expect(sockdiag.Established.String()).To(Equal("ESTABLISHED"))
	g.Expect(sockdiag.NewSynRecv.String()).To(Equal("NEW-SYN-RECEIVED"))
	g.Expect(sockdiag.State(0).String()).To(Equal("State(0)"))
}

func BenchmarkGet(b *testing.B) {
	c := open(b)
	accepted, _ := pair(b, "tcp4", "127.0.0.1:0")
	local, remote := ends(accepted)
	b.ReportAllocs()
	for b.Loop() {
		if _, found, err := c.Get(local, remote); !found || err != nil {
			b.Fatal(found, err)
		}
	}
}

// Example shows how to wait until a peer on this machine has read everything.
func Example() {
	c, err := sockdiag.Open()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()
	l, _ := net.Listen("tcp4", "127.0.0.1:0")
	defer l.Close()
	s, found, _ := c.Get(l.Addr().(*net.TCPAddr).AddrPort(), netip.AddrPort{})
	fmt.Println(found, s.State, s.Unread, "waiting")
	// Output: true LISTEN 0 waiting
}

// fill writes until the connection takes no more.
func fill(t *testing.T, c *net.TCPConn) {
	t.Helper()
	raw := must(c.SyscallConn())
	chunk := make([]byte, 64<<10)
	raw.Write(func(fd uintptr) bool {
		for {
			if _, err := unix.Write(int(fd), chunk); err != nil {
				return true
			}
		}
	})
}

// fullListener listens with an accept queue that is full, so that further connects go unanswered.
func fullListener(t *testing.T) *unix.SockaddrInet4 {
	t.Helper()
	l := must(unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0))
	t.Cleanup(func() { unix.Close(l) })
	if err := unix.Bind(l, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	if err := unix.Listen(l, 0); err != nil {
		t.Fatal(err)
	}
	at := must(unix.Getsockname(l)).(*unix.SockaddrInet4)
	d, err := net.Dial("tcp4", fmt.Sprintf("127.0.0.1:%d", at.Port)) // a queue of 0 holds one
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return at
}

type rawer interface{ File() (*os.File, error) }

func inode(t *testing.T, c rawer) uint32 {
	t.Helper()
	f := must(c.File())
	defer f.Close()
	return inodeOf(t, int(f.Fd()))
}

func inodeOf(t *testing.T, fd int) uint32 {
	t.Helper()
	var s unix.Stat_t
	if err := unix.Fstat(fd, &s); err != nil {
		t.Fatal(err)
	}
	return uint32(s.Ino)
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
