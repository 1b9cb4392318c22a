//go:build unix

package targets

import (
	"context"
	"errors"
	"io"
	"net"
	"regexp"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/faultwire/faultwire/fixtures"
)

// echoed asks the server for an echo.
func echoed(g Gomega, addr string) {
	c, err := net.Dial("tcp", addr)
	g.Expect(err).NotTo(HaveOccurred())
	defer c.Close()
	c.SetDeadline(time.Now().Add(30 * time.Second))
	_, err = c.Write([]byte("hello"))
	g.Expect(err).NotTo(HaveOccurred())
	reply := make([]byte, 5)
	_, err = io.ReadFull(c, reply)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(string(reply)).To(Equal("hello"))
}

func TestServerCommandIsReadyWhenStartReturns(t *testing.T) {
	for _, program := range []string{"server", "wildcard", "child-server", "polite-server", "stubborn-server"} {
		t.Run(program, func(t *testing.T) {
			noLeaks(t)
			g := NewWithT(t)
			i, err := serverOf(this(program)).Start(soon(t))
			g.Expect(err).NotTo(HaveOccurred())
			echoed(g, i.Addr)
			g.Expect(i.Exited()).NotTo(BeClosed())

			p := i.Stop()
			g.Expect(i.Exited()).To(BeClosed())
			g.Expect(i.Err()).NotTo(HaveOccurred())
			g.Expect(i.Stop()).To(BeIdenticalTo(p))
			g.Expect(p.Unasked).To(BeFalse())
			g.Expect(p.Signal).To(BeEmpty())
			g.Expect(p.Leftover).To(BeZero())
			_, err = net.Dial("tcp", i.Addr)
			g.Expect(err).To(HaveOccurred(), "nobody listens any longer")
			if program == "polite-server" {
				g.Expect(p.Exit).To(BeZero())
				g.Expect(string(p.Stderr)).To(Equal("told to end\n"))
			}
		})
	}
}

func TestServerCommandListensOutsideTheEphemeralRange(t *testing.T) {
	g := NewWithT(t)
	i, err := serverOf(this("server")).Start(soon(t))
	g.Expect(err).NotTo(HaveOccurred())
	defer i.Stop()
	_, port, _ := net.SplitHostPort(i.Addr)
	low, high := localPortRange()
	g.Expect(strconv.Atoi(port)).To(Or(BeNumerically("<", low), BeNumerically(">", high)))
}

func TestServerCommandSeesNoConnectionBeforeItsClient(t *testing.T) {
	g := NewWithT(t)
	i, err := serverOf(this("accept-once")).Start(soon(t))
	g.Expect(err).NotTo(HaveOccurred())
	echoed(g, i.Addr) // its one client: nobody probed
	g.Eventually(i.Exited()).WithTimeout(30 * time.Second).Should(BeClosed())
	g.Expect(i.Err()).To(MatchError("ended by itself: exit code 7"))
	p := i.Stop()
	g.Expect(p.Unasked).To(BeTrue())
	g.Expect(p.Exit).To(Equal(7))
}

func TestServerCommandSaysByALineThatItIsReady(t *testing.T) {
	g := NewWithT(t)
	c := this("announce")
	c.Ready = regexp.MustCompile(`^here we go$`)
	i, err := serverOf(c).Start(soon(t))
	g.Expect(err).NotTo(HaveOccurred())
	defer i.Stop()
	echoed(g, i.Addr)
}

