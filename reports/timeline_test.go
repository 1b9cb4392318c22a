package reports_test

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/faultwire/faultwire/proxy"
	"github.com/faultwire/faultwire/reports"
)

// A scene is an observation as far as a timeline shows it, with the events that stand in trace.jsonl.
type scene struct {
	Role     string                   `json:"role"`
	Declared map[string]time.Duration `json:"declared"`
	Outcome  string                   `json:"outcome"`
	Elapsed  time.Duration            `json:"elapsed_ns"`
	Blur     time.Duration            `json:"blur_ns,omitempty"`
	Calls    []map[string]any         `json:"calls,omitempty"`
	Trace    proxy.Trace              `json:"trace"`
	Toward   *scene                   `json:"toward,omitempty"`
	Behind   *scene                   `json:"behind,omitempty"`
}

// result is a failure of which the scene was seen. The events go where they are kept.
func (s scene) result(id string) reports.Result {
	var lines []byte
	conns := make([]proxy.ConnTrace, len(s.Trace.Conns))
	copy(conns, s.Trace.Conns)
	for i, c := range conns {
		for _, e := range c.Events {
			line, err := json.Marshal(struct {
				Conn int `json:"conn"`
				proxy.Event
			}{c.N, e})
			if err != nil {
				panic(err)
			}
			lines = append(append(lines, line...), '\n')
		}
		conns[i].Events = nil
	}
	s.Trace.Conns = conns
	return reports.Result{
		Target: "my-client", Verdict: reports.Fail, Case: reports.Case{ID: id, Title: "does as it should", Theme: "timeout", Level: "must", Basis: "practice"},
		Observation: s, Elapsed: s.Elapsed, Attachments: map[string][]byte{"trace.jsonl": lines, "stdout": []byte("x")},
	}
}

func at(ms float64) time.Duration { return time.Duration(ms * float64(time.Millisecond)) }

func moment(ms float64) proxy.Moment {
	d := at(ms)
	return &d
}

// data are events of n bytes in each of the steps, read at a time and written a while later; a negative while is never.
func data(stream proxy.Stream, from, every, later float64, n int64, steps int) (events []proxy.Event) {
	for i := range steps {
		t := from + every*float64(i)
		events = append(events, proxy.Event{At: at(t), Stream: stream, What: "in", Offset: n * int64(i), Bytes: n})
		if later >= 0 {
			events = append(events, proxy.Event{At: at(t + later), Stream: stream, What: "out", Offset: n * int64(i), Bytes: n})
		}
	}
	return events
}

func happened(stream proxy.Stream, ms float64, what string) proxy.Event {
	return proxy.Event{At: at(ms), Stream: stream, What: what}
}

// stalled is a client that waits beyond its deadline when the reply stops at byte 512.
func stalledScene() scene {
	events := data(proxy.Upstream, 100.4, 1, 0.1, 1024, 1)
	events = append(events, proxy.Event{At: at(101), Stream: proxy.Downstream, What: "in", Bytes: 1024},
		proxy.Event{At: at(101.1), Stream: proxy.Downstream, What: "out", Bytes: 512},
		happened(proxy.Upstream, 900, "fin"), happened(proxy.Upstream, 900.1, "sent_fin"), happened(proxy.Downstream, 902, "sent_rst"))
	return scene{
		Role: "client", Declared: map[string]time.Duration{"Connect": at(300), "Read": at(500), "Total": at(9000)}, Outcome: "timeout",
		Elapsed: at(800), Blur: at(40),
		Trace: proxy.Trace{FirstSign: moment(100), Fired: []proxy.Strike{{Fault: "stall_downstream", Conn: 1, Stream: proxy.Downstream, Offset: 512, At: at(101.2)}},
			Conns: []proxy.ConnTrace{{N: 1, Accepted: at(100.1), Events: events,
				Upstream:   proxy.FlowTrace{In: 1024, Out: 1024, FirstIn: moment(100.4), LastIn: moment(100.4), FirstOut: moment(100.5), LastOut: moment(100.5), End: "fin", EndAt: at(900), Passed: "fin"},
				Downstream: proxy.FlowTrace{In: 1024, Out: 512, FirstIn: moment(101), LastIn: moment(101), FirstOut: moment(101.1), LastOut: moment(101.1), Passed: "rst"},
			}}},
	}
}

