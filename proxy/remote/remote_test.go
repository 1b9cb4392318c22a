package remote_test

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/Shopify/toxiproxy/v2"
	client "github.com/Shopify/toxiproxy/v2/client"
	. "github.com/onsi/gomega"
	"github.com/rs/zerolog"

	"github.com/faultwire/faultwire/proxy"
	"github.com/faultwire/faultwire/proxy/remote"
)

// toxiproxyServer runs a Toxiproxy server in this process.
func toxiproxyServer(t *testing.T) *httptest.Server {
	api := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	s := httptest.NewServer(api.Routes())
	t.Cleanup(func() {
		s.Close()
		_ = api.Collection.Clear()
	})
	return s
}

// says is a server that says the text to whoever connects, and ends.
func says(t *testing.T, text string) string {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = io.WriteString(c, text)
			_ = c.Close()
		}
	}()
	return l.Addr().String()
}

func TestAPlanIsPutOnAProxyOfItsOwn(t *testing.T) {
	g := NewWithT(t)
	there := toxiproxyServer(t)
	others := client.NewClient(there.URL)
	_, err := others.CreateProxy("theirs", "127.0.0.1:0", "127.0.0.1:9")
	g.Expect(err).NotTo(HaveOccurred())

	s, err := remote.New(there.URL + "/")
	g.Expect(err).NotTo(HaveOccurred())
	p, err := s.Open(says(t, "0123456789"), proxy.Plan{Faults: []proxy.Fault{
		proxy.Latency(20*time.Millisecond, 0), proxy.LimitData(4), proxy.SlowClose(time.Millisecond).On(proxy.Upstream),
	}})
	g.Expect(err).NotTo(HaveOccurred())
	all, err := others.Proxies()
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(all).To(HaveLen(2))
	for name, made := range all {
		if name != "theirs" {
			g.Expect(name).To(HavePrefix("faultwire-"))
			g.Expect(made.Listen).To(Equal(p.Addr()))
			g.Expect(made.ActiveToxics).To(ConsistOf(
				HaveField("Name", "latency_downstream"), HaveField("Attributes", HaveKeyWithValue("bytes", 4.0)), HaveField("Stream", "upstream")))
		}
	}

	c, err := net.Dial("tcp", p.Addr())
	g.Expect(err).NotTo(HaveOccurred())
	defer c.Close()
	g.Expect(io.ReadAll(c)).To(BeEquivalentTo("0123"), "the limit")

	g.Expect(p.Close()).To(Succeed())
	g.Expect(p.Close()).To(Succeed(), "again")
	all, err = others.Proxies()
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(all).To(HaveLen(1))
	g.Expect(all).To(HaveKey("theirs"))
}

func TestOnlyWhatToxiproxyDoesAsItIsMeantIsTaken(t *testing.T) {
	window := proxy.Latency(time.Second, 0)
	window.Attributes["window"] = 1000
	seldom := proxy.Timeout(time.Second)
	seldom.Toxicity = .5
	for _, c := range []struct {
		fault proxy.Fault
		needs string // empty if it is taken
	}{
		{proxy.Latency(time.Second, time.Second), ""},
		{proxy.Bandwidth(0), ""},
		{proxy.Slicer(10, 3, time.Millisecond).On(proxy.Upstream), ""},
		{proxy.LimitData(0), ""},
		{proxy.SlowClose(time.Second), ""},
		{proxy.Timeout(0), ""},
		{proxy.ResetPeer().After(512), "needs reset_peer; "},
		{proxy.Stall(), "needs stall; "},
		{proxy.Refuse(), "needs refuse; "},
		{proxy.Latency(time.Second, 0).After(10), "needs latency latency 1000 ms jitter 0 ms, downstream, after 10 bytes; "},
		{proxy.Timeout(0).OnceSent(5), "needs timeout timeout 0 ms, downstream, once 5 bytes have gone the other way; "},
		{proxy.Bandwidth(9).For(time.Second), "needs bandwidth rate 9 KB/s, downstream, for 1000 ms; "},
		{proxy.Timeout(0).OnConnection(2), "needs timeout timeout 0 ms, downstream, connection 2; "},
		{window, "needs latency latency 1000 ms jitter 0 ms window 1000 bytes, downstream; "},
		{seldom, "needs timeout timeout 1000 ms, downstream, toxicity 0.5; "},
	} {
		t.Run(c.fault.String(), func(t *testing.T) {
			g := NewWithT(t)
			err := remote.Takes(proxy.Plan{Faults: []proxy.Fault{proxy.Bandwidth(1).On(proxy.Upstream), c.fault}})
			if c.needs == "" {
				g.Expect(err).NotTo(HaveOccurred())
				return
			}
			g.Expect(err).To(MatchError(errors.ErrUnsupported))
			g.Expect(err.Error()).To(HavePrefix(c.needs + "Toxiproxy cannot: "))
		})
	}
	g := NewWithT(t)
	wrong := remote.Takes(proxy.Plan{Faults: []proxy.Fault{proxy.Latency(time.Second, 0).TowardsTarget()}})
	g.Expect(wrong).To(MatchError(ContainSubstring("relative to a target")))
	g.Expect(wrong).NotTo(MatchError(errors.ErrUnsupported))
}

