package proxy_test

import (
	"bytes"
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/gleak"

	"github.com/faultwire/faultwire/proxy"
)

// guard ends what should long have ended; nothing is timed by it.
const guard = 30 * time.Second

// A udp is a socket of a test's.
type udp struct {
	*net.UDPConn
	t *testing.T
}

func packets(t *testing.T, at string) udp {
	c := must(net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.MustParseAddrPort(at))))
	t.Cleanup(func() { c.Close() })
	_ = c.SetDeadline(time.Now().Add(guard))
	_ = c.SetReadBuffer(4 << 20)
	return udp{c, t}
}

func (u udp) addr() netip.AddrPort { return netip.MustParseAddrPort(u.LocalAddr().String()) }

// take is the next datagram, as text, and where it came from.
func (u udp) take() (string, netip.AddrPort) {
	u.t.Helper()
	buf := make([]byte, 1<<16)
	n, from, err := u.ReadFromUDPAddrPort(buf)
	if err != nil {
		u.t.Fatal(err)
	}
	return string(buf[:n]), from
}

// have is the next n datagrams.
func (u udp) have(n int) (all []string) {
	u.t.Helper()
	for range n {
		text, _ := u.take()
		all = append(all, text)
	}
	return all
}

func (u udp) say(to netip.AddrPort, texts ...string) {
	u.t.Helper()
	for _, text := range texts {
		if _, err := u.WriteToUDPAddrPort([]byte(text), to); err != nil {
			u.t.Fatal(err)
		}
	}
}

// datagrams is a relay to a server socket that the test plays, and a client's socket. Faults strike what goes downstream.
func datagrams(t *testing.T, plan proxy.Plan) (r *proxy.DatagramRelay, client, server udp) {
	t.Helper()
	server = packets(t, "127.0.0.1:0")
	r = must(proxy.ListenDatagrams(proxy.Config{Upstream: server.LocalAddr().String(), Plan: plan}))
	t.Cleanup(func() { r.Close() })
	return r, packets(t, "127.0.0.1:0"), server
}

func wireAddr(r *proxy.DatagramRelay) netip.AddrPort {
	return netip.MustParseAddrPort(r.Addr().String())
}

// answered is what of the server's datagrams reaches a client that has asked once; behind them it sends "end" itself.
func answered(t *testing.T, plan proxy.Plan, texts ...string) (got []string, trace proxy.Trace) {
	t.Helper()
	r, client, server := datagrams(t, plan)
	client.say(wireAddr(r), "?")
	_, at := server.take()
	server.say(at, texts...)
	server.say(at, "end")
	for {
		text, _ := client.take()
		if text == "end" {
			return got, r.Trace()
		}
		got = append(got, text)
	}
}

// gone is the trace of the one client once n datagrams have gone back to it: a receiver may be quicker than the trace.
func gone(t *testing.T, r *proxy.DatagramRelay, n int) proxy.ConnTrace {
	NewWithT(t).Eventually(func() int64 { return only(r).Downstream.DatagramsOut }).WithTimeout(guard).Should(Equal(int64(n)))
	return only(r)
}

// only is the trace of the one client; nothing before it has been heard of.
func only(r *proxy.DatagramRelay) (c proxy.ConnTrace) {
	for _, c = range r.Trace().Conns {
	}
	return c
}

func plan(faults ...proxy.Fault) proxy.Plan { return proxy.Plan{Seed: 7, Faults: faults} }

func numbered(n int) (all []string) {
	for i := range n {
		all = append(all, fmt.Sprintf("%03d", i+1))
	}
	return all
}

