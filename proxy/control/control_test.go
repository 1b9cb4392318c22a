package control_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"time"

	toxiproxy "github.com/Shopify/toxiproxy/v2"
	toxiclient "github.com/Shopify/toxiproxy/v2/client"
	. "github.com/onsi/gomega"
	"github.com/rs/zerolog"

	"github.com/faultwire/faultwire/proxy/control"
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// api is an API that runs for the test.
func api(t *testing.T, o control.Options) *httptest.Server {
	s := control.New(o)
	h := httptest.NewServer(s.Handler())
	t.Cleanup(func() {
		h.Close()
		s.Close()
	})
	return h
}

// echo is a server that sends back what it gets.
func echo(t *testing.T) (addr string) {
	l := must(net.Listen("tcp", "127.0.0.1:0"))
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				_, _ = io.Copy(c, c)
			}()
		}
	}()
	return l.Addr().String()
}

// ask sends text through the proxy and returns what comes back of it.
func ask(addr, text string) (string, error) {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		return "", err
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(10 * time.Second))
	_, _ = c.Write([]byte(text))
	got := make([]byte, len(text))
	n, err := io.ReadFull(c, got)
	return string(got[:n]), err
}

func TestToxiproxysGoClient(t *testing.T) {
	g := NewWithT(t)
	toxi := toxiclient.NewClient(api(t, control.Options{}).URL)
	g.Expect(string(must(toxi.Version()))).To(ContainSubstring("2.12.0"))
	upstream := echo(t)

	p := must(toxi.CreateProxy("db", "127.0.0.1:0", upstream))
	g.Expect(p.Enabled).To(BeTrue())
	g.Expect(ask(p.Listen, "hello")).To(Equal("hello"))
	_, err := toxi.CreateProxy("db", "127.0.0.1:0", upstream)
	g.Expect(err).To(MatchError(ContainSubstring("already exists")))

	toxic := must(p.AddToxic("", "latency", "upstream", 1, toxiclient.Attributes{"latency": 1}))
	g.Expect(toxic.Name).To(Equal("latency_upstream"))
	g.Expect(toxic.Attributes).To(HaveKeyWithValue("jitter", BeEquivalentTo(0)))
	toxic = must(p.UpdateToxic("latency_upstream", -1, toxiclient.Attributes{"jitter": 1}))
	g.Expect(toxic.Attributes).To(And(HaveKeyWithValue("latency", BeEquivalentTo(1)), HaveKeyWithValue("jitter", BeEquivalentTo(1))))
	g.Expect(must(p.Toxics())).To(HaveLen(1))
	g.Expect(p.RemoveToxic("latency_upstream")).To(Succeed())
	g.Expect(p.RemoveToxic("latency_upstream")).To(MatchError(ContainSubstring("toxic not found")))

	must(toxi.AddToxic(&toxiclient.ToxicOptions{ProxyName: "db", ToxicName: "cut", ToxicType: "limit_data", Stream: "downstream",
		Toxicity: 1, Attributes: toxiclient.Attributes{"bytes": 2}}))
	got, err := ask(p.Listen, "hello")
	g.Expect(got).To(Equal("he"))
	g.Expect(err).To(HaveOccurred())
	must(toxi.UpdateToxic(&toxiclient.ToxicOptions{ProxyName: "db", ToxicName: "cut", Toxicity: 1, Attributes: toxiclient.Attributes{"bytes": 3}}))
	got, _ = ask(p.Listen, "hello")
	g.Expect(got).To(Equal("hel"))
	g.Expect(toxi.RemoveToxic(&toxiclient.ToxicOptions{ProxyName: "db", ToxicName: "cut"})).To(Succeed())

	addr := p.Listen
	g.Expect(p.Disable()).To(Succeed())
	_, err = ask(addr, "x")
	g.Expect(errors.Is(err, syscall.ECONNREFUSED)).To(BeTrue())
	g.Expect(p.Enable()).To(Succeed())
	g.Expect(p.Listen).To(Equal(addr), "enabled again, it has its port again")
	g.Expect(ask(addr, "hello")).To(Equal("hello"))

	other := echo(t)
	p.Upstream = other
	g.Expect(p.Save()).To(Succeed())
	g.Expect(must(toxi.Proxy("db")).Upstream).To(Equal(other))

	all := must(toxi.Populate([]toxiclient.Proxy{{Name: "db", Listen: p.Listen, Upstream: p.Upstream, Enabled: true},
		{Name: "cache", Listen: "127.0.0.1:0", Upstream: upstream, Enabled: true}}))
	g.Expect(all).To(HaveLen(2))
	g.Expect(must(toxi.Proxies())).To(HaveLen(2))
	must(p.AddToxic("", "timeout", "", 1, toxiclient.Attributes{"timeout": 0}))
	g.Expect(must(toxi.Proxy("cache")).Disable()).To(Succeed())
	g.Expect(toxi.ResetState()).To(Succeed())
	g.Expect(must(toxi.Proxy("cache")).Enabled).To(BeTrue())
	g.Expect(must(toxi.Proxy("db")).ActiveToxics).To(BeEmpty())
	g.Expect(p.Delete()).To(Succeed())
	_, err = toxi.Proxy("db")
	g.Expect(err).To(MatchError(ContainSubstring("proxy not found")))
}

