package suites_test

import (
	"context"
	"net"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/reports"
	"github.com/faultwire/faultwire/suites"
	"github.com/faultwire/faultwire/targets"
	"github.com/faultwire/faultwire/targets/reference"
)

// A said client says what the function does.
type saidClient func(ctx context.Context, addr string, job targets.Job) targets.Said

func (c saidClient) Exchange(ctx context.Context, addr string, job targets.Job) targets.Said {
	return c(ctx, addr, job)
}

// A packetServer answers each datagram with what the function makes of it.
type packetServer func(b []byte) []byte

func (s packetServer) ServePacket(ctx context.Context, conn net.PacketConn) error {
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	b := make([]byte, 1<<16)
	for {
		n, from, err := conn.ReadFrom(b)
		if err != nil {
			return nil
		}
		if reply := s(b[:n]); reply != nil {
			conn.WriteTo(reply, from)
		}
	}
}

func udpTargets(client targets.Client, server targets.PacketServer) []targets.Target {
	return []targets.Target{
		{Name: "client", Role: targets.ClientRole, Protocol: fixtures.UDPProtocol, Client: client},
		{Name: "server", Role: targets.ServerRole, Protocol: fixtures.UDPProtocol, Packets: server},
	}
}

// What a beginner's first attempt at UDP does is explained.
func TestTheControlOfDatagramsIsExplained(t *testing.T) {
	for want, target := range map[string]targets.Target{
		"No datagram of the program's came": udpTargets(saidClient(func(context.Context, string, targets.Job) targets.Said {
			return targets.Said{Outcome: fixtures.Timeout}
		}), nil)[0],
		"sent no datagram back that begins as the request does": udpTargets(nil, packetServer(func([]byte) []byte { return []byte("Hello, World!") }))[1],
	} {
		g := NewWithT(t)
		e, err := suites.New(suites.Options{Targets: []targets.Target{target}, Seed: 1})
		g.Expect(err).NotTo(HaveOccurred())
		control := e.Control(t.Context(), target.Name)
		g.Expect(control.Verdict).To(Equal(reports.Fail))
		g.Expect(control.Finding.Advice).To(ContainSubstring(want))
		e.Close()
	}
}

// A client that has a text of its own is compared with what it sent, however often it asks.
func TestAClientOfDatagramsWithATextOfItsOwn(t *testing.T) {
	g := NewWithT(t)
	own := udpTargets(saidClient(func(ctx context.Context, addr string, job targets.Job) targets.Said {
		job.Messages = [][]byte{[]byte("a text of its own, whatever it is told")}
		return reference.PacketClient{}.Exchange(ctx, addr, job)
	}), nil)[:1]
	run := runAll(t, suites.Options{Targets: own, Seed: 1, Patterns: []string{"udp.size.large", "udp.delivery.other-reply-first"}})
	g.Expect(run.Targets[0].Control.Verdict).To(Equal(reports.Pass))
	for _, r := range run.Results {
		g.Expect(r.Verdict).To(BeElementOf(reports.Pass, reports.Skip), "%s: %s %+v", r.Case.ID, r.Reason, r.Finding)
	}
}

// What such targets can promise is two things, and a server of datagrams nothing.
func TestWhatDatagramsCanPromise(t *testing.T) {
	g := NewWithT(t)
	run := runAll(t, suites.Options{Targets: udpTargets(reference.PacketClient{}, reference.PacketServer{}), Seed: 1, Patterns: []string{"udp.size.zero-length"}})
	g.Expect(run.Exit()).To(Equal(reports.ExitOK))
	g.Expect(run.Targets[0].Undeclared).To(Equal([]string{"read", "total"}))
	g.Expect(run.Targets[1].Undeclared).To(BeEmpty())
}

func TestDatagramsAreBeyondToxiproxy(t *testing.T) {
	g := NewWithT(t)
	run := runAll(t, suites.Options{Targets: udpTargets(reference.PacketClient{}, reference.PacketServer{}), Seed: 1, Toxiproxy: toxiproxyHere(t, nil),
		Patterns: []string{"udp.**"}})
	g.Expect(run.Results).NotTo(BeEmpty())
	for _, r := range run.Results {
		g.Expect(r.Verdict).To(Equal(reports.Skip), r.Case.ID)
		g.Expect(r.Reason).To(ContainSubstring("relays TCP alone"))
	}
}