func TestDatagramsPassWhole(t *testing.T) {
	for name, p := range map[string]proxy.Plan{
		"no fault":               {},
		"faults that do nothing": plan(proxy.Latency(0, 0), proxy.Duplicate().Chance(1).FromDatagram(1000)),
		"never reached":          plan(proxy.Loss().FromDatagram(1000), proxy.Blackhole().FromDatagram(1000), proxy.Latency(time.Hour, 0).FromDatagram(1000)),
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			r, client, server := datagrams(t, p)
			var sent []string
			for _, size := range []int{0, 1, 8, 1472, 1473, 9000, 65507, 0, 13} {
				sent = append(sent, strings.Repeat(string(rune('a'+len(sent))), size))
			}
			for _, text := range sent {
				client.say(wireAddr(r), text)
				got, at := server.take()
				g.Expect(bytes.Equal([]byte(got), []byte(text))).To(BeTrue(), "%d bytes arrived of %d", len(got), len(text))
				server.say(at, text)
				got, from := client.take()
				g.Expect(bytes.Equal([]byte(got), []byte(text))).To(BeTrue(), "%d bytes came back of %d", len(got), len(text))
				g.Expect(from).To(Equal(wireAddr(r)))
			}
			c := gone(t, r, len(sent))
			g.Expect(r.Trace().Conns).To(HaveLen(1))
			g.Expect(c.Client).To(Equal(client.LocalAddr().String()))
			for _, f := range []proxy.FlowTrace{c.Upstream, c.Downstream} {
				g.Expect(f.DatagramsIn).To(Equal(int64(len(sent))))
				g.Expect(f.DatagramsOut).To(Equal(int64(len(sent))))
				g.Expect(f.Out).To(Equal(f.In))
			}
			g.Expect(r.Signed()).To(BeClosed())
		})
	}
}

func TestEachClientHasItsOwnCourse(t *testing.T) {
	g := NewWithT(t)
	r, first, server := datagrams(t, plan(proxy.Loss().OnConnection(2)))
	second, third := packets(t, "127.0.0.1:0"), packets(t, "127.0.0.1:0")
	seen := map[netip.AddrPort]string{}
	for i, c := range []udp{first, second, third} {
		c.say(wireAddr(r), fmt.Sprint(i))
		text, at := server.take()
		g.Expect(seen[at]).To(BeEmpty(), "two clients from one address")
		seen[at] = text
	}
	for at, text := range seen {
		server.say(at, "to "+text)
	}
	for i, c := range []udp{first, third} {
		text, _ := c.take()
		g.Expect(text).To(Equal(fmt.Sprint("to ", 2*i)))
	}
	g.Eventually(r.Trace).WithTimeout(guard).Should(HaveField("Fired", HaveLen(1)))
	g.Expect(r.Trace().Fired[0].Conn).To(Equal(2))
	g.Expect(r.Trace().Conns[1].Downstream.DatagramsOut).To(BeZero())
}

func TestFaultsStrikeTheDatagramsTheyName(t *testing.T) {
	three := []string{"one 12345", "two 12345", "three"}
	flipped := "two " + string([]byte{'1' ^ 0xff}) + "2345"
	for _, c := range []struct {
		name  string
		fault proxy.Fault
		want  []string
		at    int64 // the datagram that it strikes first; 0 if it strikes none
	}{
		{"loss of the second", proxy.Loss().OnDatagram(2), []string{three[0], three[2]}, 2},
		{"loss until the third", proxy.Loss().UntilDatagram(3), three[2:], 1},
		{"loss from the second on until the fourth", proxy.Loss().FromDatagram(2).UntilDatagram(4), three[:1], 2},
		{"loss of none", proxy.Loss().FromDatagram(9), three, 0},
		{"duplicate", proxy.Duplicate().OnDatagram(1), slices.Insert(slices.Clone(three), 0, three[0]), 1},
		{"reorder", proxy.Reorder().OnDatagram(1), []string{three[1], three[0], three[2]}, 1},
		{"reorder, each", proxy.Reorder().UntilDatagram(4), []string{three[1], three[0]}, 1}, // and the third behind "end"
		{"truncate", proxy.Truncate(3), []string{"one", "two", "thr"}, 1},
		{"truncate what is longer", proxy.Truncate(5), []string{"one 1", "two 1", "three"}, 1},
		{"truncate nothing", proxy.Truncate(9), three, 0},
		{"corrupt", proxy.CorruptDatagram(4).OnDatagram(2), []string{three[0], flipped, three[2]}, 2},
		{"corrupt behind the end", proxy.CorruptDatagram(50).UntilDatagram(4), three, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := NewWithT(t)
			got, trace := answered(t, plan(c.fault), three...)
			if strings.HasPrefix(c.name, "truncate") { // "end" is no longer than that
				g.Expect(c.fault.Attributes["bytes"]).To(BeNumerically(">=", 3))
			}
			g.Expect(got).To(Equal(c.want))
			if c.at == 0 {
				g.Expect(trace.Fired).To(BeEmpty())
				return
			}
			g.Expect(trace.Fired).To(HaveLen(1))
			g.Expect(trace.Fired[0]).To(And(HaveField("Fault", c.fault.ID()), HaveField("Datagram", c.at), HaveField("Conn", 1)))
		})
	}
}

