package reports

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"

	"github.com/faultwire/faultwire/proxy"
)

// payloadFile is the evidence that a capture has its bytes from: the first of each stream.
const payloadFile = "payload.jsonl"

// maxPackets bounds a capture.
const maxPackets = 50_000

// capture is the result's wire as packets, in the form of a pcapng file: what the target's kernel exchanged with the wire, put
// together from the trace. Addresses, payloads, times and the order are those of the trace; handshakes, sequence numbers and
// acknowledgements are made up to fit: each side acknowledges at once. A payload of which only the length was kept is a packet cut
// short. What the faults did stands in comments, on the packet behind which it happened.
func (r *Run) capture(res *Result) ([]byte, error) {
	var o struct {
		Role   string      `json:"role"`
		Trace  proxy.Trace `json:"trace"`
		Toward *struct {
			Trace proxy.Trace `json:"trace"`
		} `json:"toward"`
		Behind *struct {
			Trace proxy.Trace `json:"trace"`
		} `json:"behind"`
	}
	if seen, err := json.Marshal(res.Observation); err == nil {
		_ = json.Unmarshal(seen, &o) // what is no observation has no trace
	}
	for line := range bytes.Lines(res.Attachments[eventsFile]) {
		var e struct {
			Conn int `json:"conn"`
			proxy.Event
		}
		if json.Unmarshal(line, &e) != nil {
			continue
		}
		if i := slices.IndexFunc(o.Trace.Conns, func(c proxy.ConnTrace) bool { return c.N == e.Conn }); i >= 0 {
			o.Trace.Conns[i].Events = append(o.Trace.Conns[i].Events, e.Event)
		}
	}
	for line := range bytes.Lines(res.Attachments[payloadFile]) {
		var h struct {
			Conn   int          `json:"conn"`
			Stream proxy.Stream `json:"stream"`
			Toward bool         `json:"toward"`
			Data   []byte       `json:"data"`
		}
		conns := o.Trace.Conns
		if err := json.Unmarshal(line, &h); err != nil {
			continue
		} else if h.Toward {
			conns = nil
			if o.Toward != nil {
				conns = o.Toward.Trace.Conns
			}
		}
		for i := range conns {
			switch {
			case conns[i].N != h.Conn:
			case h.Stream == proxy.Upstream:
				conns[i].Upstream.Head = h.Data
			default:
				conns[i].Downstream.Head = h.Data
			}
		}
	}

	film := &film{}
	film.shoot(&o.Trace, o.Role == "server")
	names := []string{fmt.Sprintf("the wire beside the %s under test, as that saw it", cmp.Or(oneLine(shorten(o.Role, 100)), "target"))}
	if o.Toward != nil {
		names[0] = "the wire through which the peer under test asks, as that saw it"
		film.wire++
		film.shoot(&o.Toward.Trace, true)
		names = append(names, "the wire through which the peer under test is asked, as that saw it")
	}
	if o.Behind != nil {
		film.wire++
		film.shoot(&o.Behind.Trace, false)
		names = append(names, "the wire through which the gateway under test asks the server behind it, as that saw it")
	}
	began := cmp.Or(o.Trace.Began, r.Started)
	if began.Year() < 1970 {
		began = time.Unix(0, 0)
	}
	comment := fmt.Sprintf("%s\n%s: %s\n\nPut together by Faultwire from its trace: payloads, times and order are what was seen, handshakes and acknowledgements are "+
		"made up to fit. Faults stand in comments, on the packet behind which they struck (frame.comment).",
		oneLine(res.Case.ID+" "+res.Case.Title), oneLine(res.Target), res.Verdict)
	for _, mark := range film.stray {
		comment += "\n" + mark
	}
	return film.develop(began, names, pcapgo.NgSectionInfo{Hardware: oneLine(r.Host.Arch), OS: oneLine(r.Host.OS), Application: oneLine(shorten(r.Tool, 1000)), Comment: shorten(comment, 4000)})
}

// A film is packets on their way into a file.
type film struct {
	wire    int // whose packets are being added
	packets []packet
	stray   []string // comments for which there is no packet
	full    bool
}

