package mutants_test

import (
	"context"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/gleak"

	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/targets"
	"github.com/faultwire/faultwire/targets/mutants"
	"github.com/faultwire/faultwire/targets/reference"
)

// safety bounds what must not hang; no verdict depends on it.
const safety = 30 * time.Second

// No defect shows in a plain exchange: were one to, the control would fail and the cases would never see the mutant.
func TestPlainExchange(t *testing.T) {
	for _, m := range mutants.All() {
		t.Run(m.Name, func(t *testing.T) {
			g := NewWithT(t)
			said := exchange(t, m.Target, []byte("Hello, world!"))
			g.Expect(said.Outcome).To(Equal(fixtures.OK), said.Detail)
			g.Expect(string(said.Received)).To(Equal("Hello, world!"))
		})
	}
}

func TestSound(t *testing.T) {
	long := fixtures.Message{Size: 200_000, Kind: fixtures.Text}.Bytes(1) // lines carry nothing else
	for _, target := range mutants.Sound() {
		t.Run(target.Name, func(t *testing.T) {
			g := NewWithT(t)
			long := long
			if target.Protocol == fixtures.UDPProtocol {
				long = long[:fixtures.MaxDatagram]
			}
			said := exchange(t, target, []byte("Hello, world!"), nil, long)
			g.Expect(said.Outcome).To(Equal(fixtures.OK), said.Detail)
			g.Expect(string(said.Received)).To(Equal("Hello, world!" + string(long)))
		})
	}
}

func TestEveryMutantIsNamedAndAccusable(t *testing.T) {
	g := NewWithT(t)
	seen := map[string]bool{}
	python, err := mutants.Python(t.TempDir())
	g.Expect(err).NotTo(HaveOccurred())
	for _, m := range append(mutants.All(), python...) {
		g.Expect(seen[m.Name]).To(BeFalse(), "%s twice", m.Name)
		seen[m.Name] = true
		g.Expect(m.Target.Name).To(Equal(m.Name))
		if !m.Target.IsGateway() {
			g.Expect(m.Name).To(HavePrefix(string(m.Target.Role) + "-"))
		}
		g.Expect(m.Defect).NotTo(BeEmpty())
		g.Expect(m.Caught).NotTo(BeEmpty())
		for _, c := range m.Caught {
			g.Expect(strings.Split(c.Case, ".")).To(HaveLen(3), "%s: %s", m.Name, c.Case)
			g.Expect(c.Promises).To(HaveEach(BeElementOf("never hang", "never lie", "say what happened", "reassemble", "recover and contain")))
		}
	}
}

// exchange runs the target against its sound counterpart.
func exchange(t *testing.T, target targets.Target, messages ...[]byte) targets.Said {
	t.Helper()
	if target.Protocol == fixtures.UDPProtocol {
		return exchangeDatagrams(t, target, messages...)
	}
	before := gleak.Goroutines()
	ctx, stop := context.WithTimeout(t.Context(), safety)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	client, server := target.Client, target.Server
	job := targets.Job{Messages: messages, Promises: fixtures.Deadlines{Connect: safety, Read: safety, Write: safety, Total: safety}}
	switch {
	case target.Role == targets.PeerRole: // each side by itself is a client or a server
		client, _ = target.Peer()
		server = reference.Server{Protocol: target.Protocol}
	case target.IsGateway():
		client, server = reference.HTTPClient{}, target.Gateway(behind(ctx, t))
	case target.Protocol == fixtures.HTTPProtocol && client == nil:
		client = reference.HTTPClient{}
	case target.Protocol == fixtures.HTTPProtocol:
		server = reference.HTTPServer{Idle: safety}
	case client == nil:
		client = reference.Client{Protocol: target.Protocol}
	default:
		server = reference.Server{Protocol: target.Protocol}
	}
	if target.Protocol == fixtures.HTTPProtocol {
		job.Method, job.Path = http.MethodPost, "/0" // what it carries comes back
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(ctx, l) }()
	defer func() {
		stop()
		g := NewWithT(t)
		g.Eventually(served).WithTimeout(safety).Should(Receive(BeNil()))
		g.Eventually(gleak.Goroutines).WithTimeout(safety).ShouldNot(gleak.HaveLeaked(before))
	}()
	return client.Exchange(ctx, l.Addr().String(), job)
}

// behind serves soundly behind a gateway, until ctx is done, and returns how that dials it.
func behind(ctx context.Context, t *testing.T) func(context.Context) (net.Conn, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go reference.HTTPServer{Idle: safety}.Serve(ctx, l)
	return func(ctx context.Context) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "tcp", l.Addr().String())
	}
}

// exchangeDatagrams is exchange for those that speak UDP.
func exchangeDatagrams(t *testing.T, target targets.Target, messages ...[]byte) targets.Said {
	t.Helper()
	before := gleak.Goroutines()
	ctx, stop := context.WithTimeout(t.Context(), safety)
	conn, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	client, server := target.Client, target.Packets
	if client == nil {
		client = reference.PacketClient{}
	} else {
		server = reference.PacketServer{}
	}
	for _, m := range mutants.All() { // the reference's client does not listen to strangers, whom one of the servers is
		if target.Name == "server-udp-socket-a-client" && m.Name == "client-udp-hears-all" {
			client = m.Target.Client
		}
	}
	served := make(chan error, 1)
	go func() { served <- server.ServePacket(ctx, conn) }()
	defer func() {
		stop()
		g := NewWithT(t)
		g.Eventually(served).WithTimeout(safety).Should(Receive(BeNil()))
		g.Eventually(gleak.Goroutines).WithTimeout(safety).ShouldNot(gleak.HaveLeaked(before))
	}()
	return client.Exchange(ctx, conn.LocalAddr().String(), targets.Job{Messages: messages, Promises: fixtures.Deadlines{Read: safety, Total: safety}})
}
