//go:build unix

package targets

import (
	"context"
	"errors"
	"net"
	"os"
	"runtime"
	"strconv"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/faultwire/faultwire/fixtures"
)

func init() {
	programs["udp-server"] = func([]string) { echoPackets(must(net.ListenPacket("udp4", os.Getenv("FAULTWIRE_ADDR")))) }
	programs["udp-wildcard"] = func([]string) { echoPackets(must(net.ListenPacket("udp", ":"+os.Getenv("FAULTWIRE_PORT")))) }
	programs["udp-elsewhere"] = func([]string) { echoPackets(must(net.ListenPacket("udp4", "127.0.0.1:0"))) }
	programs["udp-twice"] = func([]string) { // the first datagram it gets is not its client's if somebody has probed
		c := must(net.ListenPacket("udp4", os.Getenv("FAULTWIRE_ADDR")))
		b := make([]byte, 100)
		n, from, err := c.ReadFrom(b)
		if err == nil && string(b[:n]) == "hello" {
			c.WriteTo(b[:n], from)
		}
		os.Exit(7)
	}
}

func echoPackets(c net.PacketConn) {
	b := make([]byte, 1<<16)
	for {
		n, from, err := c.ReadFrom(b)
		if err != nil {
			return
		}
		c.WriteTo(b[:n], from)
	}
}

func udpServerOf(c *Command) *Target {
	return &Target{Name: "server", Role: ServerRole, Protocol: fixtures.UDPProtocol, Command: c}
}

// echoedByUDP asks the server for an echo.
func echoedByUDP(g Gomega, addr string) {
	c, err := net.Dial("udp4", addr)
	g.Expect(err).NotTo(HaveOccurred())
	defer c.Close()
	c.SetDeadline(time.Now().Add(30 * time.Second))
	_, err = c.Write([]byte("hello"))
	g.Expect(err).NotTo(HaveOccurred())
	b := make([]byte, 100)
	n, err := c.Read(b)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(string(b[:n])).To(Equal("hello"))
}

func TestUDPServerCommandIsReadyWhenStartReturns(t *testing.T) {
	for _, program := range []string{"udp-server", "udp-wildcard"} {
		t.Run(program, func(t *testing.T) {
			noLeaks(t)
			g := NewWithT(t)
			i, err := udpServerOf(this(program)).Start(soon(t))
			g.Expect(err).NotTo(HaveOccurred())
			echoedByUDP(g, i.Addr)
			_, port, _ := net.SplitHostPort(i.Addr)
			low, high := localPortRange()
			g.Expect(strconv.Atoi(port)).To(Or(BeNumerically("<", low), BeNumerically(">", high)))
			g.Expect(i.Stop().Unasked).To(BeFalse())
			g.Expect(i.Err()).NotTo(HaveOccurred())
		})
	}
}

func TestUDPServerCommandSeesNoDatagramBeforeItsClients(t *testing.T) {
	g := NewWithT(t)
	i, err := udpServerOf(this("udp-twice")).Start(soon(t))
	g.Expect(err).NotTo(HaveOccurred())
	defer i.Stop()
	echoedByUDP(g, i.Addr)
	g.Eventually(i.Exited()).WithTimeout(30 * time.Second).Should(BeClosed())
}

func TestUDPServerCommandThatIsNotReady(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("who has the port is known on Linux alone")
	}
	for program, want := range map[string]string{
		"udp-elsewhere": "it receives datagrams on port ",
		"server":        "it has no socket for datagrams", // one of TCP
	} {
		g := NewWithT(t)
		c := this(program)
		c.StartTimeout = time.Second
		_, err := udpServerOf(c).Start(soon(t))
		start, ok := errors.AsType[*StartError](err)
		g.Expect(ok).To(BeTrue(), "%v", err)
		g.Expect(start).To(MatchError(ContainSubstring(want)))
	}
}

