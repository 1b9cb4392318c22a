package reference_test

import (
	"bytes"
	"context"
	"io"
	"net"
	"sync/atomic"
	"syscall"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/targets/reference"
)

func newcomerServed(t *testing.T, p fixtures.Protocol, addr string) {
	t.Helper()
	said := exchange(t, p, addr, fixtures.Deadlines{Total: safety}, []byte("still there?"))
	NewWithT(t).Expect(said.Outcome).To(Equal(fixtures.OK), said.Detail)
}

// After the client's FIN every byte comes back, then the server's own FIN and no reset.
func TestServerHonoursHalfClose(t *testing.T) {
	tests := []struct {
		protocol fixtures.Protocol
		size     int
	}{{echo, 0}, {echo, 1}, {echo, 102400}, {echo, 8 << 20}, {framed, 1}, {framed, 102400}}
	for _, test := range tests {
		g := NewWithT(t)
		conn := dial(t, serve(t, reference.Server{Protocol: test.protocol}, listen(t)))
		request := test.protocol.Encode(payload(test.size))
		go func() {
			conn.Write(request)
			conn.CloseWrite()
		}()
		reply, err := io.ReadAll(conn)
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(bytes.Equal(reply, request)).To(BeTrue(), "%s: %d of %d bytes", test.protocol, len(reply), len(request))
	}
}

func TestServerClosesIdleConnections(t *testing.T) {
	for _, protocol := range []fixtures.Protocol{echo, framed} {
		conn := dial(t, serve(t, reference.Server{Protocol: protocol, Idle: short}, listen(t)))
		n, err := conn.Read(make([]byte, 1))
		g := NewWithT(t)
		g.Expect(n).To(BeZero())
		g.Expect(err).To(Equal(io.EOF), "a FIN")
	}
}

func TestServerStopsWritingToWhoDoesNotRead(t *testing.T) {
	conn := dial(t, serve(t, reference.Server{Protocol: echo, Write: short}, listen(t)))
	_, err := io.Copy(conn, io.LimitReader(zeroes{}, 1<<30))
	NewWithT(t).Expect(fixtures.OutcomeOf(err)).To(Equal(fixtures.Reset), "the connection ended long before 1 GiB: %v", err)
}

type zeroes struct{}

func (zeroes) Read(p []byte) (int, error) { return len(p), nil }

func TestServerOutlivesItsClients(t *testing.T) {
	for _, protocol := range []fixtures.Protocol{echo, framed} {
		addr := serve(t, reference.Server{Protocol: protocol}, listen(t))
		silent := dial(t, addr)
		silent.Write([]byte{0})
		for i := range 20 {
			conn := dial(t, addr)
			conn.Write(protocol.Encode(payload(1000))[:10*i])
			reset(conn)
			dial(t, addr).Close()
		}
		newcomerServed(t, protocol, addr)
	}
}

func TestServerRefusesHostileLengths(t *testing.T) {
	addr := serve(t, reference.Server{Protocol: framed}, listen(t))
	conn := dial(t, addr)
	conn.Write(prefixed(fixtures.MaxFrame+1, ""))
	reply, err := io.ReadAll(conn)
	g := NewWithT(t)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(reply).To(BeEmpty())
	newcomerServed(t, framed, addr)
}

// The first message is answered although the second is not complete, and an empty one is a message like any other.
func TestServerAnswersMessageByMessage(t *testing.T) {
	g := NewWithT(t)
	conn := dial(t, serve(t, reference.Server{Protocol: framed}, listen(t)))
	first, second := append(prefixed(0, ""), prefixed(3, "one")...), prefixed(3, "two")
	conn.Write(append(first, second[:5]...))
	g.Expect(take(conn, len(first))).To(Equal(first))
	conn.Write(second[5:])
	g.Expect(take(conn, len(second))).To(Equal(second))
}

func TestServerEndsConnectionsWithItsContext(t *testing.T) {
	noLeaks(t)
	g := NewWithT(t)
	l := listen(t)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- reference.Server{Protocol: echo}.Serve(ctx, l) }()
	conn := dial(t, l.Addr().String())
	conn.Write([]byte("x"))
	take(conn, 1)
	cancel()
	g.Eventually(ended).WithTimeout(safety).Should(Receive(BeNil()))
	_, err := conn.Read(make([]byte, 1))
	g.Expect(err).To(HaveOccurred())
}

func TestServerReportsWhatItCannotServe(t *testing.T) {
	g := NewWithT(t)
	l := listen(t)
	g.Expect(reference.Server{Protocol: "morse"}.Serve(t.Context(), l)).To(MatchError(ContainSubstring("morse")))
	l.Close()
	g.Expect(reference.Server{Protocol: echo}.Serve(t.Context(), l)).To(MatchError(net.ErrClosed))
}

// failing fails to accept a few times, as a machine short of descriptors does.
type failing struct {
	net.Listener
	left atomic.Int32
}

func (l *failing) Accept() (net.Conn, error) {
	if l.left.Add(-1) >= 0 {
		return nil, &net.OpError{Op: "accept", Net: "tcp", Err: syscall.EMFILE}
	}
	return l.Listener.Accept()
}

func TestServerOutlivesFailuresToAccept(t *testing.T) {
	l := &failing{Listener: listen(t)}
	l.left.Store(3)
	newcomerServed(t, echo, serve(t, reference.Server{Protocol: echo}, l))
}

func TestTargets(t *testing.T) {
	g := NewWithT(t)
	var names []string
	for _, target := range reference.Targets(1) {
		names = append(names, target.Name)
		g.Expect(target.Client != nil).To(Equal(target.Role == "client"), target.Name)
		g.Expect(target.Server != nil || target.Packets != nil || target.Gateway != nil).To(Equal(target.Role == "server"), target.Name)
		g.Expect(target.Peer != nil).To(Equal(target.Role == "peer"), target.Name)
	}
	g.Expect(names).To(ConsistOf("reference-echo-client", "reference-echo-server", "reference-framed-client", "reference-framed-server",
		"reference-line-client", "reference-line-server", "reference-http-client", "reference-http-server", "reference-gateway", "reference-tls-client",
		"reference-tls-server", "reference-https-client", "reference-https-server", "reference-peer", "reference-udp-client", "reference-udp-server"))
}