// A packet is one of the file's.
type packet struct {
	at       time.Duration
	wire     int
	data     []byte // as far as it is known
	length   int
	bare     bool // it acknowledges, and does nothing else
	comments []string
}

// A mark is what a comment says of a moment.
type mark struct {
	at   time.Duration
	text string
}

// shoot adds a wire's packets, at the edge beside the client or the server.
func (f *film) shoot(t *proxy.Trace, atServer bool) {
	marks := map[int][]mark{}
	for _, s := range t.Fired {
		text := fmt.Sprintf("the fault %s strikes", oneLine(s.Fault))
		switch {
		case s.Datagram > 0:
			text += fmt.Sprintf(" %s datagram %d", s.Stream, s.Datagram)
		case s.Stream != "":
			text += fmt.Sprintf(" the %s stream, behind %s", s.Stream, plural(int(s.Offset), "byte"))
		}
		marks[s.Conn] = append(marks[s.Conn], mark{s.At, text})
	}
	for i := range t.Conns {
		c := &t.Conns[i]
		began := len(f.packets)
		s := f.scene(c, atServer)
		fates := s.play(c)
		f.mark(began, append(marks[c.N], fates...))
		delete(marks, c.N)
	}
	for _, n := range sortedInts(marks) {
		for _, m := range marks[n] {
			f.stray = append(f.stray, m.text)
		}
	}
}

func sortedInts[V any](m map[int]V) []int {
	keys := make([]int, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// mark comments on the packets from the given one on: on the last that came before, and rather on one that says something.
func (f *film) mark(from int, marks []mark) {
	for _, m := range marks {
		at := -1
		for i := from; i < len(f.packets); i++ {
			if p := &f.packets[i]; p.at <= m.at && !p.bare || at < 0 {
				at = i
			}
		}
		if at < 0 {
			f.stray = append(f.stray, m.text)
			continue
		}
		p := &f.packets[at]
		p.comments = append(p.comments, shorten(m.text, 1000))
	}
}

// develop writes the file.
func (f *film) develop(began time.Time, wires []string, about pcapgo.NgSectionInfo) ([]byte, error) {
	var file bytes.Buffer
	var w *pcapgo.NgWriter
	for i, name := range wires {
		var err error
		intf := pcapgo.NgInterface{Name: fmt.Sprintf("wire%d", i), Description: name, LinkType: layers.LinkTypeRaw}
		if w == nil {
			w, err = pcapgo.NewNgWriterInterface(&file, intf, pcapgo.NgWriterOptions{SectionInfo: about})
		} else {
			_, err = w.AddInterface(intf)
		}
		if err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(f.packets, func(a, b packet) int { return cmp.Compare(a.at, b.at) })
	for _, p := range f.packets {
		info := gopacket.CaptureInfo{Timestamp: began.Add(p.at), CaptureLength: len(p.data), Length: p.length, InterfaceIndex: p.wire}
		if err := w.WritePacketWithOptions(info, p.data, pcapgo.NgPacketOptions{Comments: p.comments}); err != nil {
			return nil, err
		}
	}
	err := w.Flush()
	return file.Bytes(), err
}

// scene sets a connection's two sides up, as the one beside which it is seen has their addresses.
func (f *film) scene(c *proxy.ConnTrace, atServer bool) *scene {
	s := &scene{film: f, n: c.N, atServer: atServer}
	client, server := c.Client, c.Door
	if atServer {
		client, server = c.Source, c.Server
	}
	// Addresses that are not known are those that RFC 5737 keeps for documentation.
	s.client = party{addr: addrPort(client, netip.AddrFrom4([4]byte{192, 0, 2, 1}), 10_000+c.N), head: c.Upstream.Head}
	s.server = party{addr: addrPort(server, netip.AddrFrom4([4]byte{192, 0, 2, 2}), 7), head: c.Downstream.Head}
	return s
}

func addrPort(s string, otherwise netip.Addr, port int) netip.AddrPort {
	if a, err := netip.ParseAddrPort(s); err == nil {
		return netip.AddrPortFrom(a.Addr().Unmap().WithZone(""), a.Port())
	}
	return netip.AddrPortFrom(otherwise, uint16(port))
}