// The same requests, to Toxiproxy's own server and to ours, in order.
func TestTheAPIAnswersAsToxiproxyDoes(t *testing.T) {
	toxi := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	theirs := httptest.NewServer(toxi.Routes())
	t.Cleanup(func() {
		theirs.Close()
		_ = toxi.Collection.Clear()
	})
	ours := api(t, control.Options{})
	port := func() string {
		l := must(net.Listen("tcp", "127.0.0.1:0"))
		defer l.Close()
		return l.Addr().String()
	}
	a, b := port(), port()
	there := strings.NewReplacer("127.0.0.1:", "127.0.0.2:") // both listen at once
	back := strings.NewReplacer("127.0.0.2:", "127.0.0.1:")
	type request struct{ method, path, body string }
	for _, r := range []request{
		{"GET", "/proxies", ""},
		{"POST", "/proxies", `{"name":"p","listen":"` + a + `","upstream":"127.0.0.1:1"}`},
		{"POST", "/proxies", `{"name":"p","listen":"` + a + `","upstream":"127.0.0.1:1"}`},
		{"POST", "/proxies", `{"name":"off","listen":"` + b + `","upstream":"127.0.0.1:1","enabled":false}`},
		{"POST", "/proxies", `{"upstream":"127.0.0.1:1"}`},
		{"POST", "/proxies", `{"name":"q"}`},
		{"GET", "/proxies/p", ""},
		{"GET", "/proxies/none", ""},
		{"DELETE", "/proxies/none", ""},
		{"GET", "/proxies/p/toxics", ""},
		{"POST", "/proxies/p/toxics", `{"type":"latency","attributes":{"latency":5}}`},
		{"POST", "/proxies/p/toxics", `{"type":"latency","attributes":{"latency":5}}`},
		{"POST", "/proxies/p/toxics", `{"name":"n","type":"bandwidth","stream":"upstream","toxicity":0.5}`},
		{"POST", "/proxies/p/toxics", `{"name":"s","type":"slicer","attributes":{"average_size":5}}`},
		{"POST", "/proxies/p/toxics", `{"type":"timeout"}`},
		{"POST", "/proxies/p/toxics", `{"type":"slow_close","stream":"upstream"}`},
		{"POST", "/proxies/p/toxics", `{"type":"limit_data","attributes":{"bytes":9}}`},
		{"POST", "/proxies/p/toxics", `{"type":"reset_peer"}`},
		{"POST", "/proxies/p/toxics", `{"type":"nonsense"}`},
		{"POST", "/proxies/p/toxics", `{"type":"latency","stream":"sideways"}`},
		{"POST", "/proxies/none/toxics", `{"type":"latency"}`},
		{"GET", "/proxies/p/toxics", ""},
		{"GET", "/proxies/p/toxics/n", ""},
		{"GET", "/proxies/p/toxics/none", ""},
		{"POST", "/proxies/p/toxics/n", `{"attributes":{"rate":7}}`},
		{"PATCH", "/proxies/p/toxics/n", `{"toxicity":1}`},
		{"PATCH", "/proxies/p/toxics/none", `{"toxicity":1}`},
		{"PATCH", "/proxies/p/toxics/n", ""},
		{"PATCH", "/proxies/p", `{"enabled":null}`},
		{"POST", "/proxies/p/toxics", `{"name":"bell \u0007","type":"latency"}`},
		{"GET", "/proxies", ""},
		{"DELETE", "/proxies/p/toxics/n", ""},
		{"DELETE", "/proxies/p/toxics/n", ""},
		{"PATCH", "/proxies/p", `{"enabled":false}`},
		{"GET", "/proxies", ""},
		{"POST", "/proxies/p", `{"enabled":true}`},
		{"POST", "/proxies/p", `{"upstream":"127.0.0.1:2"}`},
		{"POST", "/reset", ""},
		{"GET", "/proxies", ""},
		{"POST", "/populate", `[{"name":"p","listen":"` + a + `","upstream":"127.0.0.1:2"},{"name":"off","listen":"` + b + `","upstream":"127.0.0.1:3"}]`},
		{"POST", "/populate", `[{"name":"p","listen":"` + b + `","upstream":"127.0.0.1:2"}]`}, // where the other listens
		{"GET", "/proxies", ""},
		{"POST", "/populate", `[{"name":"p","listen":"` + a + `"}]`},
		{"POST", "/populate", `[{"upstream":"127.0.0.1:1"}]`},
		{"POST", "/populate", `[]`},
		{"DELETE", "/proxies/p", ""},
		{"DELETE", "/proxies/off", ""},
		{"GET", "/proxies", ""},
	} {
		status, want := send(theirs.URL, r.method, r.path, there.Replace(r.body))
		want = back.Replace(want)
		got, answer := send(ours.URL, r.method, r.path, r.body)
		answer = strings.NewReplacer("relay: ", "", "; choose another address to listen on", "").Replace(answer) // ours says more
		g := NewWithT(t)
		g.Expect(got).To(Equal(status), "%v: %s, and from Toxiproxy %s", r, answer, want)
		want = strings.NewReplacer(`"Logger":{},`, "", `,"Logger":{}`, "").Replace(want) // an accident of Toxiproxy's
		if json.Valid([]byte(want)) {
			g.Expect(answer).To(MatchJSON(want), "%v", r)
		} else {
			g.Expect(answer).To(Equal(want), "%v", r)
		}
	}
	for _, garbage := range []string{"", "{", "[]", `{"name": 5}`} {
		status, _ := send(theirs.URL, "POST", "/proxies", garbage)
		got, _ := send(ours.URL, "POST", "/proxies", garbage)
		NewWithT(t).Expect(got).To(Equal(status), garbage)
	}
}