// The faults are a chain, in the plan's order.
func TestDatagramFaultsAreAChain(t *testing.T) {
	g := NewWithT(t)
	got, _ := answered(t, plan(proxy.Duplicate().OnDatagram(1), proxy.Truncate(1).OnDatagram(1)), "one", "two")
	g.Expect(got).To(Equal([]string{"o", "o", "two"}))
	got, _ = answered(t, plan(proxy.Loss().OnDatagram(1), proxy.Duplicate().UntilDatagram(3)), "one", "two")
	g.Expect(got).To(Equal([]string{"two", "two"}))
}

// What is held back to be overtaken does not wait for ever for somebody to do it.
func TestAReorderedDatagramThatIsLastComesInTheEnd(t *testing.T) {
	g := NewWithT(t)
	r, client, server := datagrams(t, plan(proxy.Reorder()))
	client.say(wireAddr(r), "?")
	_, at := server.take()
	server.say(at, "alone")
	text, _ := client.take()
	g.Expect(text).To(Equal("alone"))
	f := gone(t, r, 1).Downstream
	g.Expect(*f.FirstOut - *f.FirstIn).To(BeNumerically(">=", 100*time.Millisecond))
}

func TestLatencyDelaysWhatItStrikesAlone(t *testing.T) {
	g := NewWithT(t)
	const late = 150 * time.Millisecond
	r, client, server := datagrams(t, plan(proxy.Latency(late, 0).UntilDatagram(3)))
	client.say(wireAddr(r), "?")
	_, at := server.take()
	server.say(at, "one", "two", "three")
	g.Expect(client.have(3)).To(Equal([]string{"three", "one", "two"}))
	f := gone(t, r, 3).Downstream
	g.Expect(*f.LastOut - *f.FirstIn).To(BeNumerically(">=", late))
	g.Expect(r.Quiet(t.Context())).To(Succeed())
}

func TestQuietWaitsForWhatIsDelayed(t *testing.T) {
	g := NewWithT(t)
	r, client, server := datagrams(t, plan(proxy.Latency(50*time.Millisecond, 0)))
	client.say(wireAddr(r), "?")
	_, at := server.take()
	server.say(at, "late")
	g.Eventually(r.Fired()).WithTimeout(guard).Should(BeClosed())
	g.Expect(r.Quiet(t.Context())).To(Succeed())
	g.Expect(r.Trace().Conns[0].Downstream.DatagramsOut).To(Equal(int64(1)))
}

func TestBandwidthSpacesDatagrams(t *testing.T) {
	g := NewWithT(t)
	r, client, server := datagrams(t, plan(proxy.Bandwidth(10))) // 10 000 bytes a second
	client.say(wireAddr(r), "?")
	_, at := server.take()
	long := strings.Repeat("x", 1000)
	server.say(at, long, long, long)
	client.have(3)
	f := gone(t, r, 3).Downstream
	g.Expect(*f.LastOut-*f.FirstIn).To(BeNumerically(">=", 200*time.Millisecond), "two of them wait for one to be through")
}

// What waits is bounded, however much comes and however long it waits.
func TestWhatWaitsIsBounded(t *testing.T) {
	g := NewWithT(t)
	r, client, server := datagrams(t, plan(proxy.Latency(time.Hour, 0)))
	client.say(wireAddr(r), "?")
	_, at := server.take()
	long := strings.Repeat("x", 60_000)
	g.Eventually(func() int {
		server.say(at, long)
		dropped := 0
		for _, e := range only(r).Events {
			if e.What == "dropped" {
				dropped++
			}
		}
		return dropped
	}).WithTimeout(guard).WithPolling(time.Millisecond).Should(BeNumerically(">", 10))
	g.Expect(r.Trace().Conns[0].Downstream.DatagramsIn).To(BeNumerically("<", 400), "4 MiB are about 70 of them")
}

