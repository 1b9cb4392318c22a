package reports_test

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	. "github.com/onsi/gomega"
	"golang.org/x/net/html"

	"github.com/faultwire/faultwire/proxy"
	"github.com/faultwire/faultwire/reports"
)

func page(t testing.TB, run *reports.Run) string {
	t.Helper()
	var b strings.Builder
	NewWithT(t).Expect(run.WriteHTML(&b)).To(Succeed())
	return b.String()
}

// illustrated is rich with timelines, and with what else only a page shows.
func illustrated() *reports.Run {
	run := rich()
	run.Command = []string{"faultwire", "run", "--client", "python3 client.py {host} {port}"}
	res := &run.Results[1]
	shown := stalledScene().result(res.Case.ID)
	res.Observation = shown.Observation
	res.Attachments["trace.jsonl"] = shown.Attachments["trace.jsonl"]
	res.Times = &reports.Times{Connect: at(0.1), Send: at(0.4), Wait: at(799.5)}
	run.Results[6].Observation = scene{Role: "client", Outcome: "ok", Elapsed: at(3), Trace: proxy.Trace{FirstSign: moment(0), Conns: []proxy.ConnTrace{{N: 1,
		Upstream: proxy.FlowTrace{In: 312, Out: 312, FirstIn: moment(1), LastIn: moment(2), FirstOut: moment(1), LastOut: moment(2)}}}}}
	run.Results = append(run.Results, reports.Result{Target: "my.client", Verdict: reports.Pass, Note: "not distinguished: the program does not say which kind of error it met",
		Case: reports.Case{ID: "tcp.disconnect.reset-before-reply", Title: "reports a reset", Theme: "disconnect", Level: "must", Basis: "documented", Clause: "Python socket: ConnectionResetError"}})
	return run
}

var styleOrScript = regexp.MustCompile(`(?s)(<style>).*?(</style>)|(<script>).*?(</script>)|'sha256-[^']*'`)

func TestGoldenHTML(t *testing.T) {
	empty := &reports.Run{Tool: "faultwire 0.1.0", Interrupted: true}
	strict := illustrated()
	strict.Strict = true
	for name, run := range map[string]*reports.Run{"illustrated": illustrated(), "strict": strict, "self-test": sound(), "empty": empty} {
		t.Run(name, func(t *testing.T) {
			goldenFile(t, name+".html", styleOrScript.ReplaceAllString(page(t, run), "$1$2$3$4"))
		})
	}
}

// The page is a function of the run and its evidence: the same each time, and the same read back.
func TestHTMLIsAFunctionOfTheRun(t *testing.T) {
	g, dir := NewWithT(t), t.TempDir()
	first := page(t, illustrated())
	for range 10 {
		g.Expect(page(t, illustrated())).To(Equal(first))
	}
	g.Expect(illustrated().WriteFolder(dir)).To(Succeed())
	written, err := os.ReadFile(filepath.Join(dir, "report.html"))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(string(written)).To(Equal(first))

	read, err := reports.ReadJSON(filepath.Join(dir, "results.json"))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(read.LoadEvidence(dir)).To(Succeed())
	g.Expect(page(t, read)).To(Equal(first))

	other := t.TempDir()
	g.Expect(read.WriteFolder(other)).To(Succeed())
	for _, name := range files(t, dir) {
		if name == "results.json" {
			continue // observations read back have their keys in another order
		}
		want, err := os.ReadFile(filepath.Join(dir, name))
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(os.ReadFile(filepath.Join(other, name))).To(BeEquivalentTo(want), name)
	}
}

// each calls do for all elements of the page.
func each(t testing.TB, document string, do func(*html.Node, map[string]string)) {
	t.Helper()
	root, err := html.Parse(strings.NewReader(document))
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	for n := range root.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		attributes := map[string]string{}
		for _, a := range n.Attr {
			attributes[a.Key] = a.Val
		}
		do(n, attributes)
	}
}

