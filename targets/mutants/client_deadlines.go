package mutants

import (
	"context"
	"net"
	"time"

	"github.com/faultwire/faultwire/fixtures"
)

// deadlineMutants keep other deadlines than they promise.
func deadlineMutants() []Mutant {
	return []Mutant{
		clientMutant("client-no-read-deadline", fixtures.EchoProtocol,
			"has no read deadline",
			func(c *client) {
				c.keep = func(d fixtures.Deadlines) fixtures.Deadlines { d.Read = 0; return d }
			},
			by(neverHang, "tcp.timeout.stall-before-reply", "tcp.timeout.stall-mid-message*", "tcp.timeout.black-hole")),
		clientMutant("client-no-connect-deadline", fixtures.EchoProtocol,
			"has no connect deadline",
			func(c *client) {
				c.keep = func(d fixtures.Deadlines) fixtures.Deadlines { d.Connect = 0; return d }
			},
			by(neverHang, "tcp.connect.black-hole")),
		clientMutant("client-first-address", fixtures.EchoProtocol,
			"tries the first address of a name alone",
			func(c *client) { c.resolve = firstAddress },
			by(recovers, "tcp.connect.next-address")),
		clientMutant("client-first-address-forever", fixtures.EchoProtocol,
			"tries the first address of a name alone, as long as the system does",
			func(c *client) {
				c.resolve = firstAddress
				c.keep = func(d fixtures.Deadlines) fixtures.Deadlines { d.Connect = 0; return d }
			},
			by(neverHang, "tcp.connect.silent-address")),
		clientMutant("client-no-total-deadline", fixtures.EchoProtocol,
			"has a deadline for each read alone, so that a drip defeats the total",
			func(c *client) {
				c.keep = func(d fixtures.Deadlines) fixtures.Deadlines { d.Total = 0; return d }
			},
			by(neverHang, "tcp.timeout.drip", "tcp.bandwidth.slower-than-total")),
		clientMutant("client-half-deadline", fixtures.EchoProtocol,
			"gives up at half of each deadline",
			func(c *client) { c.keep = scaled(0.5) },
			by(neverHang, "tcp.timeout.stall-before-reply", "tcp.connect.black-hole"),
			by(reassemble, "tcp.timeout.latency-just-below", "tcp.connect.slow-accept")),
		clientMutant("client-deaf", fixtures.EchoProtocol,
			"does not hear that it is cancelled",
			func(c *client) {
				c.deaf = true
				c.dial = func(ctx context.Context, dial func(context.Context) (net.Conn, error)) (net.Conn, error) {
					return dial(context.WithoutCancel(ctx))
				}
			},
			by(neverHang, "tcp.timeout.cancelled*")),
		clientMutant("client-any-progress", fixtures.EchoProtocol,
			"winds its deadlines up again with whatever it sends",
			func(c *client) { c.mood = pleasedBySending },
			by(neverHang, "tcp.timeout.silent-while-sending")),
		clientMutant("client-double-deadline", fixtures.FramedProtocol,
			"gives up at twice each deadline",
			func(c *client) { c.keep = scaled(2) },
			by(neverHang, "tcp.timeout.stall-before-reply", "tcp.timeout.stall-mid-message*", "tcp.connect.black-hole")),
		clientMutant("client-retries-refused", fixtures.EchoProtocol,
			"tries a refused connection again until its total deadline",
			func(c *client) { c.dial = stubbornly },
			by(neverHang, "tcp.connect.refused")),
		clientMutant("client-no-deadlines", fixtures.EchoProtocol,
			"has no deadline at all",
			func(c *client) { c.keep = scaled(0) },
			by(neverHang, "tcp.timeout.stall-before-reply", "tcp.timeout.latency-above", "tcp.timeout.black-hole", "tcp.connect.black-hole", "tcp.timeout.write-stall")),
		clientMutant("client-no-patience", fixtures.EchoProtocol,
			"waits for a reply for a twentieth of its read deadline",
			func(c *client) {
				c.keep = func(d fixtures.Deadlines) fixtures.Deadlines { d.Read /= 20; return d }
			},
			by(reassemble, "tcp.timeout.latency-far-below", "tcp.timeout.latency-just-below")),
		clientMutant("client-deadline-set-once", fixtures.EchoProtocol,
			"sets its read deadline when it has connected, and never again",
			func(c *client) { c.mood = settingOnce },
			by(reassemble, "tcp.bandwidth.slow-link")),
		clientMutant("client-retries-resets", fixtures.FramedProtocol,
			"tries what was reset thirty times, without a pause",
			func(c *client) { c.tries = times(30, fixtures.Reset) },
			by(recovers, "tcp.connect.retries-bounded")),
		clientMutant("client-retries-timeouts", fixtures.EchoProtocol,
			"tries three times what timed out, each time with all of its deadlines",
			func(c *client) { c.tries = times(3, fixtures.Timeout) },
			by(neverHang, "tcp.timeout.stall-before-reply", "tcp.timeout.stall-mid-message*", "tcp.timeout.drip", "tcp.connect.black-hole")),
	}
}

// pleasedBySending sends in small pieces, with each of which the time for the whole begins anew.
func pleasedBySending(conn patient) patient {
	conn.Conn = progress{conn.Conn, time.Until(conn.end)}
	conn.read, conn.write, conn.end = 0, 0, time.Time{}
	return conn
}

type progress struct {
	net.Conn
	total time.Duration
}

func (p progress) Write(b []byte) (n int, err error) {
	for n < len(b) && err == nil {
		var wrote int
		wrote, err = p.Conn.Write(b[n:min(n+4096, len(b))])
		n += wrote
		p.SetDeadline(time.Now().Add(p.total))
	}
	return n, err
}

// The deadline is the piece's.
func (progress) SetReadDeadline(time.Time) error  { return nil }
func (progress) SetWriteDeadline(time.Time) error { return nil }

func settingOnce(conn patient) patient {
	conn.end = time.Now().Add(conn.read)
	return conn
}

func times(n int, what fixtures.Outcome) func(fixtures.Outcome) int {
	return func(ended fixtures.Outcome) int {
		if ended == what {
			return n
		}
		return 1
	}
}

func scaled(times float64) func(fixtures.Deadlines) fixtures.Deadlines {
	return func(d fixtures.Deadlines) fixtures.Deadlines {
		for _, limit := range []*time.Duration{&d.Connect, &d.Read, &d.Write, &d.Total} {
			*limit = time.Duration(float64(*limit) * times)
		}
		return d
	}
}

func stubbornly(ctx context.Context, dial func(context.Context) (net.Conn, error)) (net.Conn, error) {
	retry := time.NewTicker(10 * time.Millisecond)
	defer retry.Stop()
	var refused error
	for {
		conn, err := dial(ctx)
		switch {
		case fixtures.OutcomeOf(err) == fixtures.Refused:
			refused = err
		case err != nil && refused != nil:
			return nil, refused // the total deadline has passed
		default:
			return conn, err
		}
		select {
		case <-ctx.Done():
			return nil, refused
		case <-retry.C:
		}
	}
}

// firstAddress is what a program dials that asks for a name's addresses and takes the first.
func firstAddress(addr string) string {
	name, port, _ := net.SplitHostPort(addr)
	known, err := net.LookupIP(name) // in the order of RFC 6724; LookupHost has that of the hosts file
	if err != nil {
		return addr
	}
	return net.JoinHostPort(known[0].String(), port)
}
