package reports

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"

	"github.com/faultwire/faultwire/proxy"
)

// A scene is one connection, or the datagrams of one client's address, while its packets are made.
type scene struct {
	film           *film
	n              int
	atServer       bool
	client, server party
}

// A party is one side of a scene.
type party struct {
	addr netip.AddrPort
	head []byte // the first bytes that it sends

	next       uint32 // sequence number
	sent       int64  // bytes of payload
	fin, reset bool
	unseen     bool // it has sent bytes of which only the number is known
	late       bool // when it sent the last bytes is not known
}

// largest is how much payload goes in one segment. It fits into a packet of either IP.
const largest = 65_475

// play makes the packets of the trace, and returns what became of datagrams.
func (s *scene) play(c *proxy.ConnTrace) (fates []mark) {
	events := slices.Clone(c.Events)
	slices.SortStableFunc(events, func(a, b proxy.Event) int { return cmp.Compare(a.At, b.At) })
	if c.Upstream.DatagramsIn+c.Downstream.DatagramsIn > 0 {
		return s.datagrams(events)
	}
	open, connected := c.Accepted, s.handshake(c)
	for _, e := range events {
		if !connected {
			break
		}
		at := max(open, e.At)
		if s.atServer {
			at = max(at, *c.Dialled)
		}
		from := s.from(e.Stream)
		switch what := s.here(e); what {
		case "data":
			s.data(at, from, e.Offset, e.Bytes)
		case "fin", "rst":
			s.data(at, from, e.Offset, 0)
			s.end(at, from, what)
		}
	}
	return nil
}

// from is who sends the stream.
func (s *scene) from(stream proxy.Stream) *party {
	if stream == proxy.Upstream {
		return &s.client
	}
	return &s.server
}

func (s *scene) to(from *party) *party {
	if from == &s.client {
		return &s.server
	}
	return &s.client
}

// here is what the event is at the edge that is looked at: "data", "fin" or "rst", and nothing if it is one of the other edge.
// What flows away from the target comes in there, what flows towards it goes out.
func (s *scene) here(e proxy.Event) string {
	in := (e.Stream == proxy.Upstream) != s.atServer
	switch {
	case in && e.What == "in", !in && e.What == "out":
		return "data"
	case in && (e.What == "fin" || e.What == "rst"):
		return e.What
	case !in && (e.What == "sent_fin" || e.What == "sent_rst"):
		return strings.TrimPrefix(e.What, "sent_")
	}
	return ""
}

// handshake opens the connection, and reports whether it was opened.
func (s *scene) handshake(c *proxy.ConnTrace) bool {
	opening := []layers.TCPOption{
		{OptionType: layers.TCPOptionKindMSS, OptionLength: 4, OptionData: []byte{largest >> 8, largest & 0xff}},
		{OptionType: layers.TCPOptionKindWindowScale, OptionLength: 3, OptionData: []byte{7}},
		{OptionType: layers.TCPOptionKindNop, OptionLength: 1},
	}
	answered := c.Accepted
	s.segment(c.Accepted, &s.client, layers.TCP{SYN: true, Options: opening}, nil, 0)
	s.client.next++
	if s.atServer {
		if c.Dialled == nil {
			return false
		}
		answered = max(answered, *c.Dialled)
		if c.DialError != "" {
			if strings.Contains(c.DialError, "refused") {
				s.segment(answered, &s.server, layers.TCP{RST: true, ACK: true}, nil, 0)
			}
			return false
		}
	}
	s.segment(answered, &s.server, layers.TCP{SYN: true, ACK: true, Options: opening}, nil, 0)
	s.server.next++
	s.segment(answered, &s.client, layers.TCP{ACK: true}, nil, 0)
	return true
}

// data sends bytes from the given offset of the stream on, and what was sent unnoted before it.
func (s *scene) data(at time.Duration, from *party, offset, n int64) {
	end := min(max(0, offset)+max(0, n), 1<<40)
	for from.sent < end && !s.film.full {
		size := min(end-from.sent, largest)
		late := offset > from.sent
		if late {
			size = min(size, offset-from.sent)
		}
		var known []byte
		if from.sent < int64(len(from.head)) {
			known = from.head[from.sent:min(int64(len(from.head)), from.sent+size)]
		}
		p := s.segment(at, from, layers.TCP{PSH: true, ACK: true}, known, int(size))
		switch {
		case p == nil:
			return
		case int64(len(known)) < size && !from.unseen:
			from.unseen = true
			p.comments = append(p.comments, "of this direction no more bytes were kept, but how many they were")
		}
		if late && !from.late {
			p.comments = append(p.comments, "when these bytes were sent was not kept: by now")
		}
		from.late = late
		from.sent += size
		from.next += uint32(size)
		s.acknowledge(at, s.to(from))
	}
}

