package reports_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"
	. "github.com/onsi/gomega"

	"github.com/faultwire/faultwire/proxy"
	"github.com/faultwire/faultwire/reports"
)

// An observed is what a capture needs of an observation.
type observed struct {
	Role   string      `json:"role"`
	Trace  proxy.Trace `json:"trace"`
	Toward *observed   `json:"toward,omitempty"`
	Behind *observed   `json:"behind,omitempty"`
}

// A script is events of a connection, in microseconds.
type script []proxy.Event

func (s *script) add(us int, stream proxy.Stream, what string, offset, n int64) {
	*s = append(*s, proxy.Event{At: time.Duration(us) * time.Microsecond, Stream: stream, What: what, Offset: offset, Bytes: n})
}

// text is n bytes that no dissector takes for a protocol.
func text(n int) []byte { return bytes.Repeat([]byte("~faultwire~\n"), n/12+1)[:n] }

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// talk is a connection from 127.0.0.1:40100 through 127.0.0.1:40200, and on from :40300 to :40400.
func talk(s script, up, down []byte) proxy.ConnTrace {
	dialled := 150 * time.Microsecond
	return proxy.ConnTrace{
		N: 1, Client: "127.0.0.1:40100", Door: "127.0.0.1:40200", Source: "127.0.0.1:40300", Server: "127.0.0.1:40400",
		Accepted: 100 * time.Microsecond, Dialled: &dialled, Events: s,
		Upstream: proxy.FlowTrace{Head: up}, Downstream: proxy.FlowTrace{Head: down},
	}
}

func struck(fault string, us int, stream proxy.Stream, offset int64) proxy.Strike {
	return proxy.Strike{Fault: fault, Conn: 1, Stream: stream, Offset: offset, At: time.Duration(us) * time.Microsecond}
}

