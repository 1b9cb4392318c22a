package mutants

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"time"

	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/targets"
	"github.com/faultwire/faultwire/targets/reference"
)

// A udpClient is its parts. Like the others it hands on what it received and does not compare it with what it sent.
type udpClient struct {
	keep  func(promised fixtures.Deadlines) fixtures.Deadlines
	open  func(addr string) (net.Conn, error)
	room  int                                       // how long a datagram it has room for
	mine  func(reply, request []byte) (bool, error) // whether a datagram is the reply; an error ends the exchange
	again func(asked int) time.Duration             // how long it waits before it asks once more; zero is for ever
	sent  func(err error) error                     // what it makes of the error of a send
	end   func(err error) ([]byte, error)           // what it makes of the end of its patience
	word  func(err error) fixtures.Outcome
}

func soundUDPClient() *udpClient {
	return &udpClient{
		keep:  func(promised fixtures.Deadlines) fixtures.Deadlines { return promised },
		open:  func(addr string) (net.Conn, error) { return net.Dial("udp", addr) },
		room:  1 << 16,
		mine:  func(reply, request []byte) (bool, error) { return sameKey(reply, request), nil },
		again: func(asked int) time.Duration { return time.Second << asked },
		sent:  func(err error) error { return err },
		end:   func(err error) ([]byte, error) { return nil, err },
		word:  fixtures.OutcomeOf,
	}
}

// sameKey reports whether the datagram begins as the request does.
func sameKey(reply, request []byte) bool {
	if len(request) < fixtures.KeySize {
		return string(reply) == string(request)
	}
	return len(reply) >= fixtures.KeySize && string(reply[:fixtures.KeySize]) == string(request[:fixtures.KeySize])
}

func (c *udpClient) target(name string) targets.Target {
	return targets.Target{Name: name, Role: targets.ClientRole, Protocol: fixtures.UDPProtocol, Client: c,
		Promises: fixtures.Deadlines{Read: reference.ReadDeadline, Total: reference.TotalDeadline}}
}

// udpClientMutant is the sound client with what the defect replaces.
func udpClientMutant(name, does string, defect func(*udpClient), caught ...[]Catch) Mutant {
	c := soundUDPClient()
	defect(c)
	return newMutant(c.target(name), does, caught)
}

// Exchange implements [targets.Client].
func (c *udpClient) Exchange(ctx context.Context, addr string, job targets.Job) targets.Said {
	exchange, end := c.Open(addr)
	defer end()
	return exchange(ctx, job)
}

// Open implements [targets.Persistent]. The socket is kept whatever happens.
func (c *udpClient) Open(addr string) (exchange func(context.Context, targets.Job) targets.Said, end func()) {
	var conn net.Conn
	exchange = func(ctx context.Context, job targets.Job) targets.Said {
		if conn == nil {
			var err error
			if conn, err = c.open(addr); err != nil {
				return targets.Said{Outcome: c.word(err), Detail: err.Error()}
			}
		}
		received, err := c.play(ctx, conn, job)
		said := targets.Said{Outcome: c.word(err), Received: received}
		if err != nil {
			said.Detail = err.Error()
		}
		return said
	}
	return exchange, func() {
		if conn != nil {
			conn.Close()
		}
	}
}

func (c *udpClient) play(ctx context.Context, conn net.Conn, job targets.Job) (received []byte, err error) {
	limits := c.keep(job.Promises)
	var end time.Time
	if limits.Total > 0 {
		end = time.Now().Add(limits.Total)
	}
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	for _, body := range job.Messages {
		reply, err := c.call(conn, body, patient{read: limits.Read, end: end}.within(limits.Read))
		received = append(received, reply...)
		if err != nil {
			return received, err
		}
	}
	return received, nil
}

func (c *udpClient) call(conn net.Conn, body []byte, until time.Time) ([]byte, error) {
	buf := make([]byte, c.room)
	for asked := 0; ; asked++ {
		_, err := conn.Write(body)
		if err := c.sent(err); err != nil {
			return nil, err
		}
		limit := time.Now().Add(c.again(asked))
		last := !until.IsZero() && until.Before(limit)
		if last {
			limit = until
		}
		conn.SetReadDeadline(limit)
		for {
			n, err := conn.Read(buf)
			if errors.Is(err, os.ErrDeadlineExceeded) && !last {
				break
			}
			if err != nil {
				return c.end(err)
			}
			mine, err := c.mine(buf[:n], body)
			if err != nil {
				return nil, err
			}
			if mine {
				return buf[:n], nil
			}
		}
	}
}