func send(url, method, path, body string) (status int, answer string) {
	r := must(http.NewRequest(method, url+path, strings.NewReader(body)))
	a := must(http.DefaultClient.Do(r))
	defer a.Body.Close()
	return a.StatusCode, string(must(io.ReadAll(a.Body)))
}

func TestWhatToxiproxyWouldMisunderstandIsRefused(t *testing.T) {
	var warnings []string
	lenient := api(t, control.Options{Lenient: true, Warn: func(text string) { warnings = append(warnings, text) }})
	strict := api(t, control.Options{})
	for i, body := range []string{
		`{"type":"latency","attributes":{"latncy":5}}`,
		`{"type":"latency","attributes":{"latency":-5}}`,
		`{"type":"latency","toxicity":7}`,
		`{"type":"latency","toxcity":1}`,
	} {
		g := NewWithT(t)
		name := fmt.Sprint("p", i)
		definition := fmt.Sprintf(`{"name":%q,"listen":"127.0.0.1:0","upstream":"127.0.0.1:1"}`, name)
		send(strict.URL, "POST", "/proxies", definition)
		status, answer := send(strict.URL, "POST", "/proxies/"+name+"/toxics", body)
		g.Expect(status).To(Equal(http.StatusBadRequest), body)
		g.Expect(answer).To(Or(ContainSubstring("latncy"), ContainSubstring("attributes.latency"), ContainSubstring("toxicity"), ContainSubstring("toxcity")))
		send(lenient.URL, "POST", "/proxies", definition)
		status, answer = send(lenient.URL, "POST", "/proxies/"+name+"/toxics", body)
		g.Expect(status).To(Equal(http.StatusOK), "%s: %s", body, answer)
		g.Expect(warnings).To(HaveLen(i+1), body)
	}
	status, answer := send(strict.URL, "POST", "/proxies/p0/toxics", `{"type":"slicer"}`) // it would crash Toxiproxy
	NewWithT(t).Expect(status).To(Equal(http.StatusBadRequest), answer)
}

func TestBrowsersAndForeignNamesAreRefused(t *testing.T) {
	g := NewWithT(t)
	h := api(t, control.Options{})
	r := must(http.NewRequest("GET", h.URL+"/proxies", nil))
	r.Header.Set("User-Agent", "Mozilla/5.0")
	g.Expect(must(http.DefaultClient.Do(r)).StatusCode).To(Equal(http.StatusForbidden))
	r = must(http.NewRequest("GET", h.URL+"/proxies", nil))
	r.Host = "evil.example"
	g.Expect(must(http.DefaultClient.Do(r)).StatusCode).To(Equal(http.StatusForbidden))
	status, _ := send(h.URL, "POST", "/populate", string(bytes.Repeat([]byte(" "), 2<<20)))
	g.Expect(status).To(Equal(http.StatusRequestEntityTooLarge))
}