// seen are the observations whose captures are tried, by name.
func seen() map[string]observed {
	reset := script{}
	reset.add(300, proxy.Upstream, "in", 0, 1024)
	reset.add(320, proxy.Upstream, "out", 0, 1024)
	reset.add(400, proxy.Downstream, "in", 0, 1024)
	reset.add(410, proxy.Downstream, "out", 0, 512)
	reset.add(6000, proxy.Downstream, "sent_rst", 512, 0)
	reset.add(6001, proxy.Upstream, "sent_rst", 1024, 0)

	ended := script{}
	ended.add(300, proxy.Upstream, "in", 0, 10)
	ended.add(310, proxy.Upstream, "out", 0, 10)
	ended.add(320, proxy.Upstream, "fin", 10, 0)
	ended.add(330, proxy.Upstream, "sent_fin", 10, 0)
	ended.add(400, proxy.Downstream, "in", 0, 10)
	ended.add(410, proxy.Downstream, "out", 0, 10)
	ended.add(420, proxy.Downstream, "fin", 10, 0)
	ended.add(430, proxy.Downstream, "sent_fin", 10, 0)

	bulk := script{} // more than is kept, in pieces longer than a packet, and with a gap where events were dropped
	bulk.add(300, proxy.Upstream, "in", 0, 200_000)
	bulk.add(400, proxy.Upstream, "in", 500_000, 1000)
	bulk.add(500, proxy.Upstream, "fin", 501_000, 0)
	bulk.add(600, proxy.Downstream, "sent_fin", 0, 0)

	udp := script{}
	for _, e := range []proxy.Event{
		{At: 300, Stream: proxy.Upstream, What: "in", Bytes: 13, Datagram: 1},
		{At: 310, Stream: proxy.Upstream, What: "lost", Offset: 13, Datagram: 1, Fault: "loss_upstream"},
		{At: 900, Stream: proxy.Upstream, What: "in", Offset: 13, Bytes: 13, Datagram: 2},
		{At: 910, Stream: proxy.Upstream, What: "out", Bytes: 13, Datagram: 2},
		{At: 950, Stream: proxy.Downstream, What: "in", Bytes: 0, Datagram: 1},
		{At: 960, Stream: proxy.Downstream, What: "out", Bytes: 0, Datagram: 1},
		{At: 970, Stream: proxy.Downstream, What: "in", Bytes: 13, Datagram: 2, From: "127.0.0.2:40400"},
		{At: 980, Stream: proxy.Downstream, What: "out", Bytes: 13, Datagram: 2, From: "127.0.0.1:40500"},
	} {
		e.At *= time.Microsecond
		udp = append(udp, e)
	}
	packets := talk(udp, text(26), text(13))
	packets.Upstream.DatagramsIn, packets.Downstream.DatagramsIn = 2, 2

	six := talk(ended, text(10), text(10))
	six.Source, six.Server = "[::1]:40300", "[::1]:40400"
	refused := talk(nil, nil, nil)
	refused.Source, refused.DialError = "", "dial tcp 127.0.0.1:40400: connect: connection refused"
	strange := talk(ended, text(10), text(10))
	strange.Client, strange.Door = "@", ""

	began := proxy.Trace{Began: noon.Add(time.Second)}
	trace := func(c proxy.ConnTrace, fired ...proxy.Strike) proxy.Trace {
		t := began
		t.Conns, t.Fired = []proxy.ConnTrace{c}, fired
		return t
	}
	rst := struck("reset_peer_downstream", 5900, proxy.Downstream, 512)
	toward := observed{Role: "server", Trace: trace(talk(reset, text(1024), text(1024)), rst)}
	behind := toward
	behind.Role = "client"
	lost := proxy.Strike{Fault: "loss_upstream", Conn: 1, Stream: proxy.Upstream, At: 310 * time.Microsecond, Datagram: 1}
	return map[string]observed{
		"reset":     {Role: "client", Trace: trace(talk(reset, text(1024), text(512)), rst)},
		"server":    {Role: "server", Trace: trace(talk(reset, text(1024), text(1024)), rst)},
		"ended":     {Role: "client", Trace: trace(talk(ended, text(10), text(10)))},
		"ipv6":      {Role: "server", Trace: trace(six)},
		"bulk":      {Role: "client", Trace: trace(talk(bulk, text(64<<10), nil))},
		"datagrams": {Role: "client", Trace: trace(packets, lost)},
		"refused":   {Role: "server", Trace: trace(refused)},
		"strange":   {Role: "client", Trace: trace(strange)},
		"peer":      {Role: "peer", Trace: trace(talk(ended, text(10), text(10))), Toward: &toward},
		"gateway":   {Role: "server", Trace: trace(talk(ended, text(10), text(10))), Behind: &behind},
		"nobody":    {Role: "client", Trace: proxy.Trace{Fired: []proxy.Strike{{Fault: "refuse"}}}},
	}
}

// captured is a run of one failure whose evidence is what the engine makes of such an observation.
func captured(o observed) *reports.Run {
	run := rich()
	res := &run.Results[1]
	var events, payload []byte
	line := func(to *[]byte, v any) {
		text, err := json.Marshal(v)
		if err != nil {
			panic(err)
		}
		*to = append(append(*to, text...), '\n')
	}
	heads := func(conns []proxy.ConnTrace, toward bool) {
		for _, c := range conns {
			for _, stream := range []proxy.Stream{proxy.Upstream, proxy.Downstream} {
				data := c.Upstream.Head
				if stream == proxy.Downstream {
					data = c.Downstream.Head
				}
				if len(data) > 0 {
					line(&payload, map[string]any{"conn": c.N, "stream": stream, "toward": toward, "data": data})
				}
			}
		}
	}
	o.Trace.Conns = slices.Clone(o.Trace.Conns)
	for i := range o.Trace.Conns {
		c := &o.Trace.Conns[i]
		for _, e := range c.Events {
			line(&events, struct {
				Conn int `json:"conn"`
				proxy.Event
			}{c.N, e})
		}
		c.Events = nil
	}
	heads(o.Trace.Conns, false)
	if o.Toward != nil {
		heads(o.Toward.Trace.Conns, true)
	}
	if len(events) == 0 {
		events = []byte("\n") // so that there is a capture at all
	}
	res.Observation, res.Attachments = o, map[string][]byte{"trace.jsonl": events, "payload.jsonl": payload}
	return run
}

