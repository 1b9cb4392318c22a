package python_test

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	"os/exec"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/faultwire/faultwire/targets/examples/internal/sound"
)

// guard ends what should long have ended; nothing is timed by it.
const guard = time.Minute

// payload has no period that a cut or a shift could hide behind.
func payload(size int) []byte {
	b := make([]byte, size)
	for i := range b {
		b[i] = byte(i*7 + i>>8*31 + i>>16)
	}
	return b
}

func python(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	path, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("python3 is not installed")
	}
	ctx, cancel := context.WithTimeout(context.Background(), guard)
	t.Cleanup(cancel)
	return exec.CommandContext(ctx, path, args...)
}

// serveOnce serves one connection and returns its host and port. The test waits for it to end.
func serveOnce(t *testing.T, serve func(*net.TCPConn)) (host, port string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	served := make(chan struct{})
	go func() {
		defer close(served)
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		c.SetDeadline(time.Now().Add(guard))
		serve(c.(*net.TCPConn))
	}()
	t.Cleanup(func() { l.Close(); <-served })
	host, port, _ = net.SplitHostPort(l.Addr().String())
	return host, port
}

func echo(c *net.TCPConn) { io.Copy(c, c) }

// echoPart takes a request of size bytes and sends the first n back, then ends as end does.
func echoPart(size, n int, end func(*net.TCPConn)) func(*net.TCPConn) {
	return func(c *net.TCPConn) {
		b := make([]byte, size)
		io.ReadFull(c, b)
		c.Write(b[:n])
		end(c)
	}
}

func shut(*net.TCPConn)          {}
func halfClose(c *net.TCPConn)   { c.CloseWrite(); io.Copy(io.Discard, c) }
func fallSilent(c *net.TCPConn)  { io.Copy(io.Discard, c) }
func reset(c *net.TCPConn)       { c.SetLinger(0) }
func answerWrong(c *net.TCPConn) { c.Write(bytes.Repeat([]byte{0}, 1024)) }

func TestClients(t *testing.T) {
	for _, c := range []struct {
		name, program string
		size          int
		serve         func(*net.TCPConn)
		exit, prefix  int // prefix is how much of the payload stdout must begin with
	}{
		{"str", "client_1_str.py", 13, echo, 1, 0},
		{"bytes", "client_2_bytes.py", 13, echo, 0, 13},
		{"bytes lies about a part", "client_2_bytes.py", 13, echoPart(13, 7, shut), 0, 7},
		{"nothing to send", "client_3_sound.py", 0, echo, 0, 0},
		{"one byte", "client_3_sound.py", 1, echo, 0, 1},
		{"across a buffer", "client_3_sound.py", 65537, echo, 0, 65537},
		{"more than the kernel holds", "client_3_sound.py", 16 << 20, echo, 0, 16 << 20},
		{"closed before", "client_3_sound.py", 1024, echoPart(1024, 0, shut), 12, 0},
		{"closed within", "client_3_sound.py", 1024, echoPart(1024, 512, shut), 12, 512},
		{"half-closed within", "client_3_sound.py", 1024, echoPart(1024, 512, halfClose), 12, 512},
		{"reset before", "client_3_sound.py", 1024, echoPart(1024, 0, reset), 11, 0},
		{"reset while sending", "client_3_sound.py", 16 << 20, echoPart(1024, 0, reset), 11, 0},
		{"silence", "client_3_sound.py", 1024, echoPart(1024, 512, fallSilent), 10, 512},
		{"wrong bytes", "client_3_sound.py", 1024, echoPart(1024, 512, answerWrong), 14, 512},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := NewWithT(t)
			host, port := serveOnce(t, c.serve)
			cmd := python(t, c.program, host, port)
			sent := payload(c.size)
			var stderr bytes.Buffer
			cmd.Stdin, cmd.Stderr = bytes.NewReader(sent), &stderr
			stdout, err := cmd.Output()
			var exit *exec.ExitError
			if err != nil {
				g.Expect(err).To(BeAssignableToTypeOf(exit))
			}
			g.Expect(cmd.ProcessState.ExitCode()).To(Equal(c.exit), stderr.String())
			g.Expect(bytes.HasPrefix(stdout, sent[:c.prefix])).To(BeTrue(), "stdout: %d bytes, %s", len(stdout), &stderr)
			if c.name == "str" {
				g.Expect(stderr.String()).To(ContainSubstring("TypeError: a bytes-like object is required"))
			}
		})
	}
}