// end ends a direction, or the connection.
func (s *scene) end(at time.Duration, from *party, how string) {
	switch {
	case from.reset || how == "fin" && from.fin:
	case how == "rst":
		from.reset = true
		s.segment(at, from, layers.TCP{RST: true, ACK: true}, nil, 0)
	default:
		from.fin = true
		s.segment(at, from, layers.TCP{FIN: true, ACK: true}, nil, 0)
		from.next++
		s.acknowledge(at, s.to(from))
	}
}

func (s *scene) acknowledge(at time.Duration, by *party) {
	if s.client.reset || s.server.reset {
		return
	}
	if p := s.segment(at, by, layers.TCP{ACK: true}, nil, 0); p != nil {
		p.bare = true
	}
}

// segment makes one of TCP. Its payload is size bytes, of which the first are known.
func (s *scene) segment(at time.Duration, from *party, tcp layers.TCP, known []byte, size int) *packet {
	to := s.to(from)
	tcp.SrcPort, tcp.DstPort = layers.TCPPort(from.addr.Port()), layers.TCPPort(to.addr.Port())
	tcp.Seq, tcp.Window = from.next, 65_535
	header := 20
	for _, o := range tcp.Options { // which fill words
		header += int(o.OptionLength)
	}
	tcp.DataOffset = uint8(header / 4)
	if tcp.ACK {
		tcp.Ack = to.next
	}
	return s.add(at, from.addr.Addr(), to.addr.Addr(), layers.IPProtocolTCP, &tcp, header, known, size)
}

// transport is a layer over IP that has a checksum.
type transport interface {
	gopacket.SerializableLayer
	SetNetworkLayerForChecksum(gopacket.NetworkLayer) error
}

// add makes a packet, unless there are too many. Its payload is size bytes, behind a header of its own; of one of which not all is
// known the checksum is not, either.
func (s *scene) add(at time.Duration, from, to netip.Addr, protocol layers.IPProtocol, over transport, header int, known []byte, size int) *packet {
	f := s.film
	if len(f.packets) >= maxPackets {
		if !f.full {
			f.full = true
			f.stray = append(f.stray, fmt.Sprintf("What came behind these %d packets is left out.", maxPackets))
		}
		return nil
	}
	var ip interface {
		gopacket.SerializableLayer
		gopacket.NetworkLayer
	}
	length := header + size
	if from.Is4() && to.Is4() {
		length += 20
		ip = &layers.IPv4{Version: 4, IHL: 5, Length: uint16(length), TTL: 64, Flags: layers.IPv4DontFragment, Protocol: protocol, SrcIP: from.AsSlice(), DstIP: to.AsSlice()}
	} else {
		source, target := from.As16(), to.As16()
		ip = &layers.IPv6{Version: 6, Length: uint16(length), HopLimit: 64, NextHeader: protocol, SrcIP: source[:], DstIP: target[:]}
		length += 40
	}
	buffer := gopacket.NewSerializeBuffer()
	err := over.SetNetworkLayerForChecksum(ip)
	if err == nil {
		err = gopacket.SerializeLayers(buffer, gopacket.SerializeOptions{ComputeChecksums: true}, ip, over, gopacket.Payload(known))
	}
	if err != nil {
		f.stray = append(f.stray, "a packet cannot be made: "+err.Error())
		return nil
	}
	f.packets = append(f.packets, packet{at: at, wire: f.wire, data: buffer.Bytes(), length: length})
	return &f.packets[len(f.packets)-1]
}

// mostDatagram is the longest payload over IPv4.
const mostDatagram = 65_507

// datagrams makes the packets of UDP, and returns what became of those that did not pass as they were.
func (s *scene) datagrams(events []proxy.Event) (fates []mark) {
	for _, e := range events {
		if s.here(e) != "data" {
			switch e.What {
			case "in", "out", "fault":
			case "unreachable":
				fates = append(fates, mark{e.At, "nobody listens at the server's port (ICMP)"})
			default:
				text := fmt.Sprintf("%s datagram %d: %s", e.Stream, e.Datagram, oneLine(e.What))
				if e.Fault != "" {
					text += " by the fault " + oneLine(e.Fault)
				}
				fates = append(fates, mark{e.At, text})
			}
			continue
		}
		from := s.from(e.Stream)
		to, source := s.to(from), from.addr
		if e.From != "" {
			source = addrPort(e.From, source.Addr(), int(source.Port()))
		}
		var known []byte
		size := min(max(0, e.Bytes), mostDatagram)
		if e.Offset >= 0 && e.Offset < int64(len(from.head)) {
			known = from.head[e.Offset:min(int64(len(from.head)), e.Offset+size)]
		}
		udp := &layers.UDP{SrcPort: layers.UDPPort(source.Port()), DstPort: layers.UDPPort(to.addr.Port()), Length: uint16(8 + size)}
		s.add(e.At, source.Addr(), to.addr.Addr(), layers.IPProtocolUDP, udp, 8, known, int(size))
	}
	return fates
}