// capture writes the report, and returns the file with the capture.
func capture(t *testing.T, o observed) string {
	t.Helper()
	dir := t.TempDir()
	NewWithT(t).Expect(captured(o).WriteFolder(dir)).To(Succeed())
	return filepath.Join(dir, stalled, "capture.pcapng")
}

// listed is the file, a line a packet.
func listed(t *testing.T, file string) string {
	t.Helper()
	g := NewWithT(t)
	f, err := os.Open(file)
	g.Expect(err).NotTo(HaveOccurred())
	defer f.Close()
	r, err := pcapgo.NewNgReader(f, pcapgo.DefaultNgReaderOptions)
	g.Expect(err).NotTo(HaveOccurred())
	var b strings.Builder
	fmt.Fprintln(&b, r.SectionInfo().Comment)
	for {
		data, info, options, err := r.ReadPacketDataWithOptions()
		if errors.Is(err, io.EOF) {
			return b.String()
		}
		g.Expect(err).NotTo(HaveOccurred())
		p := gopacket.NewPacket(data, layers.LinkTypeRaw, gopacket.Default)
		from, to := p.NetworkLayer().NetworkFlow().Endpoints()
		ports := func(a, z any) {
			fmt.Fprintf(&b, "%d %s %v:%v > %v:%v", info.InterfaceIndex, info.Timestamp.Format("05.000000"), from, a, to, z)
		}
		if tcp, ok := p.TransportLayer().(*layers.TCP); ok {
			ports(uint16(tcp.SrcPort), uint16(tcp.DstPort))
			flags := ""
			for name, set := range map[string]bool{"S": tcp.SYN, "F": tcp.FIN, "R": tcp.RST, "P": tcp.PSH, "A": tcp.ACK} {
				if set {
					flags += name
				}
			}
			letters := strings.Split(flags, "")
			slices.Sort(letters)
			fmt.Fprintf(&b, " %s seq %d ack %d, %d bytes", strings.Join(letters, ""), tcp.Seq, tcp.Ack, len(tcp.Payload))
		} else if udp, ok := p.TransportLayer().(*layers.UDP); ok {
			ports(uint16(udp.SrcPort), uint16(udp.DstPort))
			fmt.Fprintf(&b, " %d bytes", len(udp.Payload))
		}
		if info.Length > info.CaptureLength {
			fmt.Fprintf(&b, " of %d", info.Length-40)
		}
		for _, comment := range options.Comments {
			fmt.Fprintf(&b, "\n    %s", comment)
		}
		b.WriteByte('\n')
	}
}

func TestCaptures(t *testing.T) {
	all := seen()
	for _, name := range slices.Sorted(maps.Keys(all)) {
		t.Run(name, func(t *testing.T) {
			golden(t, "capture-"+name, listed(t, capture(t, all[name])))
		})
	}
}

// A tshark is what Wireshark makes of a capture.
type tshark struct {
	t    *testing.T
	file string
}

func (s tshark) says(args ...string) string {
	s.t.Helper()
	program, err := exec.LookPath("tshark")
	if err != nil {
		s.t.Skip(err)
	}
	var complaints bytes.Buffer
	c := exec.Command(program, append([]string{"-r", s.file}, args...)...)
	c.Stderr = &complaints
	out, err := c.Output()
	NewWithT(s.t).Expect(err).NotTo(HaveOccurred(), complaints.String())
	about := regexp.MustCompile(`(?m)^Running as user.*\n|^ *$`).ReplaceAllString(complaints.String(), "")
	NewWithT(s.t).Expect(about).To(BeEmpty())
	return string(out)
}

// followed are the bytes that went each way in a stream.
func followed(said string) (client, server []byte) {
	for line := range strings.Lines(said) {
		data, err := hex.DecodeString(strings.TrimSpace(line))
		if err != nil {
			continue // a frame around them
		}
		if strings.HasPrefix(line, "\t") {
			server = append(server, data...)
		} else {
			client = append(client, data...)
		}
	}
	return client, server
}