func TestToxicsOfADefinitionStrikeTheFirstConnection(t *testing.T) {
	g := NewWithT(t)
	h := api(t, control.Options{})
	upstream := echo(t)
	var p control.View
	_, answer := send(h.URL, "POST", "/proxies", `{"name":"p","listen":"127.0.0.1:0","upstream":"`+upstream+`",
		"toxics":[{"type":"reset_peer","trigger":{"byte":2}}]}`)
	g.Expect(json.Unmarshal([]byte(answer), &p)).To(Succeed())
	got, err := ask(p.Listen, "hello")
	g.Expect(got).To(Equal("he"))
	g.Expect(err).To(MatchError(syscall.ECONNRESET))
	status, answer := send(h.URL, "POST", "/populate", `[{"name":"p","listen":"`+p.Listen+`","upstream":"`+upstream+`","toxics":[]}]`)
	g.Expect(status).To(Equal(http.StatusCreated), answer)
	g.Expect(ask(p.Listen, "hello")).To(Equal("hello"), "a definition with toxics replaces those that are there")
}

// A login passes, a plan is armed, and the next answer is cut; the test waits for events and never sleeps.
func TestAPlanIsArmedAndItsEventsWaitedFor(t *testing.T) {
	g := NewWithT(t)
	h := api(t, control.Options{})
	_, answer := send(h.URL, "POST", "/proxies", `{"name":"p","listen":"127.0.0.1:0","upstream":"`+echo(t)+`"}`)
	var p control.View
	g.Expect(json.Unmarshal([]byte(answer), &p)).To(Succeed())
	c := must(net.Dial("tcp", p.Listen))
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(10 * time.Second))
	_ = must(c.Write([]byte("login")))
	_ = must(io.ReadFull(c, make([]byte, 5)))

	status, answer := send(h.URL, "PUT", "/proxies/p/plan", "faults:\n- {type: reset_peer, trigger: {byte: 3}}\n")
	g.Expect(status).To(Equal(http.StatusOK), answer)
	_ = must(c.Write([]byte("query")))
	got := must(io.ReadFull(c, make([]byte, 3)))
	g.Expect(got).To(Equal(3))
	_, err := c.Read(make([]byte, 1))
	g.Expect(err).To(MatchError(syscall.ECONNRESET))

	var events struct {
		Events []struct {
			What, Fault string
			Offset      int64
			Conn        int
		}
		Next int
	}
	_, answer = send(h.URL, "GET", "/proxies/p/events?wait=10s&what=fired", "")
	g.Expect(json.Unmarshal([]byte(answer), &events)).To(Succeed())
	g.Expect(events.Events).To(HaveLen(1))
	g.Expect(events.Events[0].Fault).To(Equal("reset_peer_downstream"))
	g.Expect(events.Events[0].Offset).To(Equal(int64(8)))

	status, _ = send(h.URL, "GET", "/proxies/p/connections/1/trace", "")
	g.Expect(status).To(Equal(http.StatusOK))
	status, _ = send(h.URL, "GET", "/proxies/p/connections/2/trace", "")
	g.Expect(status).To(Equal(http.StatusNotFound))
	status, answer = send(h.URL, "PUT", "/proxies/p/plan", "faults:\n- {type: latency, attributes: {latency: x}}\n")
	g.Expect(status).To(Equal(http.StatusBadRequest))
	g.Expect(answer).To(ContainSubstring("plan:2: faults[0].attributes.latency"))

	// Disabled and enabled again, the numbers go on, and what happened while it was disabled is told.
	open := must(net.Dial("tcp", p.Listen))
	defer open.Close()
	_, answer = send(h.URL, "GET", fmt.Sprintf("/proxies/p/events?wait=10s&what=connected&since=%d", events.Next), "")
	g.Expect(json.Unmarshal([]byte(answer), &events)).To(Succeed())
	send(h.URL, "PATCH", "/proxies/p", `{"enabled":false}`)
	closed := fmt.Sprintf("/proxies/p/events?what=closed&since=%d", events.Next) // that of the one that was reset may be among them
	g.Eventually(func() any {
		_, answer = send(h.URL, "GET", closed, "")
		g.Expect(json.Unmarshal([]byte(answer), &events)).To(Succeed())
		return events.Events
	}).WithTimeout(10*time.Second).Should(ContainElement(HaveField("Conn", 2)), "disabling closes the connection")
	send(h.URL, "PATCH", "/proxies/p", `{"enabled":true}`)
	go func() { _, _ = ask(p.Listen, "x") }()
	last := events.Next
	_, answer = send(h.URL, "GET", fmt.Sprintf("/proxies/p/events?wait=10s&what=connected&since=%d", last), "")
	g.Expect(json.Unmarshal([]byte(answer), &events)).To(Succeed())
	g.Expect(events.Next).To(BeNumerically(">", last))
}