// A port of UDP that is taken is not given to a server of UDP, and one of TCP is.
func TestPortsAreOfTheirNetwork(t *testing.T) {
	g := NewWithT(t)
	port, release, err := reservePort(udp)
	g.Expect(err).NotTo(HaveOccurred())
	defer release()
	at := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	c, err := net.ListenPacket("udp4", at)
	g.Expect(err).NotTo(HaveOccurred())
	defer c.Close()
	g.Expect(free(udp, port)).To(BeFalse())
	if runtime.GOOS == "linux" { // elsewhere the reservation has it
		g.Expect(free(tcp, port)).To(BeTrue())
	}
}

// packetServer is a server in this process.
type packetServer func(context.Context, net.PacketConn) error

func (s packetServer) ServePacket(ctx context.Context, c net.PacketConn) error { return s(ctx, c) }

func TestPacketServerInThisProcess(t *testing.T) {
	noLeaks(t)
	g := NewWithT(t)
	target := &Target{Name: "server", Role: ServerRole, Protocol: fixtures.UDPProtocol,
		Packets: packetServer(func(ctx context.Context, c net.PacketConn) error {
			defer context.AfterFunc(ctx, func() { c.Close() })()
			echoPackets(c)
			return nil
		})}
	g.Expect(target.Validate()).To(Succeed())
	i, err := target.Start(soon(t))
	g.Expect(err).NotTo(HaveOccurred())
	echoedByUDP(g, i.Addr)
	i.Stop()
	g.Expect(i.Exited()).To(BeClosed())
	g.Expect(i.Err()).NotTo(HaveOccurred())

	target.Packets = packetServer(func(context.Context, net.PacketConn) error { panic("at once") })
	i, err = target.Start(soon(t))
	g.Expect(err).NotTo(HaveOccurred())
	g.Eventually(i.Exited()).WithTimeout(30 * time.Second).Should(BeClosed())
	g.Expect(i.Err()).To(MatchError(ContainSubstring("at once")))
	i.Stop()
}

func TestTargetsOfDatagramsAreChecked(t *testing.T) {
	udpTarget := func(change func(*Target)) *Target {
		t := &Target{Name: "x", Role: ServerRole, Protocol: fixtures.UDPProtocol}
		change(t)
		return t
	}
	packets := packetServer(nil)
	for want, target := range map[string]*Target{
		"":                                  udpTarget(func(t *Target) { t.Packets = packets }),
		"what is given is a server of":      udpTarget(func(t *Target) { t.Packets, t.Protocol = packets, fixtures.EchoProtocol }),
		"accepts connections":               udpTarget(func(t *Target) { t.Server = serverFunc(nil) }),
		"is client, but what is given":      udpTarget(func(t *Target) { t.Packets, t.Role = packets, ClientRole }),
		"cannot be given together":          udpTarget(func(t *Target) { t.Packets, t.Address = packets, "127.0.0.1:7" }),
		"timeouts.idle: means nothing":      udpTarget(func(t *Target) { t.Packets, t.Promises.Idle = packets, time.Second }),
		"timeouts.connect: means nothing":   udpTarget(func(t *Target) { t.Address, t.Promises.Connect = "127.0.0.1:7", time.Second }),
		"of a peer is one":                  udpTarget(func(t *Target) { t.Command, t.Role = this("udp-server"), PeerRole }),
		"a layer under streams":             udpTarget(func(t *Target) { t.Packets, t.TLS = packets, true }),
		"known: echo, framed, line, conver": udpTarget(func(t *Target) { t.Packets, t.Protocol = packets, "ucp" }),
	} {
		err := target.Validate()
		if want == "" {
			NewWithT(t).Expect(err).NotTo(HaveOccurred())
			continue
		}
		NewWithT(t).Expect(err).To(MatchError(ContainSubstring(want)))
	}
	v, err := udpTarget(func(*Target) {}).addrValues("127.0.0.1:7", "")
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	NewWithT(t).Expect(v["url"]).To(Equal("udp://127.0.0.1:7"))
}
