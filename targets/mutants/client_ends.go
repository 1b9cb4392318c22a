package mutants

import (
	"io"
	"net"
	"time"

	"github.com/faultwire/faultwire/fixtures"
)

// endMutants do the wrong thing when the connection ends, or do not end it.
func endMutants() []Mutant {
	return []Mutant{
		clientMutant("client-reads-on-at-end", fixtures.EchoProtocol,
			"reads on for ever when the peer has ended the stream",
			func(c *client) {
				c.keep = func(d fixtures.Deadlines) fixtures.Deadlines { d.Total = 0; return d }
				c.body = neverEnding
			},
			by(neverHang, "tcp.disconnect.fin-before-reply", "tcp.disconnect.fin-mid-message*")),
		clientMutant("client-panics-at-end", fixtures.EchoProtocol,
			"looks at the reply's last byte, whether it came or not",
			func(c *client) { c.body = withLastByte },
			by(sayWhat, "tcp.disconnect.fin-before-reply", "tcp.disconnect.reset-before-reply", "tcp.timeout.stall-before-reply")),
		clientMutant("client-half-is-enough", fixtures.EchoProtocol,
			"takes half of a message for the whole, whatever ended it",
			func(c *client) { c.body = atLeastHalf },
			by(neverLie, "tcp.disconnect.fin-mid-message[at=512]", "tcp.disconnect.reset-mid-message[at=512]",
				"tcp.timeout.stall-mid-message[at=512]")),
		clientMutant("client-pause-is-end", fixtures.EchoProtocol,
			"takes a pause of a third of its read deadline for the end of the message",
			func(c *client) {
				c.keep = func(d fixtures.Deadlines) fixtures.Deadlines { d.Read /= 3; return d }
				c.body = endingAt(fixtures.Timeout)
			},
			by(neverLie, "tcp.timeout.stall-then-resume", "tcp.timeout.stall-mid-message*")),
		clientMutant("client-end-is-failure", fixtures.EchoProtocol,
			"takes an end right behind the reply for a failure",
			func(c *client) { c.finish = nothingBehind },
			by(reassemble, "tcp.disconnect.server-half-close")),
		clientMutant("client-writes-first", fixtures.EchoProtocol,
			"writes all that it has before it reads",
			func(c *client) { c.first = true },
			by(reassemble, "tcp.bandwidth.full-duplex")),
		clientMutant("client-keeps-connection", fixtures.EchoProtocol,
			"does not close a connection before its peer does",
			func(c *client) { c.mood = waitingForThePeer },
			by(recovers, "tcp.timeout.stall-before-reply", "tcp.timeout.stall-mid-message*")),
	}
}

// neverEnding sleeps a little between its reads: a mutant must not wear out the machine.
func neverEnding(r io.Reader, size int) ([]byte, error) {
	b := make([]byte, size)
	for have := 0; have < size; {
		n, err := r.Read(b[have:])
		have += n
		if err != nil && err != io.EOF {
			return b[:have], err
		}
		if n == 0 {
			time.Sleep(time.Millisecond)
		}
	}
	return b, nil
}

// nothingBehind waits a moment for what there may be behind the reply.
func nothingBehind(conn patient) error {
	conn.read = 50 * time.Millisecond
	_, err := conn.Read(make([]byte, 1))
	if fixtures.OutcomeOf(err) == fixtures.Timeout {
		return nil
	}
	return err
}

func withLastByte(r io.Reader, size int) ([]byte, error) {
	b, err := whole(r, size)
	if size > 0 {
		_ = b[len(b)-1]
	}
	return b, err
}

func atLeastHalf(r io.Reader, size int) ([]byte, error) {
	b, err := whole(r, size)
	if len(b) >= size/2 && len(b) > 0 {
		err = nil
	}
	return b, err
}

// waitingForThePeer closes in the background, when the peer has ended.
func waitingForThePeer(conn patient) patient {
	conn.Conn = lingering{conn.Conn}
	return conn
}

type lingering struct{ net.Conn }

func (l lingering) Close() error {
	l.SetDeadline(time.Time{})
	go func() {
		io.Copy(io.Discard, l.Conn)
		l.Conn.Close()
	}()
	return nil
}