// A hearAll is a socket that is not connected, and takes what anybody sends.
type hearAll struct {
	*net.UDPConn
	to net.Addr
}

func (h hearAll) Read(b []byte) (int, error) {
	n, _, err := h.ReadFrom(b)
	return n, err
}

func (h hearAll) Write(b []byte) (int, error) { return h.WriteTo(b, h.to) }

// udpClientMutants take datagrams for what they are not, or wait for them as nobody should.
func udpClientMutants() []Mutant {
	return []Mutant{
		udpClientMutant("client-udp-no-deadline",
			"waits for ever for a reply",
			func(c *udpClient) {
				c.keep = func(fixtures.Deadlines) fixtures.Deadlines { return fixtures.Deadlines{} }
				c.again = func(int) time.Duration { return time.Hour }
			},
			by(neverHang, "udp.delivery.lost-request", "udp.delivery.lost-reply", "udp.delivery.total-loss")),
		udpClientMutant("client-udp-double-deadline",
			"waits twice as long as it promises",
			func(c *udpClient) {
				c.keep = func(d fixtures.Deadlines) fixtures.Deadlines { d.Read, d.Total = 2*d.Read, 2*d.Total; return d }
			},
			by(neverHang, "udp.delivery.total-loss", "udp.delivery.lost-reply")),
		udpClientMutant("client-udp-silence-is-done",
			"takes no reply for an empty one",
			func(c *udpClient) { c.end = func(error) ([]byte, error) { return nil, nil } },
			by(neverLie, "udp.delivery.lost-request", "udp.delivery.lost-reply", "udp.delivery.total-loss")),
		udpClientMutant("client-udp-takes-next",
			"takes the next datagram for its reply, whatever it answers",
			func(c *udpClient) { c.mine = func(_, _ []byte) (bool, error) { return true, nil } },
			by(neverLie, "udp.delivery.duplicate-reply", "udp.delivery.reordered-replies", "udp.delivery.late-reply", "udp.delivery.other-reply-first")),
		udpClientMutant("client-udp-stops-at-strangers",
			"gives up when a datagram is not its reply",
			func(c *udpClient) {
				c.mine = func(reply, request []byte) (bool, error) {
					if !sameKey(reply, request) {
						return false, fixtures.ErrMalformed
					}
					return true, nil
				}
			},
			by(reassemble, "udp.delivery.other-reply-first", "udp.delivery.duplicate-reply")),
		udpClientMutant("client-udp-floods",
			"asks again without a pause",
			func(c *udpClient) { c.again = func(int) time.Duration { return 500 * time.Microsecond } }, // a mutant must not wear out the machine
			by(recovers, "udp.delivery.total-loss")),
		udpClientMutant("client-udp-fixed-rhythm",
			"asks again every 10 ms",
			func(c *udpClient) { c.again = func(int) time.Duration { return 10 * time.Millisecond } },
			by(recovers, "udp.delivery.back-off")),
		udpClientMutant("client-udp-short-buffer",
			"has room for 2048 bytes",
			func(c *udpClient) { c.room = 2048 },
			by(neverLie, "udp.size.large[bytes=2049]", "udp.size.large[bytes=60000]", "udp.size.longest")),
		udpClientMutant("client-udp-empty-is-end",
			"takes an empty datagram for the end",
			func(c *udpClient) {
				c.mine = func(reply, request []byte) (bool, error) {
					if len(reply) == 0 {
						return false, io.EOF
					}
					return sameKey(reply, request), nil
				}
			},
			by(reassemble, "udp.size.zero-length")),
		udpClientMutant("client-udp-shrugs",
			"does not look whether a datagram was sent",
			func(c *udpClient) { c.sent = func(error) error { return nil } },
			by(sayWhat, "udp.size.too-long")),
		udpClientMutant("client-udp-hears-all",
			"takes a reply from anybody",
			func(c *udpClient) {
				c.open = func(addr string) (net.Conn, error) {
					to, err := net.ResolveUDPAddr("udp", addr)
					if err != nil {
						return nil, err
					}
					conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
					return hearAll{conn, to}, err
				}
			},
			by(neverLie, "udp.address.foreign-reply*")),
		udpClientMutant("client-udp-closed-port-is-reset",
			"calls a closed port a reset",
			func(c *udpClient) {
				c.word = func(err error) fixtures.Outcome {
					if o := fixtures.OutcomeOf(err); o != fixtures.Refused {
						return o
					}
					return fixtures.Reset
				}
			},
			by(sayWhat, "udp.address.port-unreachable")),
	}
}