// scenes are what the timelines' golden files show.
func scenes() map[string]scene {
	summary := stalledScene()
	summary.Trace.Conns[0].Events = nil

	unanswered := scene{Role: "client", Outcome: "hang", Elapsed: at(4000),
		Trace: proxy.Trace{FirstSign: moment(180), Fired: []proxy.Strike{{Fault: "connect_blackhole_downstream", Stream: proxy.Downstream, At: at(180)}}}}

	crowd := scene{Role: "client", Outcome: "ok", Elapsed: at(1), Calls: []map[string]any{{"outcome": "ok", "elapsed_ns": at(1)}, {"outcome": "reset", "elapsed_ns": at(2)}},
		Trace: proxy.Trace{FirstSign: moment(0), Fired: []proxy.Strike{{Fault: "reset_peer_downstream", Conn: 7, Stream: proxy.Downstream, Offset: 100, At: at(30)}}}}
	for n := 1; n <= 9; n++ {
		t := float64(10 * n)
		c := proxy.ConnTrace{N: n, Accepted: at(t), Events: append(data(proxy.Upstream, t, 1, 0.1, 50, 4), data(proxy.Downstream, t+1, 1, 0.2, 100, 400)...),
			Upstream: proxy.FlowTrace{In: 200, Out: 200}, Downstream: proxy.FlowTrace{In: 40000, Out: 40000}}
		if n == 7 {
			c.Events = append(c.Events, happened(proxy.Downstream, 31, "sent_rst"), happened(proxy.Upstream, 31, "sent_rst"))
		}
		crowd.Trace.Conns = append(crowd.Trace.Conns, c)
	}

	datagram := func(stream proxy.Stream, ms float64, what string, n int64) proxy.Event {
		return proxy.Event{At: at(ms), Stream: stream, What: what, Datagram: n, Bytes: 100}
	}
	lost := datagram(proxy.Downstream, 6, "lost", 2)
	lost.Fault, lost.Bytes = "loss_downstream", 0
	datagrams := scene{Role: "server", Outcome: "ok", Elapsed: at(20), Trace: proxy.Trace{FirstSign: moment(1), Conns: []proxy.ConnTrace{{N: 1, Accepted: at(1),
		Upstream: proxy.FlowTrace{In: 300, Out: 300, DatagramsIn: 3, DatagramsOut: 3}, Downstream: proxy.FlowTrace{In: 300, Out: 200, DatagramsIn: 3, DatagramsOut: 2},
		Events: []proxy.Event{
			datagram(proxy.Upstream, 1, "in", 1), datagram(proxy.Upstream, 1.1, "out", 1), datagram(proxy.Upstream, 4, "in", 2), datagram(proxy.Upstream, 8, "out", 2),
			datagram(proxy.Upstream, 5, "in", 3), datagram(proxy.Upstream, 5.1, "out", 3),
			datagram(proxy.Downstream, 2, "in", 1), datagram(proxy.Downstream, 2.1, "out", 1), datagram(proxy.Downstream, 6, "in", 2), lost,
			datagram(proxy.Downstream, 9, "in", 3), datagram(proxy.Downstream, 9.2, "out", 3)},
	}}}}

	toward := stalledScene()
	toward.Role = "server"
	peer := summary
	peer.Role, peer.Toward = "peer", &toward
	behind := stalledScene()
	gateway := datagrams
	gateway.Behind = &behind
	return map[string]scene{"gateway": gateway, "stall": stalledScene(), "summary": summary, "unanswered": unanswered, "crowd": crowd, "datagrams": datagrams, "peer": peer}
}

var figure = regexp.MustCompile(`(?s)<figure class="wire">(.*?)</figure>`)

// drawn is the timelines that a page has of the scene.
func drawn(t *testing.T, s scene, name string) string {
	t.Helper()
	var all strings.Builder
	for _, found := range figure.FindAllStringSubmatch(page(t, &reports.Run{Results: []reports.Result{s.result("tcp.timeout." + name)}}), -1) {
		all.WriteString(found[1] + "\n")
	}
	return all.String()
}

func TestTimelines(t *testing.T) {
	for name, s := range scenes() {
		t.Run(name, func(t *testing.T) {
			got := drawn(t, s, name)
			wellFormed(t, "<all>"+got+"</all>")
			goldenFile(t, name+".timeline", got)
		})
	}
}

