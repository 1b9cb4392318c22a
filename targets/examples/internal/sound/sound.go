// Package sound tests the example clients and servers with peers of its own. It shares nothing with the harness, which judges
// the same programs: if the two disagree, one of them is wrong.
package sound

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"net"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	. "github.com/onsi/gomega"
)

const (
	guard = time.Minute // ends what should long have ended; nothing is timed by it
	limit = 16 << 20    // the longest message of the examples
)

var protocols = []string{"echo", "framed", "line"}

// A Program makes the command line that runs an example on host and port, with flags.
type Program func(host, port string, flags ...string) []string

func (p Program) command(t *testing.T, host, port string, flags ...string) *exec.Cmd {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), guard)
	t.Cleanup(cancel)
	args := p(host, port, flags...)
	return exec.CommandContext(ctx, args[0], args[1:]...)
}

// payload has no period that a cut or a shift could hide behind, and no line end.
func payload(size int) []byte {
	b := make([]byte, size)
	for i := range b {
		if b[i] = byte(i*7 + i>>8*31 + i>>16); b[i] == '\n' {
			b[i] = '\r'
		}
	}
	return b
}

// encode is a message as it travels.
func encode(protocol string, body []byte) []byte {
	switch protocol {
	case "framed":
		return append(binary.BigEndian.AppendUint32(nil, uint32(len(body))), body...)
	case "line":
		return append(bytes.Clone(body), '\n')
	}
	return body
}

// closedPort is an address where nobody listens.
func closedPort(t *testing.T) (host, port string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	defer l.Close()
	host, port, _ = net.SplitHostPort(l.Addr().String())
	return host, port
}

// serveOnce serves one connection. The test waits for it to end.
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

func take(c *net.TCPConn, size int) []byte {
	b := make([]byte, size)
	n, _ := io.ReadFull(c, b)
	return b[:n]
}

// reply takes a request of as many bytes as whole has, sends the first n of them back and ends as end does.
func reply(whole []byte, n int, end func(*net.TCPConn)) func(*net.TCPConn) {
	return func(c *net.TCPConn) {
		take(c, len(whole))
		c.Write(whole[:n])
		end(c)
	}
}

func echo(c *net.TCPConn)     { io.Copy(c, c) }
func shut(*net.TCPConn)       {}
func reset(c *net.TCPConn)    { c.SetLinger(0) }
func silence(c *net.TCPConn)  { io.Copy(io.Discard, c) }
func halfShut(c *net.TCPConn) { c.CloseWrite(); silence(c) }

// drip sends b so slowly that it is no silence, and takes long.
func drip(b []byte) func(*net.TCPConn) {
	return func(c *net.TCPConn) {
		for take(c, len(b)); len(b) > 0; b = b[1:] {
			if _, err := c.Write(b[:1]); err != nil {
				return
			}
			time.Sleep(20 * time.Millisecond)
		}
	}
}

func say(b ...byte) func(*net.TCPConn) {
	return func(c *net.TCPConn) { c.Write(b); silence(c) }
}

