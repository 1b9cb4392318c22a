package reference

import (
	"net"
	"slices"
	"time"
)

// A timedConn bounds every read and every write of a connection, and all of them together. A deadline of package net is a
// point in time, so it has to be set anew for each operation; reads and writes may run at the same time. That it is not a
// *net.TCPConn also keeps io.Copy from splicing in the kernel, where a whole copy would count as one operation.
type timedConn struct {
	net.Conn
	read  time.Duration // the longest silence; zero is no limit
	write time.Duration // the longest time without progress while writing; zero is no limit
	end   time.Time     // when everything must have ended; zero is never
}

// writeSize is how much must be accepted within one write deadline. A whole message under one deadline would fail on a
// link that is slow but sound.
const writeSize = 16 << 10

func (c timedConn) Read(p []byte) (int, error) {
	if err := c.SetReadDeadline(c.deadline(c.read)); err != nil {
		return 0, err
	}
	return c.Conn.Read(p)
}

func (c timedConn) Write(p []byte) (int, error) {
	written := 0
	for chunk := range slices.Chunk(p, writeSize) {
		if err := c.SetWriteDeadline(c.deadline(c.write)); err != nil {
			return written, err
		}
		n, err := c.Conn.Write(chunk)
		written += n
		if err != nil {
			return written, err
		}
	}
	return written, nil
}

// deadline is the limit from now on, or the end if that comes first. The zero time means none.
func (c timedConn) deadline(limit time.Duration) time.Time {
	if limit <= 0 {
		return c.end
	}
	deadline := time.Now().Add(limit)
	if !c.end.IsZero() && c.end.Before(deadline) {
		return c.end
	}
	return deadline
}