func TestCheckSaysWhatIsWrong(t *testing.T) {
	answering := func(status int, text string) string {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = io.WriteString(w, text)
		}))
		t.Cleanup(s.Close)
		return s.URL
	}
	nobody := httptest.NewServer(nil)
	nobody.Close()
	for _, c := range []struct{ name, url, says string }{
		{"nobody", nobody.URL, "nothing answers there"},
		{"a page", answering(200, "<html>"), "it is not a Toxiproxy"},
		{"other JSON", answering(200, `{"name": "x"}`), "it is not a Toxiproxy"},
		{"an error", answering(500, `oops`), "it is not a Toxiproxy"},
		{"an error in JSON", answering(404, `{"error": "no"}`), "it is not a Toxiproxy"},
		{"the first Toxiproxy", answering(200, `{"version": "1.2.1"}`), "Toxiproxy 1.2.1 is there; it must be version 2"},
		{"one that makes no proxies", answering(200, `{"version": "2.12.0"}`), "no connection comes through its proxies"},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := NewWithT(t)
			s, err := remote.New(c.url)
			g.Expect(err).NotTo(HaveOccurred())
			_, err = s.Check(t.Context())
			g.Expect(err).To(MatchError(And(HavePrefix(c.url), ContainSubstring(c.says))))
		})
	}
	g := NewWithT(t)
	there := toxiproxyServer(t)
	s, err := remote.New(strings.TrimPrefix(there.URL, "http://"))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(s.Check(t.Context())).To(Equal("git"))
	g.Expect(client.NewClient(there.URL).Proxies()).To(BeEmpty(), "nothing is left behind")
	for _, at := range []string{"", "ftp://localhost", "http://", "localhost:port", "http://localhost:8474/proxies"} {
		_, err := remote.New(at)
		g.Expect(err).To(MatchError(ContainSubstring("http://127.0.0.1:8474")), at)
	}
}

// What passed through a proxy says nothing about a target unless the proxy was there, as it was made, all the time.
func TestCloseSaysThatTheProxyWasNotThereAllTheTime(t *testing.T) {
	plan := proxy.Plan{Faults: []proxy.Fault{proxy.Latency(time.Second, 0)}}
	for _, c := range []struct {
		name, says string
		does       func(others *client.Client, ours *client.Proxy, there *httptest.Server) error
	}{
		{"reset by others", "was changed meanwhile", func(others *client.Client, _ *client.Proxy, _ *httptest.Server) error {
			return others.ResetState()
		}},
		{"removed by others", "somebody else has removed it", func(_ *client.Client, ours *client.Proxy, _ *httptest.Server) error {
			return ours.Delete()
		}},
		{"a server that ends", "the Toxiproxy has ended", func(_ *client.Client, _ *client.Proxy, there *httptest.Server) error {
			there.CloseClientConnections()
			there.Close()
			return nil
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := NewWithT(t)
			there := toxiproxyServer(t)
			s, err := remote.New(there.URL)
			g.Expect(err).NotTo(HaveOccurred())
			p, err := s.Open("127.0.0.1:9", plan)
			g.Expect(err).NotTo(HaveOccurred())
			others := client.NewClient(there.URL)
			all, err := others.Proxies()
			g.Expect(err).NotTo(HaveOccurred())
			for _, ours := range all {
				g.Expect(c.does(others, ours, there)).To(Succeed())
			}
			g.Expect(p.Close()).To(MatchError(And(HavePrefix(there.URL), ContainSubstring(c.says))))
		})
	}
}

// A proxy that cannot have all of its toxics is not left behind.
func TestAProxyThatIsNotCompleteIsRemoved(t *testing.T) {
	g := NewWithT(t)
	api := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	routes := api.Routes()
	there := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/toxics") {
			http.Error(w, `{"error": "no toxics today", "status": 400}`, http.StatusBadRequest)
			return
		}
		routes.ServeHTTP(w, r)
	}))
	defer there.Close()
	s, err := remote.New(there.URL)
	g.Expect(err).NotTo(HaveOccurred())
	_, err = s.Open("127.0.0.1:9", proxy.Plan{Faults: []proxy.Fault{proxy.Bandwidth(9)}})
	g.Expect(err).To(MatchError(And(HavePrefix(there.URL+": making the proxy faultwire-"), ContainSubstring("no toxics today"))))
	g.Expect(api.Collection.Proxies()).To(BeEmpty())
}
