package python_test

import (
	"bytes"
	"net"
	"os/exec"
	"syscall"
	"testing"
	"time"

	. "github.com/onsi/gomega"
)

// answerUDP answers datagrams with what reply makes of each, and returns its host and port. The test waits for it to end.
func answerUDP(t *testing.T, reply func(n int, b []byte) [][]byte) (host, port string) {
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
	host, port, _ = net.SplitHostPort(c.LocalAddr().String())
	return host, port
}

func TestUDPClient(t *testing.T) {
	echo := func(_ int, b []byte) [][]byte { return [][]byte{b} }
	for _, c := range []struct {
		name    string
		size    int
		timeout string
		reply   func(n int, b []byte) [][]byte
		exit    int
	}{
		{"a short one", 3, "60000", echo, 0},
		{"an empty one", 0, "60000", echo, 0},
		{"the longest", 65507, "60000", echo, 0},
		{"one too long", 65508, "60000", echo, 1},
		{"asked for again", 100, "5000", func(n int, b []byte) [][]byte {
			if n == 1 {
				return nil
			}
			return [][]byte{b}
		}, 0},
		{"others first", 100, "60000", func(_ int, b []byte) [][]byte { return [][]byte{nil, []byte("x"), []byte("a stranger's"), b} }, 0},
		{"none but others", 100, "300", func(int, []byte) [][]byte { return [][]byte{nil, []byte("a stranger's")} }, 10},
		{"none", 100, "300", func(int, []byte) [][]byte { return nil }, 10},
		{"cut", 100, "60000", func(_ int, b []byte) [][]byte { return [][]byte{b[:50]} }, 14},
		{"longer", 100, "60000", func(_ int, b []byte) [][]byte { return [][]byte{append(bytes.Clone(b), 0)} }, 14},
	} {
		t.Run(c.name, func(t *testing.T) {
			host, port := answerUDP(t, c.reply)
			exits(t, c.exit, payload(c.size), host, port, "--timeout-ms", c.timeout)
		})
	}
	t.Run("nobody listens", func(t *testing.T) {
		c, err := net.ListenPacket("udp4", "127.0.0.1:0")
		NewWithT(t).Expect(err).NotTo(HaveOccurred())
		host, port, _ := net.SplitHostPort(c.LocalAddr().String())
		c.Close()
		exits(t, 13, payload(13), host, port)
	})
}

// exits runs the client and expects the exit code, and on stdout what it sent, if all went well.
func exits(t *testing.T, code int, sent []byte, args ...string) {
	t.Helper()
	g := NewWithT(t)
	cmd := python(t, append([]string{"udp_client.py"}, args...)...)
	var stderr bytes.Buffer
	cmd.Stdin, cmd.Stderr = bytes.NewReader(sent), &stderr
	stdout, err := cmd.Output()
	var exit *exec.ExitError
	if err != nil {
		g.Expect(err).To(BeAssignableToTypeOf(exit))
	}
	g.Expect(cmd.ProcessState.ExitCode()).To(Equal(code), stderr.String())
	if code == 0 {
		g.Expect(bytes.Equal(stdout, sent)).To(BeTrue(), "stdout: %d bytes", len(stdout))
	}
}

func TestUDPServer(t *testing.T) {
	g := NewWithT(t)
	addr, _ := start(t, "udp_server.py")
	gone, err := net.Dial("udp4", addr)
	g.Expect(err).NotTo(HaveOccurred())
	for range 20 {
		gone.Write([]byte{0xff})
	}
	gone.Close()
	c, err := net.Dial("udp4", addr)
	g.Expect(err).NotTo(HaveOccurred())
	defer c.Close()
	c.SetDeadline(time.Now().Add(guard))
	for _, size := range []int{0, 1, 13, 0, 9000, 65507} {
		_, err := c.Write(payload(size))
		g.Expect(err).NotTo(HaveOccurred())
		b := make([]byte, 1<<16)
		n, err := c.Read(b)
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(bytes.Equal(b[:n], payload(size))).To(BeTrue(), "%d bytes back of %d", n, size)
	}
}

func TestUDPServerEndsWhenTold(t *testing.T) {
	g := NewWithT(t)
	cmd := python(t, "udp_server.py", "127.0.0.1", "0")
	said, err := cmd.StderrPipe()
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(cmd.Start()).To(Succeed())
	_, err = said.Read(make([]byte, 100))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(cmd.Process.Signal(syscall.SIGTERM)).To(Succeed())
	g.Expect(cmd.Wait()).To(Succeed())
}
