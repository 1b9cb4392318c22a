package mutants

import (
	"net"
	"time"
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

func (p patient) within(limit time.Duration) time.Time {
	deadline := time.Now().Add(limit)
	if limit == 0 || !p.end.IsZero() && p.end.Before(deadline) {
		return p.end
	}
	return deadline
}