func TestServerCommandThatDoesNotBecomeReady(t *testing.T) {
	noLeaks(t)
	impatient := func(c *Command) *Command {
		c.StartTimeout = 3 * time.Second
		return c
	}
	never := impatient(this("server"))
	never.Ready = regexp.MustCompile(`^never said$`)
	for name, x := range map[string]struct {
		command *Command
		says    []string
		linux   string // said where the system shows who listens
	}{
		"dies": {this("exit", "3", "no such option"),
			[]string{"server: ended before it was ready on 127.0.0.1:", "exit code 3", "\n    no such option"}, ""},
		"goes away":     {this("daemon"), []string{"exit code 0", "foreground", "printed nothing"}, ""},
		"never listens": {impatient(this("stay")), []string{"not ready", "within 3s (start_timeout)", "\n    I do nothing"}, "listens nowhere"},
		"elsewhere":     {impatient(this("elsewhere")), []string{"not ready"}, "listens on 127.0.0.1:"},
		"never says so": {never, []string{"not ready", "^never said$"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // they mostly wait
			g := NewWithT(t)
			_, err := serverOf(x.command).Start(soon(t))
			var failed *StartError
			g.Expect(errors.As(err, &failed)).To(BeTrue(), "%v", err)
			for _, word := range x.says {
				g.Expect(err.Error()).To(ContainSubstring(word))
			}
			if runtime.GOOS == "linux" {
				g.Expect(err.Error()).To(ContainSubstring(x.linux))
			}
			g.Expect(failed.Process).NotTo(BeNil())
		})
	}
}

func TestServerCommandIsEndedWithTheContextOfItsStart(t *testing.T) {
	noLeaks(t)
	g := NewWithT(t)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	c := this("stay")
	c.StartTimeout = time.Hour
	_, err := serverOf(c).Start(ctx)
	g.Expect(err).To(HaveOccurred())
}

func TestServersStartedTogetherHavePortsOfTheirOwn(t *testing.T) {
	g := NewWithT(t)
	const n = 8
	var all sync.WaitGroup
	var instances [n]*Instance
	var errs [n]error
	for k := range n {
		all.Go(func() { instances[k], errs[k] = serverOf(this("server")).Start(soon(t)) })
	}
	all.Wait()
	seen := map[string]bool{}
	for k, i := range instances {
		g.Expect(errs[k]).NotTo(HaveOccurred())
		defer i.Stop()
		echoed(g, i.Addr)
		g.Expect(seen).NotTo(HaveKey(i.Addr))
		seen[i.Addr] = true
	}
}

// serverFunc is a server in this process.
type serverFunc func(ctx context.Context, l net.Listener) error

func (f serverFunc) Serve(ctx context.Context, l net.Listener) error { return f(ctx, l) }

func TestServerInProcess(t *testing.T) {
	noLeaks(t)
	g := NewWithT(t)
	i, err := (&Target{Name: "mine", Server: serverFunc(func(ctx context.Context, l net.Listener) error {
		context.AfterFunc(ctx, func() { l.Close() })
		serve(l)
		return errors.New("use of closed network connection")
	})}).Start(soon(t))
	g.Expect(err).NotTo(HaveOccurred())
	echoed(g, i.Addr)
	g.Expect(i.Stop()).To(BeNil())
	g.Expect(i.Exited()).To(BeClosed())
	g.Expect(i.Err()).NotTo(HaveOccurred())
}

func TestServerInProcessThatFails(t *testing.T) {
	release := make(chan struct{})
	defer close(release)
	for name, x := range map[string]struct {
		server serverFunc
		says   string
		stays  bool
	}{
		"panics":       {func(context.Context, net.Listener) error { panic("at the disco") }, "at the disco\ngoroutine", false},
		"returns":      {func(context.Context, net.Listener) error { return nil }, "returned before", false},
		"fails":        {func(context.Context, net.Listener) error { return io.ErrClosedPipe }, "closed pipe", false},
		"does not end": {func(context.Context, net.Listener) error { <-release; return nil }, "abandoned", true},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			i, err := (&Target{Name: "mine", Server: x.server}).Start(soon(t))
			g.Expect(err).NotTo(HaveOccurred())
			if !x.stays {
				g.Eventually(i.Exited()).WithTimeout(30 * time.Second).Should(BeClosed())
			}
			g.Expect(i.Stop()).To(BeNil())
			g.Expect(i.Err()).To(MatchError(ContainSubstring(x.says)))
		})
	}
}

func TestServerAtAnAddress(t *testing.T) {
	g := NewWithT(t)
	addr := echoServer(t)
	i, err := (&Target{Name: "theirs", Role: ServerRole, Protocol: fixtures.EchoProtocol, Address: addr}).Start(soon(t))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(i.Addr).To(Equal(addr))
	g.Expect(i.Stop()).To(BeNil())
	g.Expect(i.Exited()).NotTo(BeClosed())
	echoed(g, addr)
}
