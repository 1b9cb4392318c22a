package reference_test

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/targets"
	"github.com/faultwire/faultwire/targets/reference"
)

// answered is a socket whose datagrams are answered with what reply makes of each. The test waits for it to end.
func answered(t *testing.T, reply func(n int, b []byte) [][]byte) (addr string) {
	t.Helper()
	c, err := net.ListenPacket("udp4", "127.0.0.1:0")
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		b := make([]byte, 1<<16)
		for i := 1; ; i++ {
			n, from, err := c.ReadFrom(b)
			if err != nil {
				return
			}
			for _, r := range reply(i, b[:n]) {
				c.WriteTo(r, from)
			}
		}
	}()
	t.Cleanup(func() { c.Close(); <-ended })
	return c.LocalAddr().String()
}

func TestPacketClientSaysWhatHappened(t *testing.T) {
	for name, c := range map[string]struct {
		size  int
		reply func(n int, b []byte) [][]byte
		want  fixtures.Outcome
	}{
		"the reply":         {100, func(_ int, b []byte) [][]byte { return [][]byte{b} }, fixtures.OK},
		"an empty one":      {0, func(_ int, b []byte) [][]byte { return [][]byte{b} }, fixtures.OK},
		"a short one":       {3, func(_ int, b []byte) [][]byte { return [][]byte{nil, {1, 2}, b} }, fixtures.OK},
		"the longest":       {65507, func(_ int, b []byte) [][]byte { return [][]byte{b} }, fixtures.OK},
		"one too long":      {65508, nil, fixtures.Other},
		"others first":      {100, func(_ int, b []byte) [][]byte { return [][]byte{nil, []byte("a stranger's"), b} }, fixtures.OK},
		"none":              {100, func(int, []byte) [][]byte { return nil }, fixtures.Timeout},
		"others alone":      {100, func(int, []byte) [][]byte { return [][]byte{[]byte("a stranger's")} }, fixtures.Timeout},
		"one that is cut":   {100, func(_ int, b []byte) [][]byte { return [][]byte{b[:99]} }, fixtures.Corrupt},
		"one that is other": {100, func(_ int, b []byte) [][]byte { b[50] ^= 1; return [][]byte{b} }, fixtures.Corrupt},
	} {
		t.Run(name, func(t *testing.T) {
			message := payload(c.size)
			job := targets.Job{Messages: [][]byte{message}, Promises: fixtures.Deadlines{Read: safety}}
			if c.want == fixtures.Timeout {
				job.Promises.Read = short
			}
			said := reference.PacketClient{}.Exchange(t.Context(), answered(t, c.reply), job)
			g := NewWithT(t)
			g.Expect(said.Outcome).To(Equal(c.want), said.Detail)
			if c.want == fixtures.OK {
				g.Expect(bytes.Equal(said.Received, message)).To(BeTrue())
			}
		})
	}
}

func TestPacketClientIsToldOfAClosedPort(t *testing.T) {
	c, err := net.ListenPacket("udp4", "127.0.0.1:0")
	g := NewWithT(t)
	g.Expect(err).NotTo(HaveOccurred())
	c.Close()
	said := reference.PacketClient{}.Exchange(t.Context(), c.LocalAddr().String(), targets.Job{Messages: [][]byte{payload(100)}, Promises: fixtures.Deadlines{Read: safety}})
	g.Expect(said.Outcome).To(Equal(fixtures.Refused), said.Detail)
}

// In a session a socket is kept, and what comes late, or twice, answers nothing else.
func TestPacketSession(t *testing.T) {
	g := NewWithT(t)
	var first []byte
	exchange, end := reference.PacketClient{}.Open(answered(t, func(n int, b []byte) [][]byte {
		if n == 1 {
			first = append(first, b...)
			return nil
		}
		return [][]byte{first, b, b}
	}))
	defer end()
	job := func(n int) targets.Job {
		return targets.Job{Messages: [][]byte{[]byte(fmt.Sprintf("%08d is its number", n))}, Promises: fixtures.Deadlines{Read: safety}}
	}
	impatient := job(1)
	impatient.Promises.Read = short
	g.Expect(exchange(t.Context(), impatient).Outcome).To(Equal(fixtures.Timeout))
	for n := 2; n < 5; n++ {
		said := exchange(t.Context(), job(n))
		g.Expect(said.Outcome).To(Equal(fixtures.OK), said.Detail)
		g.Expect(said.Received).To(Equal(job(n).Messages[0]))
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	g.Expect(exchange(ctx, job(5)).Outcome).NotTo(Equal(fixtures.OK))
}

func TestPacketServerSendsBackWhatItGets(t *testing.T) {
	g := NewWithT(t)
	conn, err := net.ListenPacket("udp4", "127.0.0.1:0")
	g.Expect(err).NotTo(HaveOccurred())
	ctx, stop := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- reference.PacketServer{}.ServePacket(ctx, conn) }()
	for _, size := range []int{13, 0, 1, 65507, 0} {
		said := reference.PacketClient{}.Exchange(t.Context(), conn.LocalAddr().String(),
			targets.Job{Messages: [][]byte{payload(size)}, Promises: fixtures.Deadlines{Read: safety}})
		g.Expect(said.Outcome).To(Equal(fixtures.OK), said.Detail)
	}
	stop()
	g.Eventually(served).WithTimeout(safety).Should(Receive(BeNil()))

	conn, err = net.ListenPacket("udp4", "127.0.0.1:0")
	g.Expect(err).NotTo(HaveOccurred())
	conn.Close()
	g.Expect(reference.PacketServer{}.ServePacket(t.Context(), conn)).NotTo(Succeed(), "closed by somebody else")
}
