package reference_test

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"io"
	"net"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/gleak"

	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/targets"
	"github.com/faultwire/faultwire/targets/reference"
)

// safety bounds what must not hang; no verdict depends on it.
const safety = 30 * time.Second

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// peer plays the other side of one connection, and closes it. The test waits for it.
func peer(t *testing.T, play func(conn *net.TCPConn)) (addr string) {
	t.Helper()
	l, done := listen(t), make(chan struct{})
	go func() {
		defer close(done)
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		conn.SetDeadline(time.Now().Add(safety))
		play(conn.(*net.TCPConn))
	}()
	t.Cleanup(func() { l.Close(); <-done })
	return l.Addr().String()
}

// serve runs the reference server until the test ends, and checks that it leaves no goroutine behind.
func serve(t *testing.T, s reference.Server, l net.Listener) (addr string) {
	t.Helper()
	noLeaks(t)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ctx, l) }()
	t.Cleanup(func() {
		cancel()
		NewWithT(t).Eventually(ended).WithTimeout(safety).Should(Receive(BeNil()), "Serve returns nil when its context is done")
	})
	return l.Addr().String()
}

// noLeaks must be called before what might leak: clean-up runs backwards.
func noLeaks(t *testing.T) {
	t.Helper()
	before := gleak.Goroutines()
	t.Cleanup(func() {
		NewWithT(t).Eventually(gleak.Goroutines).WithTimeout(safety).ShouldNot(gleak.HaveLeaked(before))
	})
}

func dial(t *testing.T, addr string) *net.TCPConn {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	conn.SetDeadline(time.Now().Add(safety))
	t.Cleanup(func() { conn.Close() })
	return conn.(*net.TCPConn)
}

func exchange(t *testing.T, p fixtures.Protocol, addr string, promises fixtures.Deadlines, bodies ...[]byte) targets.Said {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), safety)
	defer cancel()
	return reference.Client{Protocol: p}.Exchange(ctx, addr, targets.Job{Messages: bodies, Promises: promises})
}

func payload(size int) []byte {
	b := make([]byte, size)
	rand.Read(b)
	return b
}

// take reads the whole request for a body of size bytes, so that nothing is left unread when the peer closes.
func take(conn net.Conn, size int) []byte {
	b := make([]byte, size)
	io.ReadFull(conn, b)
	return b
}

func prefixed(length uint32, body string) []byte {
	return append(binary.BigEndian.AppendUint32(nil, length), body...)
}

func reset(conn *net.TCPConn) {
	conn.SetLinger(0)
	conn.Close()
}