// Clients plays with the client each way in which an exchange may go, in every protocol.
func Clients(t *testing.T, client Program) {
	const long, short = "20000", "300" // ms: never passes; passes, with time for a busy machine
	for _, protocol := range protocols {
		message := payload(1000)
		whole := encode(protocol, message)
		last := len(whole) - 1
		wrong := bytes.Clone(whole)
		wrong[last/2] ^= 1
		for _, c := range []struct {
			name    string
			size    int
			timeout string
			peer    func(*net.TCPConn)
			exit    int
			alike   bool // whatever the protocol: once is enough
		}{
			{"nothing to send", 0, long, echo, 0, false},
			{"one byte", 1, long, echo, 0, true},
			{"across a buffer", 65537, long, echo, 0, false},
			{"more than the kernel holds", limit, long, echo, 0, false},
			{"a reply in drops", 20, long, drip(encode(protocol, payload(20))), 0, false},
			{"closed before", 1000, long, reply(whole, 0, shut), 12, true},
			{"closed at 1", 1000, long, reply(whole, 1, shut), 12, false},
			{"closed before the last byte", 1000, long, reply(whole, last, shut), 12, false},
			{"half-closed within", 1000, long, reply(whole, 500, halfShut), 12, true},
			{"reset before", 1000, long, reply(whole, 0, reset), 11, true},
			{"reset while sending", limit, long, reply(whole, 0, reset), 11, true},
			{"silence before", 1000, short, reply(whole, 0, silence), 10, true},
			{"silence before the last byte", 1000, short, reply(whole, last, silence), 10, false},
			{"drops for ever", 1000, short, drip(whole), 10, true},
			{"other bytes", 1000, long, reply(wrong, len(whole), silence), 14, false},
		} {
			if c.alike && protocol != protocols[0] {
				continue
			}
			t.Run(protocol+" "+c.name, func(t *testing.T) {
				t.Parallel()
				host, port := serveOnce(t, c.peer)
				client.exits(t, c.exit, payload(c.size), host, port, "--protocol", protocol, "--timeout-ms", c.timeout)
			})
		}
	}
	t.Run("never read from", func(t *testing.T) {
		gone := make(chan struct{})
		host, port := serveOnce(t, func(*net.TCPConn) { <-gone })
		defer close(gone)
		client.exits(t, 10, payload(limit), host, port, "--timeout-ms", short)
	})
	t.Run("nobody listens", func(t *testing.T) {
		host, port := closedPort(t)
		client.exits(t, 13, []byte("hello"), host, port)
	})
	for _, c := range []struct {
		name, protocol string
		peer           func(*net.TCPConn)
	}{
		{"a frame of four gigabytes", "framed", say(0xff, 0xff, 0xff, 0xff)},
		{"a frame longer than the limit", "framed", say(1, 0, 0, 1)},
		{"a line without end", "line", say(payload(limit + 1)...)},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			host, port := serveOnce(t, c.peer)
			client.exits(t, 15, []byte("hello"), host, port, "--protocol", c.protocol, "--timeout-ms", long)
		})
	}
	t.Run("a line of two lines", func(t *testing.T) {
		host, port := closedPort(t) // it finds out before it connects
		client.exits(t, 89, []byte("one\ntwo"), host, port, "--protocol", "line")
	})
}

// exits runs the client and expects the exit code; on stdout the message, or the beginning of it if the exchange failed.
func (p Program) exits(t *testing.T, code int, message []byte, host, port string, flags ...string) {
	t.Helper()
	g := NewWithT(t)
	cmd := p.command(t, host, port, flags...)
	var stderr bytes.Buffer
	cmd.Stdin, cmd.Stderr = bytes.NewReader(message), &stderr
	stdout, err := cmd.Output()
	g.Expect(cmd.ProcessState).NotTo(BeNil(), "%v", err)
	g.Expect(cmd.ProcessState.ExitCode()).To(Equal(code), stderr.String())
	switch {
	case code == 0:
		g.Expect(bytes.Equal(stdout, message)).To(BeTrue(), "stdout: %d bytes", len(stdout))
		g.Expect(stderr.String()).To(BeEmpty())
	case code != 14 && code != 15: // these show what came
		g.Expect(bytes.HasPrefix(message, stdout)).To(BeTrue(), "stdout: %d bytes", len(stdout))
		fallthrough
	default:
		g.Expect(stderr.String()).NotTo(BeEmpty(), "a failure is said in words, too")
	}
}

// start runs a server on a port of its own choice.
func (p Program) start(t *testing.T, protocol, idle string) (addr string, server *exec.Cmd) {
	t.Helper()
	g := NewWithT(t)
	cmd := p.command(t, "127.0.0.1", "0", "--protocol", protocol, "--idle-ms", idle)
	stderr, err := cmd.StderrPipe()
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(cmd.Start()).To(Succeed())
	said := bufio.NewReader(stderr)
	line, err := said.ReadString('\n')
	drained := make(chan struct{})
	go func() {
		defer close(drained)
		io.Copy(io.Discard, said)
	}()
	t.Cleanup(func() {
		cmd.Process.Kill()
		<-drained
		cmd.Wait()
	})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(line).To(ContainSubstring("listening on port"))
	fields := strings.Fields(line)
	return net.JoinHostPort("127.0.0.1", fields[len(fields)-1]), cmd
}