// Links lead somewhere, names are unique, nothing is fetched and nothing runs but the page's own script, whatever a target says.
func TestHTMLIsSound(t *testing.T) {
	for name, run := range map[string]*reports.Run{"illustrated": illustrated(), "self-test": sound(), "hostile": injecting(), "empty": {}, "synthetic": synthetic(60, 4, 3)} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			document := page(t, run)
			ids, scripts := map[string]bool{}, 0
			var links []string
			each(t, document, func(n *html.Node, attributes map[string]string) {
				if id, has := attributes["id"]; has {
					g.Expect(ids).NotTo(HaveKey(id))
					g.Expect(id).To(MatchRegexp(`^[\w.-]+$`))
					ids[id] = true
				}
				for key, value := range attributes {
					g.Expect(key).NotTo(HavePrefix("on"), "a handler")
					switch key {
					case "href":
						g.Expect(value).To(MatchRegexp(`^(#|cases/|results\.json$|junit\.xml$)`))
						links = append(links, value)
					case "src", "srcset", "action", "data", "formaction", "poster", "ping":
						t.Errorf("%s=%q", key, value)
					}
				}
				switch n.Data {
				case "script":
					scripts++
					sum := sha256.Sum256([]byte(n.FirstChild.Data))
					g.Expect(document).To(ContainSubstring("script-src &#39;sha256-" + strings.ReplaceAll(base64.StdEncoding.EncodeToString(sum[:]), "+", "&#43;") + "&#39;"))
				case "iframe", "object", "embed", "link", "base", "img", "image", "use", "audio", "video", "foreignObject":
					t.Errorf("there is a %s", n.Data)
				}
			})
			g.Expect(scripts).To(Equal(1))
			for _, link := range links {
				if id, within := strings.CutPrefix(link, "#"); within {
					g.Expect(ids).To(HaveKey(id))
				}
			}
			outside := strings.ReplaceAll(document, "http://www.w3.org/2000/svg", "")
			if name != "hostile" {
				g.Expect(outside).NotTo(ContainSubstring("http://"))
				g.Expect(outside).NotTo(ContainSubstring("https://"))
			}
			g.Expect(outside).NotTo(ContainSubstring("ZgotmplZ"), "the template was given what it does not trust")
			g.Expect(utf8.ValidString(document)).To(BeTrue())
			g.Expect(strings.IndexFunc(document, func(r rune) bool {
				return r != '\n' && r != '\t' && (unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r))
			})).To(Equal(-1))
		})
	}
}

const injection = `</script></style></title></textarea><script>alert(1)</script><img src=x onerror=alert(1)>"' onmouseover='alert(1)' {{.}} ${alert(1)} javascript:alert(1) http://example.com/ --> ]]>`

// injecting is hostile with what attacks a page; what it says is as long as it likes, and has nowhere to break.
func injecting() *reports.Run {
	run := hostile()
	long := strings.Repeat("W", 3000)
	for i := range run.Results {
		res := &run.Results[i]
		res.Target, res.Case.Title, res.Case.Why, res.Case.Fix = run.Targets[0].Name, injection+long, injection, "Go: "+injection+"\nPython  "+long
		res.Finding = &reports.Finding{Promise: injection, Expected: injection + long, Seen: long + injection, Advice: injection}
		res.Case.Faults, res.Case.Script, res.Replay, res.Note = []string{injection, long}, []string{long}, injection+long, injection
		res.Attachments = map[string][]byte{"stderr": []byte(injection + long), injection: []byte("x")}
		res.Observation = scene{Outcome: injection, Role: injection, Elapsed: at(1), Declared: map[string]time.Duration{injection: at(1)}, Trace: proxy.Trace{
			Conns: []proxy.ConnTrace{{N: 1, DialError: injection + long}},
			Fired: []proxy.Strike{{Fault: injection + long, Conn: 1, Stream: proxy.Upstream}, {Fault: long, Conn: 1, Stream: proxy.Downstream}}}}
	}
	run.Targets[0].How, run.Targets[0].Elsewhere = injection+long, []string{long}
	run.Targets[0].Promises = map[string]string{long: long}
	run.Command = []string{"faultwire", injection, long}
	run.Host = reports.Host{Name: long, Kernel: injection}
	control := run.Results[2]
	control.Verdict = reports.Fail
	run.Targets[0].Control = &control
	return run
}