func TestABlackholeSwallowsBothWays(t *testing.T) {
	g := NewWithT(t)
	whole, caller, _ := datagrams(t, plan(proxy.Blackhole()))
	caller.say(wireAddr(whole), "?")
	g.Eventually(whole.Fired()).WithTimeout(guard).Should(BeClosed(), "by the first datagram, whichever way it goes")
	g.Expect(only(whole).Upstream.DatagramsOut).To(BeZero())

	r, client, server := datagrams(t, plan(proxy.Blackhole().FromDatagram(2).UntilDatagram(4)))
	client.say(wireAddr(r), "?")
	_, at := server.take()
	server.say(at, "one", "two")
	g.Expect(client.have(1)).To(Equal([]string{"one"}))
	g.Eventually(r.Fired()).WithTimeout(guard).Should(BeClosed())
	client.say(wireAddr(r), "lost")
	g.Eventually(func() int64 { return only(r).Upstream.DatagramsIn }).WithTimeout(guard).Should(Equal(int64(2)))
	server.say(at, "three", "four")
	g.Expect(client.have(1)).To(Equal([]string{"four"}))
	client.say(wireAddr(r), "found")
	g.Expect(server.have(1)).To(Equal([]string{"found"}))
	g.Expect(r.Trace().Fired).To(HaveLen(1))
}

func TestAFaultOfDatagramsBeginsAndEndsByTheClock(t *testing.T) {
	g := NewWithT(t)
	got, trace := answered(t, plan(proxy.Loss().At(time.Hour)), "one")
	g.Expect(got).To(Equal([]string{"one"}))
	g.Expect(trace.Fired).To(BeEmpty())

	r, client, server := datagrams(t, plan(proxy.Blackhole().At(0).For(100*time.Millisecond).On(proxy.Upstream)))
	client.say(wireAddr(r), "lost")
	g.Eventually(r.Fired()).WithTimeout(guard).Should(BeClosed())
	arrived := make(chan string)
	go func() { arrived <- server.have(1)[0] }()
	g.Eventually(func() chan string {
		client.say(wireAddr(r), "found")
		return arrived
	}).WithTimeout(guard).Should(Receive(Equal("found")))
}

// A client learns that the port is closed from the port alone, so the relay closes its own.
func TestRefuse(t *testing.T) {
	if os.Getenv("OS") == "Windows_NT" {
		t.Skip("Windows drops what is sent to a closed port of its own")
	}
	g := NewWithT(t)
	r, _, _ := datagrams(t, plan(proxy.Refuse()))
	refused := func() error {
		c := must(r.Dial(t.Context()))
		defer c.Close()
		must(c.Write([]byte("?")))
		_ = c.SetReadDeadline(time.Now().Add(guard))
		_, err := c.Read(make([]byte, 1))
		return err
	}
	g.Expect(refused()).To(MatchError(ContainSubstring("refused")))
	g.Expect(r.Trace().Fired).To(HaveLen(1))
	g.Expect(r.Trace().Conns).To(BeEmpty())

	other, client, server := datagrams(t, proxy.Plan{})
	client.say(wireAddr(other), "?")
	server.take()
	r = other
	other.Reset()
	g.Expect(refused()).To(MatchError(ContainSubstring("refused")), "a wire that is reset refuses")
}

// The socket behind which nobody listens is heard of, and what is sent meanwhile is not lost by the news of it.
func TestAServerThatComesBackIsReached(t *testing.T) {
	g := NewWithT(t)
	r, client, server := datagrams(t, proxy.Plan{})
	at := server.addr()
	server.Close()
	for range 3 {
		client.say(wireAddr(r), "nobody hears this")
	}
	g.Eventually(func() int64 { return only(r).Upstream.DatagramsOut }).WithTimeout(guard).Should(Equal(int64(3)))
	server = packets(t, at.String())
	client.say(wireAddr(r), "back")
	text, _ := server.take()
	g.Expect(text).To(Equal("back"))
}

// A server that answers from another address is seen to.
func TestAnotherAddressIsAnother(t *testing.T) {
	g := NewWithT(t)
	r, client, server := datagrams(t, proxy.Plan{})
	client.say(wireAddr(r), "?")
	_, at := server.take()

	other := packets(t, "127.0.0.1:0")
	other.say(at, "from another port")
	text, from := client.take()
	g.Expect(text).To(Equal("from another port"))
	g.Expect(from.Addr()).To(Equal(wireAddr(r).Addr()))
	g.Expect(from.Port()).NotTo(Equal(wireAddr(r).Port()))

	client.say(from, "and back")
	text, _ = other.take()
	g.Expect(text).To(Equal("and back"))
	events := r.Trace().Conns[0].Events
	g.Expect(events).To(ContainElement(And(HaveField("What", "in"), HaveField("From", other.LocalAddr().String()))))

	if c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 2), Port: int(server.addr().Port())}); err == nil {
		defer c.Close()
		must(c.WriteToUDPAddrPort([]byte("from another address"), at))
		text, from = client.take()
		g.Expect(text).To(Equal("from another address"))
		g.Expect(from).To(Equal(netip.AddrPortFrom(netip.MustParseAddr("127.0.0.2"), wireAddr(r).Port())))
	}
}