// A timeline stands beside the evidence, as a file of its own.
func TestTimelineFile(t *testing.T) {
	g, dir := NewWithT(t), t.TempDir()
	run := &reports.Run{Tool: "faultwire 0.1.0"}
	for _, name := range []string{"stall", "peer"} {
		run.Results = append(run.Results, scenes()[name].result("tcp.timeout."+name))
	}
	g.Expect(run.WriteFolder(dir)).To(Succeed())
	svg, err := os.ReadFile(filepath.Join(dir, "cases/my-client/tcp.timeout.stall/timeline.svg"))
	g.Expect(err).NotTo(HaveOccurred())
	wellFormed(t, string(svg))
	goldenFile(t, "stall.timeline.svg", string(svg))
	g.Expect(filepath.Join(dir, "cases/my-client/tcp.timeout.peer/timeline.svg")).NotTo(BeAnExistingFile(), "where no events are kept")
}

func wellFormed(t *testing.T, document string) {
	t.Helper()
	decoder := xml.NewDecoder(strings.NewReader(document))
	for {
		if _, err := decoder.Token(); err == io.EOF {
			return
		} else if err != nil {
			t.Fatalf("no XML: %v", err)
		}
	}
}

func goldenFile(t *testing.T, name, got string) {
	t.Helper()
	g, file := NewWithT(t), filepath.Join("testdata", name+".golden")
	if *update {
		g.Expect(os.WriteFile(file, []byte(got), 0o666)).To(Succeed())
	}
	want, err := os.ReadFile(file)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(got).To(Equal(string(want)), "go test ./reports -update rewrites the golden files")
}

// What was not kept as evidence is drawn by its summary, or not at all; and nothing that stands in a trace stops it.
func TestTimelinesDoWithLess(t *testing.T) {
	for name, change := range map[string]func(*reports.Result){
		"no observation":      func(r *reports.Result) { r.Observation = nil },
		"another observation": func(r *reports.Result) { r.Observation = []string{"what is this?"} },
		"no trace":            func(r *reports.Result) { r.Observation = map[string]any{"outcome": "ok"} },
		"no JSON":             func(r *reports.Result) { r.Observation = func() {} },
	} {
		t.Run(name, func(t *testing.T) {
			res := stalledScene().result("tcp.timeout.x")
			change(&res)
			NewWithT(t).Expect(page(t, &reports.Run{Results: []reports.Result{res}})).NotTo(ContainSubstring(`class="tl"`))
		})
	}
	for name, trace := range map[string]string{
		"lines that are none": "]\n{}\n\n\"x\"\n{\"conn\":7}\n{\"conn\":1,\"what\":\"in\",\"stream\":\"sideways\"}\n",
		"times of nowhere":    `{"conn":1,"what":"in","stream":"upstream","at_ns":-9223372036854775808,"bytes":9223372036854775807}` + "\n" + `{"conn":1,"what":"in","stream":"upstream","at_ns":9223372036854775807,"offset":-5}`,
		"no end of it":        strings.Repeat(`{"conn":1,"what":"out","stream":"downstream","at_ns":101000000,"bytes":1}`+"\n", 100_000),
	} {
		t.Run(name, func(t *testing.T) {
			res := stalledScene().result("tcp.timeout.x")
			res.Attachments["trace.jsonl"] = []byte(trace)
			html := page(t, &reports.Run{Results: []reports.Result{res}})
			NewWithT(t).Expect(html).To(ContainSubstring(`class="tl"`))
			NewWithT(t).Expect(len(html)).To(BeNumerically("<", 100_000))
		})
	}
}

// The words of a timeline are all there is for who does not see it.
func TestTimelineInWords(t *testing.T) {
	svg := drawn(t, stalledScene(), "x")
	for _, words := range []string{"<title", "tcp.timeout.x, my-client", "target → peer: 1024 bytes; FIN.", "peer → target: 1024 read · 512 delivered; stall at byte 512; RST to the target.",
		"timeout after 800 ms, at most 840 ms", "read deadline 500 ms", "total deadline 9 s"} {
		NewWithT(t).Expect(svg).To(ContainSubstring(words))
	}
}

func ExampleRun_WriteHTML() {
	run := reports.Run{Tool: "faultwire 0.1.0", Results: []reports.Result{stalledScene().result("tcp.timeout.stall-mid-message")}}
	var b strings.Builder
	err := run.WriteHTML(&b)
	fmt.Println(err, strings.Contains(b.String(), `<svg width="100%"`))
	// Output:
	// <nil> true
}
