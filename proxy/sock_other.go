//go:build !linux

package proxy

import "syscall"

// Without Linux's queue queries the wire cannot know what the peer has received: resets wait a fixed time instead, slices
// go unconfirmed, and an RST behind a FIN is not passed on.

func unsent(syscall.RawConn) (int, bool) { return 0, false }

func queued(syscall.RawConn) (int, bool) { return 0, false }

func discardQueued(syscall.RawConn) {}

func dead(syscall.RawConn) bool { return true } // unknown: the careful way

func awaitDead(syscall.RawConn) bool { return false }

// smallBuffers leaves them as they are.
func smallBuffers(_, _ string, _ syscall.RawConn) error { return nil }

// readReady reads at most limit bytes into a pooled buffer.
func readReady(e *end, pool *buffers, limit int) (buf *[maxChunk]byte, n int, err error) {
	buf = pool.get()
	if n, err = e.conn.Read(buf[:limit]); n > 0 {
		return buf, n, nil
	}
	pool.put(buf)
	return nil, 0, err
}