func TestNobodyListens(t *testing.T) {
	g := NewWithT(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	g.Expect(err).NotTo(HaveOccurred())
	host, port, _ := net.SplitHostPort(l.Addr().String())
	l.Close()
	cmd := python(t, "client_3_sound.py", host, port)
	g.Expect(cmd.Run()).To(HaveOccurred())
	g.Expect(cmd.ProcessState.ExitCode()).To(Equal(13))
}

// start runs a server on a port of its own choice and returns its address.
func start(t *testing.T, args ...string) (addr string, ended <-chan error) {
	t.Helper()
	g := NewWithT(t)
	cmd := python(t, append(args, "127.0.0.1", "0")...)
	stderr, err := cmd.StderrPipe()
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(cmd.Start()).To(Succeed())
	said := bufio.NewReader(stderr)
	line, err := said.ReadString('\n')
	end := make(chan error, 1)
	done := make(chan struct{})
	go func() {
		defer close(done)
		io.Copy(io.Discard, said)
		end <- cmd.Wait()
	}()
	t.Cleanup(func() { cmd.Process.Kill(); <-done })
	g.Expect(err).NotTo(HaveOccurred())
	fields := strings.Fields(line)
	return net.JoinHostPort("127.0.0.1", fields[len(fields)-1]), end
}

func dial(t *testing.T, addr string) *net.TCPConn {
	t.Helper()
	c, err := net.DialTimeout("tcp", addr, guard)
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(guard))
	return c.(*net.TCPConn)
}

// exchange sends b, half-closes and returns all that comes back.
func exchange(t *testing.T, addr string, b []byte) []byte {
	t.Helper()
	c := dial(t, addr)
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		c.Write(b)
		c.CloseWrite()
	}()
	got, err := io.ReadAll(c)
	<-sent
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	return got
}

func TestBeginnersServers(t *testing.T) {
	for program, reply := range map[string]string{
		"server_1_greeting.py": "Hello, World!",
		"server_2_once.py":     "thirteen byte",
	} {
		t.Run(program, func(t *testing.T) {
			g := NewWithT(t)
			addr, ended := start(t, program)
			g.Expect(string(exchange(t, addr, []byte("thirteen byte")))).To(Equal(reply))
			g.Eventually(ended).WithTimeout(guard).Should(Receive(BeNil()), "it serves one client, then ends")
		})
	}
}

func TestSoundServer(t *testing.T) {
	g := NewWithT(t)
	addr, ended := start(t, "server_3_sound.py")
	idle := dial(t, addr)
	for range 20 {
		c := dial(t, addr)
		c.Write([]byte("half a message"))
		c.SetLinger(0)
		c.Close()
	}
	for _, size := range []int{0, 1, 13, 102400, 16 << 20} {
		sent := payload(size)
		g.Expect(bytes.Equal(exchange(t, addr, sent), sent)).To(BeTrue(), "half-close after %d bytes", size)
	}
	n, err := idle.Read(make([]byte, 1))
	g.Expect(n).To(BeZero())
	g.Expect(err).To(MatchError(io.EOF), "an idle client is closed in order")
	g.Expect(ended).NotTo(Receive())
}

// ofAllProtocols runs client.py or server.py.
func ofAllProtocols(t *testing.T, program string) sound.Program {
	t.Helper()
	return func(host, port string, flags ...string) []string {
		return python(t, append([]string{program, host, port}, flags...)...).Args
	}
}

func TestClientOfAllProtocols(t *testing.T) { sound.Clients(t, ofAllProtocols(t, "client.py")) }
func TestServerOfAllProtocols(t *testing.T) { sound.Servers(t, ofAllProtocols(t, "server.py")) }
