package mutants

import (
	"net"
	"time"

	"github.com/faultwire/faultwire/fixtures"
)

// A patient connection waits for each read and write only so long, and for all of them together until the end. Zero is no
// limit.
type patient struct {
	net.Conn
	read, write time.Duration
	end         time.Time
}

func (p patient) Read(b []byte) (int, error) {
	p.SetReadDeadline(p.within(p.read))
	return p.Conn.Read(b)
}

func (p patient) Write(b []byte) (int, error) {
	p.SetWriteDeadline(p.within(p.write))
	return p.Conn.Write(b)
}

// hasty makes each write send what the kernel takes at once, and say that it was all.
func hasty(p patient) patient {
	p.Conn = shortWriter{p.Conn}
	return p
}

type shortWriter struct{ net.Conn }

func (w shortWriter) Write(b []byte) (int, error) {
	w.SetWriteDeadline(time.Now().Add(time.Millisecond))
	if n, err := w.Conn.Write(b); err != nil && n == 0 && fixtures.OutcomeOf(err) != fixtures.Timeout {
		return 0, err
	}
	return len(b), nil
}

func (p patient) within(limit time.Duration) time.Time {
	deadline := time.Now().Add(limit)
	if limit == 0 || !p.end.IsZero() && p.end.Before(deadline) {
		return p.end
	}
	return deadline
}