// A relay that is asked by very many forgets who has been silent for longest, and lets nobody wait.
func TestClientsAreForgotten(t *testing.T) {
	g := NewWithT(t)
	r, _, server := datagrams(t, proxy.Plan{})
	const clients = 1100
	for known := 0; known < clients; known = len(r.Trace().Conns) { // now and then a client gets the port of an earlier one
		c := must(r.Dial(t.Context()))
		must(c.Write([]byte("hello")))
		text, at := server.take()
		server.say(at, text)
		buf := make([]byte, 9)
		_ = c.SetReadDeadline(time.Now().Add(guard))
		g.Expect(string(buf[:must(c.Read(buf))])).To(Equal("hello"))
		c.Close()
	}
	notices, _ := r.Notices(0)
	closed := 0
	for _, n := range notices {
		if n.What == "closed" {
			closed++
		}
	}
	g.Expect(closed).To(Equal(clients - 1024))
}

func TestDecisionsOnDatagramsDependOnTheSeedAlone(t *testing.T) {
	g := NewWithT(t)
	faults := []proxy.Fault{
		proxy.Loss().Chance(20), proxy.Duplicate().Chance(20), proxy.Reorder().Chance(20),
		proxy.Latency(time.Millisecond, time.Millisecond), proxy.Truncate(2).Chance(30),
	}
	corrupt := proxy.Corrupt(1, 1).Chance(50)
	delete(corrupt.Attributes, "bytes")
	faults = append(faults, corrupt)
	texts := numbered(200)
	run := func(seed uint64, together int) []proxy.Decision {
		r, client, server := datagrams(t, proxy.Plan{Seed: seed, Faults: faults})
		client.say(wireAddr(r), "?")
		_, at := server.take()
		for group := range slices.Chunk(texts, together) {
			server.say(at, group...)
			time.Sleep(50 * time.Microsecond) // so that they come to the wire in other groups than in the run before
		}
		g.Eventually(func() int64 { return only(r).Downstream.DatagramsIn }).WithTimeout(guard).Should(Equal(int64(len(texts))))
		g.Expect(r.Quiet(t.Context())).To(Succeed())
		g.Expect(r.Close()).To(Succeed())
		return r.Trace().Conns[0].Decisions
	}
	want := run(7, 1)
	for _, f := range faults {
		g.Expect(want).To(ContainElement(HaveField("Fault", f.ID())))
	}
	g.Expect(run(7, 20)).To(Equal(want))
	g.Expect(run(7, 3)).To(Equal(want))
	g.Expect(run(8, 20)).NotTo(Equal(want))
}

// What arrives of a chain that is drawn is the same each time, too, where no clock has a say.
func TestTheSameSeedLosesTheSame(t *testing.T) {
	g := NewWithT(t)
	p := plan(proxy.Loss().Chance(30), proxy.Duplicate().Chance(30).UntilDatagram(101), proxy.Loss().Chance(10))
	p.Faults[2].Name = "again"
	p.Faults[0], p.Faults[2] = p.Faults[0].UntilDatagram(101), p.Faults[2].UntilDatagram(101)
	want, _ := answered(t, p, numbered(100)...)
	g.Expect(len(want)).To(BeNumerically("~", 80, 30))
	for range 5 {
		got, _ := answered(t, p, numbered(100)...)
		g.Expect(got).To(Equal(want))
	}
	p.Seed++
	other, _ := answered(t, p, numbered(100)...)
	g.Expect(other).NotTo(Equal(want))
}