// Wireshark reads what we write as what it was, and has nothing against it but what was done on purpose.
func TestWiresharkReadsCaptures(t *testing.T) {
	reset := "Connection reset (RST)"
	for name, test := range map[string]struct {
		frames   int
		against  []string // of warnings and errors
		up, down []byte
		protocol string
	}{
		"reset":     {8, []string{reset}, text(1024), text(512), "tcp"},
		"server":    {8, []string{reset}, text(1024), text(1024), "tcp"},
		"ended":     {11, nil, text(10), text(10), "tcp"},
		"ipv6":      {11, nil, text(10), text(10), "tcp"},
		"strange":   {11, nil, text(10), text(10), "tcp"},
		"bulk":      {27, nil, nil, nil, ""},
		"datagrams": {4, nil, text(26), text(0), "udp"}, // what comes from another port is another stream
		"refused":   {2, []string{reset}, nil, nil, ""},
		"peer":      {19, []string{reset}, text(10), text(10), "tcp"},
		"nobody":    {0, nil, nil, nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			g, s := NewWithT(t), tshark{t, capture(t, seen()[name])}
			ask := []string{"-q", "-z", "io,stat,0", "-z", "expert"}
			if test.protocol != "" {
				ask = append(ask, "-z", "follow,"+test.protocol+",raw,0")
			}
			expert := s.says(ask...)
			if test.frames > 0 {
				g.Expect(expert).To(MatchRegexp(`(?m)\| +%d \| +\d+ \|$`, test.frames))
			}
			var against []string
			serious := false
			for line := range strings.Lines(expert) {
				if heading := regexp.MustCompile(`^(Errors|Warns|Notes|Chats|Comments) \(`).FindStringSubmatch(line); heading != nil {
					serious = heading[1] == "Errors" || heading[1] == "Warns"
				}
				if entry := regexp.MustCompile(`^ +\d+ +\w+ +\w+ +(.*)`).FindStringSubmatch(line); entry != nil && serious {
					against = append(against, entry[1])
				}
			}
			g.Expect(against).To(ConsistOf(test.against), expert)
			if test.protocol != "" {
				up, down := followed(expert)
				g.Expect(bytes.Equal(up, test.up)).To(BeTrue(), "%q", up)
				g.Expect(bytes.Equal(down, test.down)).To(BeTrue(), "%q", down)
			}
		})
	}
}

func TestWiresharkShowsTheFaults(t *testing.T) {
	g, s := NewWithT(t), tshark{t, capture(t, seen()["reset"])}
	frames := s.says("-T", "fields", "-e", "tcp.len", "-e", "frame.time_epoch", "-e", "frame.comment", "-Y", "frame.comment")
	g.Expect(strings.TrimSpace(frames)).To(Equal("512\t1795348801.000410000\tthe fault reset_peer_downstream strikes the downstream stream, behind 512 bytes"))
}

// What a forged report asks for does not fill the disk.
func TestCapturesAreBounded(t *testing.T) {
	g := NewWithT(t)
	endless := script{}
	endless.add(300, proxy.Upstream, "in", 0, 1<<62)
	endless.add(400, proxy.Upstream, "in", -1<<62, -7)
	endless.add(500, proxy.Downstream, "out", 1<<62, 1<<62)
	o := seen()["ended"]
	o.Trace.Conns = []proxy.ConnTrace{talk(endless, nil, nil)}
	info, err := os.Stat(capture(t, o))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(info.Size()).To(BeNumerically("<", 10<<20))
	for _, what := range []any{nil, 7, "x", []int{1}, map[string]any{"trace": "x", "role": 9}, map[string]any{"trace": map[string]any{"conns": []any{map[string]any{}}}}} {
		run := captured(o)
		run.Results[1].Observation = what
		g.Expect(run.WriteFolder(t.TempDir())).To(Succeed(), fmt.Sprint(what))
	}
}