func dial(t *testing.T, addr string) *net.TCPConn {
	t.Helper()
	c, err := net.DialTimeout("tcp", addr, guard)
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(guard))
	return c.(*net.TCPConn)
}

// converse sends b, half-closes and returns all that comes back.
func converse(t *testing.T, addr string, b []byte) []byte {
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

// Servers asks the server in every protocol for what a client may ask, and does to it what clients do.
func Servers(t *testing.T, server Program) {
	for _, protocol := range protocols {
		t.Run(protocol, func(t *testing.T) {
			g := NewWithT(t)
			addr, cmd := server.start(t, protocol, "20000")
			for range 20 {
				c := dial(t, addr)
				c.Write([]byte("half a message"))
				c.SetLinger(0)
				c.Close()
			}
			for _, size := range []int{0, 1, 13, 102400, limit} {
				sent := encode(protocol, payload(size))
				g.Expect(bytes.Equal(converse(t, addr, sent), sent)).To(BeTrue(), "a message of %d bytes", size)
			}
			three := bytes.Join([][]byte{encode(protocol, payload(100)), encode(protocol, nil), encode(protocol, payload(70000))}, nil)
			g.Expect(bytes.Equal(converse(t, addr, three), three)).To(BeTrue(), "three messages at once")

			c := dial(t, addr)
			for _, b := range encode(protocol, payload(100)) {
				c.Write([]byte{b})
				time.Sleep(100 * time.Microsecond)
			}
			g.Expect(take(c, len(encode(protocol, payload(100))))).To(Equal(encode(protocol, payload(100))), "byte by byte, and still open")

			g.Expect(cmd.Process.Signal(syscall.SIGTERM)).To(Succeed())
			c.CloseWrite() // it has been served, and ends
			_, err := c.Read(make([]byte, 1))
			g.Expect(err).To(MatchError(io.EOF))
			g.Expect(cmd.Wait()).To(Succeed(), "SIGTERM is a clean end")
			_, err = net.DialTimeout("tcp", addr, guard)
			g.Expect(err).To(MatchError(syscall.ECONNREFUSED))
		})
	}
	t.Run("a last line without its end", func(t *testing.T) {
		addr, _ := server.start(t, "line", "20000")
		NewWithT(t).Expect(string(converse(t, addr, []byte("a CR\r\n\n\na part")))).To(Equal("a CR\r\n\n\na part"))
	})
	t.Run("half a frame", func(t *testing.T) {
		addr, _ := server.start(t, "framed", "20000")
		NewWithT(t).Expect(converse(t, addr, []byte("\x00\x00\x00\x05part"))).To(BeEmpty())
	})
	t.Run("a frame of four gigabytes", func(t *testing.T) {
		g := NewWithT(t)
		addr, _ := server.start(t, "framed", "20000")
		c := dial(t, addr)
		c.Write([]byte{0xff, 0xff, 0xff, 0xff})
		_, err := c.Read(make([]byte, 1))
		g.Expect(err).To(MatchError(io.EOF), "the server closes at once")
		g.Expect(converse(t, addr, encode("framed", payload(13)))).To(Equal(encode("framed", payload(13))))
	})
	t.Run("a line without end", func(t *testing.T) {
		g := NewWithT(t)
		addr, _ := server.start(t, "line", "20000")
		c := dial(t, addr)
		c.Write(payload(limit + 1))
		n, _ := c.Read(make([]byte, 1)) // an end or a reset: what is left unread is the client's own affair
		g.Expect(n).To(BeZero())
		g.Expect(string(converse(t, addr, []byte("hello\n")))).To(Equal("hello\n"))
	})
	t.Run("an idle client", func(t *testing.T) {
		g := NewWithT(t)
		addr, _ := server.start(t, "echo", "300")
		n, err := dial(t, addr).Read(make([]byte, 1))
		g.Expect(n).To(BeZero())
		g.Expect(err).To(MatchError(io.EOF), "it is closed in order")
	})
}