func TestADatagramRelayLeavesNothingBehind(t *testing.T) {
	g := NewWithT(t)
	before := gleak.Goroutines()
	server := must(net.ListenPacket("udp4", "127.0.0.1:0"))
	r := must(proxy.ListenDatagrams(proxy.Config{Upstream: server.LocalAddr().String(),
		Plan: plan(proxy.Latency(time.Hour, 0), proxy.Reorder().On(proxy.Upstream), proxy.Bandwidth(1))}))
	for range 20 {
		c := must(r.Dial(t.Context()))
		must(c.Write(bytes.Repeat([]byte{1}, 1000)))
		c.Close()
	}
	buf := make([]byte, 2000)
	for range 20 {
		_, at, err := server.ReadFrom(buf)
		g.Expect(err).NotTo(HaveOccurred())
		must(server.WriteTo(buf[:1000], at))
	}
	g.Expect(r.Close()).To(Succeed())
	g.Expect(r.Close()).To(Succeed(), "twice")
	g.Expect(r.Closed()).To(BeClosed())
	server.Close()
	g.Eventually(gleak.Goroutines).WithTimeout(guard).ShouldNot(gleak.HaveLeaked(before))
}

func TestARelayTakesItsOwnFaultsAlone(t *testing.T) {
	for text, want := range map[string]string{
		"loss":                   "",
		"refuse":                 "",
		"stall":                  "stall is a fault of streams, and these are datagrams",
		"blackhole, byte":        "trigger.byte: datagrams are struck whole",
		"latency, match":         "trigger.match: datagrams are struck whole",
		"latency, window":        "attributes.window: of datagrams, latency has no such attribute",
		"corrupt, until":         "",
		"latency, until byte":    "until.byte: datagrams are struck whole",
		"loss, until datagram 1": "until.datagram: 1 is not behind datagram 1",
		"loss, towards target":   "is relative to a target",
	} {
		window := proxy.Latency(0, 0)
		window.Attributes["window"] = 1
		f := map[string]proxy.Fault{
			"loss": proxy.Loss(), "refuse": proxy.Refuse(), "stall": proxy.Stall(), "blackhole, byte": proxy.Blackhole().After(3),
			"latency, match": proxy.Latency(0, 0).OnMatch("x"), "latency, window": window,
			"corrupt, until": proxy.Corrupt(1, 1).For(time.Second), "latency, until byte": proxy.Latency(0, 0).UntilByte(4),
			"loss, until datagram 1": proxy.Loss().UntilDatagram(1), "loss, towards target": proxy.Loss().TowardsTarget(),
		}[text]
		r, err := proxy.ListenDatagrams(proxy.Config{Upstream: "127.0.0.1:9", Plan: plan(f)})
		g := NewWithT(t)
		if want == "" {
			g.Expect(err).NotTo(HaveOccurred(), text)
			g.Expect(r.Close()).To(Succeed())
			continue
		}
		g.Expect(err).To(MatchError(ContainSubstring(want)), text)
	}
	for want, f := range map[string]proxy.Fault{
		"loss is a fault of datagrams, and these are streams":      proxy.Loss(),
		"trigger.datagram: a stream has no datagrams":              proxy.Latency(0, 0).FromDatagram(2),
		"until: corrupt takes no end":                              proxy.Corrupt(1, 1).For(time.Second),
		"attributes.at: of streams, corrupt has no such attribute": proxy.CorruptDatagram(3),
	} {
		_, err := proxy.Listen(proxy.Config{Upstream: "127.0.0.1:9", Plan: plan(f)})
		NewWithT(t).Expect(err).To(MatchError(ContainSubstring(want)))
	}
}

func BenchmarkDatagramEcho(b *testing.B) {
	server := must(net.ListenPacket("udp4", "127.0.0.1:0"))
	defer server.Close()
	go func() {
		buf := make([]byte, 1<<16)
		for {
			n, from, err := server.ReadFrom(buf)
			if err != nil {
				return
			}
			_, _ = server.WriteTo(buf[:n], from)
		}
	}()
	r := must(proxy.ListenDatagrams(proxy.Config{Upstream: server.LocalAddr().String()}))
	defer r.Close()
	for name, addr := range map[string]string{"direct": server.LocalAddr().String(), "relayed": r.Addr().String()} {
		b.Run(name, func(b *testing.B) {
			c := must(net.Dial("udp4", addr))
			defer c.Close()
			buf := make([]byte, 64)
			for b.Loop() {
				must(c.Write(buf))
				must(c.Read(buf))
			}
		})
	}
}

func ExampleLoss() {
	fmt.Println(proxy.Loss().OnDatagram(2))
	fmt.Println(proxy.Duplicate().FromDatagram(3).Chance(10))
	// Output:
	// loss, downstream, datagram 2
	// duplicate percent 10 %, downstream, from datagram 3 on
}
