package mutants

import (
	"context"
	"encoding/binary"
	"net"
	"unicode/utf8"

	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/targets"
)

// A udpServer is its parts.
type udpServer struct {
	room   int
	answer func(conn net.PacketConn, b []byte, client net.Addr) (more bool) // false ends the service
	hears  func(client net.Addr) bool                                       // whether it still listens to that client
}

func soundUDPServer() *udpServer {
	return &udpServer{
		room: 1 << 16,
		answer: func(conn net.PacketConn, b []byte, client net.Addr) bool {
			conn.WriteTo(b, client)
			return true
		},
		hears: func(net.Addr) bool { return true },
	}
}

func (s *udpServer) target(name string) targets.Target {
	return targets.Target{Name: name, Role: targets.ServerRole, Protocol: fixtures.UDPProtocol, Packets: s}
}

// udpServerMutant is the sound server with what the defect replaces.
func udpServerMutant(name, does string, defect func(*udpServer), caught ...[]Catch) Mutant {
	s := soundUDPServer()
	defect(s)
	return newMutant(s.target(name), does, caught)
}

// ServePacket implements [targets.PacketServer].
func (s *udpServer) ServePacket(ctx context.Context, conn net.PacketConn) error {
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	b := make([]byte, s.room)
	for {
		n, client, err := conn.ReadFrom(b)
		if err != nil || s.hears(client) && !s.answer(conn, b[:n], client) {
			break
		}
	}
	<-ctx.Done() // also where the defect is to stop early: the end of a server in this process is the harness's to choose
	return nil
}

// first does something before the datagram is sent back.
func (s *udpServer) first(do func(b []byte) (more bool)) {
	answer := s.answer
	s.answer = func(conn net.PacketConn, b []byte, client net.Addr) bool { return do(b) && answer(conn, b, client) }
}

// udpServerMutants answer other than they were asked, or not for long.
func udpServerMutants() []Mutant {
	return []Mutant{
		udpServerMutant("server-udp-short-buffer",
			"has room for 1024 bytes",
			func(s *udpServer) { s.room = 1024 },
			by(neverLie, "udp.size.large*", "udp.size.longest")),
		udpServerMutant("server-udp-empty-is-end",
			"takes an empty datagram for the end",
			func(s *udpServer) { s.first(func(b []byte) bool { return len(b) > 0 }) },
			by(reassemble, "udp.size.zero-length")),
		udpServerMutant("server-udp-ignores-empty",
			"does not answer an empty datagram",
			func(s *udpServer) {
				answer := s.answer
				s.answer = func(conn net.PacketConn, b []byte, client net.Addr) bool {
					return len(b) == 0 || answer(conn, b, client)
				}
			},
			by(reassemble, "udp.size.zero-length")),
		udpServerMutant("server-udp-socket-a-client",
			"answers from a socket of its own for each client",
			func(s *udpServer) {
				s.answer = func(_ net.PacketConn, b []byte, client net.Addr) bool {
					if own, err := net.ListenPacket("udp4", "127.0.0.1:0"); err == nil {
						own.WriteTo(b, client)
						own.Close()
					}
					return true
				}
			},
			by(reassemble, "udp.address.same-port")),
		udpServerMutant("server-udp-panics-when-short",
			"reads a number from the first 8 bytes, which may not be there",
			func(s *udpServer) {
				s.first(func(b []byte) bool { return len(b) == 0 || binary.BigEndian.Uint64(b) > 0 })
			},
			by(recovers, "udp.survival.garbage", "udp.survival.truncated")),
		udpServerMutant("server-udp-ends-at-no-text",
			"ends its service at the first datagram that is no UTF-8, if that is short",
			func(s *udpServer) {
				s.first(func(b []byte) bool { return len(b) >= fixtures.KeySize || utf8.Valid(b) })
			},
			byEither([]string{recovers, reassemble}, "udp.survival.garbage")),
		udpServerMutant("server-udp-first-client-only",
			"listens to its first client alone",
			func(s *udpServer) {
				var first net.Addr
				s.hears = func(client net.Addr) bool {
					if first == nil {
						first = client
					}
					return client.String() == first.String()
				}
			},
			byEither([]string{recovers, reassemble}, "udp.survival.garbage", "udp.survival.truncated", "udp.size.zero-length")),
	}
}