func TestHTMLSays(t *testing.T) {
	for want, run := range map[string]*reports.Run{
		"Nonconformant, incomplete": illustrated(),
		">Conformant<":              sound(),
		">Interrupted<":             {Interrupted: true},
		">No verdict<":              {},
		"Every requirement that was tested is kept, but for 1 known failure.": {Results: []reports.Result{{Verdict: reports.XFail}}},
		"Faultwire tested itself":                                           sound(),
		"practice: no standard demands it":                                  illustrated(),
		"Promises read 500ms. Promises no write or total deadline":          illustrated(),
		"2 cases could not be tested.":                                      illustrated(),
		"connect 0.1 &#43; send 0.4 &#43; wait 799.5 &#43; receive 0.0":     illustrated(),
		`href="cases/my.client/tcp.timeout.stall-mid-message--at-1/stderr"`: illustrated(),
	} {
		document := page(t, run)
		if strings.HasPrefix(want, ">") {
			want = "</b>" + want[1:len(want)-1] + "</h1>"
		}
		NewWithT(t).Expect(document).To(ContainSubstring(want))
	}
	// What a family has in common is told once.
	NewWithT(t).Expect(strings.Count(page(t, illustrated()), "A server that dies inside a reply")).To(Equal(1))
}

// synthetic is a run of so many cases and targets, of which every n-th pair fails, with all its evidence.
func synthetic(cases, targets, n int) *reports.Run {
	run := &reports.Run{Tool: "faultwire 0.1.0", Catalogue: "1", Seed: 1, Scale: 1, Started: time.Date(2026, 11, 22, 3, 4, 5, 0, time.UTC),
		Command: []string{"faultwire", "run", "--config", "faultwire.yaml"}}
	themes := []string{"connect", "timeout", "disconnect", "reassembly", "bandwidth"}
	for t := range targets {
		run.Targets = append(run.Targets, reports.Target{Name: fmt.Sprintf("target-%d", t), Role: "client", Protocol: "echo", How: "python3 client.py {host} {port}"})
		for c := range cases {
			theme := themes[c*len(themes)/cases]
			id := fmt.Sprintf("tcp.%s.case-%d", theme, c)
			if c%3 == 0 {
				id = fmt.Sprintf("tcp.%s.family-%d[at=%d]", theme, c/15, c)
			}
			res := reports.Result{Target: run.Targets[t].Name, Verdict: reports.Pass}
			if (c*targets+t)%n == 0 {
				res = stalledScene().result(id)
				res.Target = run.Targets[t].Name
				res.Finding = &reports.Finding{Promise: "never hang", Expected: "a timeout between 475 ms and 850 ms (the read deadline is 500 ms)", Seen: "still waiting after 1.6 s, when Faultwire ended it"}
				res.Replay = fmt.Sprintf("faultwire run --client 'python3 client.py {host} {port}' --protocol echo --read-timeout 500ms --run '%s' --seed 1", id)
				res.Attachments["stderr"] = []byte("Traceback (most recent call last):\n  File \"client.py\", line 9, in <module>\n    data = sock.recv(1024)\nKeyboardInterrupt\n")
			}
			res.Case = reports.Case{ID: id, Theme: theme, Level: "must", Role: "client", Title: "reports a timeout when the peer falls silent inside a message",
				Basis: "practice", Clause: "never hang: a declared read deadline ends the wait for a reply, wherever in it the peer falls silent",
				Why: strings.Repeat("A server that dies inside a reply often leaves the connection open. ", 6), Fix: strings.Repeat(stallFix+"\n", 1),
				Faults: []string{"delivers 512 bytes of the reply, then falls silent and keeps the connection open"}, File: "suites/timeout/stall.go", Line: 31}
			run.Results = append(run.Results, res)
		}
	}
	return run
}

// However much there is to tell, the page opens.
func TestHTMLStaysSmall(t *testing.T) {
	for name, run := range map[string]*reports.Run{"a fifth fails": synthetic(500, 10, 5), "all fails": synthetic(500, 10, 1), "nothing fails": synthetic(500, 10, 1<<30)} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			document := page(t, run)
			t.Logf("%d bytes, %d timelines", len(document), strings.Count(document, "<svg width="))
			g.Expect(len(document)).To(BeNumerically("<", 5_000_000))
			failed := 0
			for _, res := range run.Results {
				if res.Verdict == reports.Fail {
					failed++
				}
			}
			told := 0
			each(t, document, func(n *html.Node, attributes map[string]string) {
				if class := attributes["class"]; class == "pair fail" || class == "pair brief" {
					told++
				}
			})
			g.Expect(told).To(Equal(failed), "every failure is told, if in brief")
		})
	}
}

func BenchmarkHTML(b *testing.B) {
	for name, n := range map[string]int{"a fifth fails": 5, "all fails": 1, "nothing fails": 1 << 30} {
		b.Run(name, func(b *testing.B) {
			run := synthetic(500, 10, n)
			for b.Loop() {
				if err := run.WriteHTML(io.Discard); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
