package main

import (
	"bufio"
	"net/netip"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/faultwire/faultwire/proxy"
)

func TestNothingOutlivesATry(t *testing.T) {
	needs(t, "sh", "sleep", "setsid")
	for name, script := range map[string]string{
		"in its group":                "sleep 1000 & echo $!",
		"deaf to SIGTERM":             "sh -c 'trap : TERM; echo $$ >pid; while :; do sleep 1000; done' & while ! [ -s pid ]; do :; done; cat pid",
		"in a session of its own":     `setsid sh -c 'echo $$ >pid; exec sleep 1000' & while ! [ -s pid ]; do :; done; cat pid`,
		"while the command is killed": "trap : TERM; sleep 1000 & echo $!; kill -KILL $$",
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			inFolder(t, nil)
			_, stdout, stderr := faultwire(t, "try", "--upstream", "db=127.0.0.1:9", "--", "sh", "-c", script)
			pid, err := strconv.Atoi(strings.TrimSpace(stdout))
			g.Expect(err).NotTo(HaveOccurred(), stderr)
			g.Eventually(func() bool { return syscall.Kill(pid, 0) == syscall.ESRCH || isZombie(pid) }).Should(BeTrue())
			g.Expect(stderr).To(ContainSubstring("behind, now ended"))
		})
	}
}

// held starts a command that holds a connection to addr.
func held(t *testing.T, addr string) *process {
	t.Helper()
	g := NewWithT(t)
	line := self(t, "as-holder", addr)
	r, w, err := os.Pipe()
	g.Expect(err).NotTo(HaveOccurred())
	defer r.Close()
	p := newProcess(&exec.Cmd{Path: line[0], Args: line, Stdout: w}, 0)
	g.Expect(p.start(t.Context())).To(Succeed())
	t.Cleanup(func() {
		p.send(syscall.SIGKILL)
		g.Expect(p.wait(t.Context()).Signal).To(Equal("SIGKILL"))
	})
	g.Expect(w.Close()).To(Succeed())
	g.Expect(bufio.NewReader(r).ReadString('\n')).To(Equal("ready\n"))
	return p
}

func TestALookoutKnowsWhoseAConnectionIs(t *testing.T) {
	g := NewWithT(t)
	u := &upstream{name: "db", addr: serve(t)}
	all := upstreams{u}
	g.Expect(all.listen()).To(Succeed())
	defer all.close()
	held(t, u.addr) // before the lookout begins
	l := newLookout(all)
	g.Expect(l.unable).NotTo(HaveOccurred())
	defer l.close()

	p := held(t, u.addr)
	held(t, u.addr) // another program's
	relayed, err := u.relay.Dial(t.Context())
	g.Expect(err).NotTo(HaveOccurred())
	defer relayed.Close()
	l.command = p
	for range 2 { // what has been seen is not told again
		l.look(l.routes[0], false)
	}
	found := l.of(u).bypasses
	g.Expect(found).To(HaveLen(1))
	g.Expect(found[0].PID).To(Equal(p.cmd.Process.Pid))
	g.Expect(found[0].To.String()).To(Equal(u.addr))
	whose := map[owner]int{}
	for _, s := range l.of(u).seen {
		whose[s.whose]++
	}
	g.Expect(whose[ofOther]).To(BeNumerically(">=", 2)) // and who had that port a moment ago may have left some in TIME-WAIT
	delete(whose, ofOther)
	g.Expect(whose).To(Equal(map[owner]int{ofCommand: 1, ofWire: 1}))
	g.Expect(l.of(u).unexplained(u.relay.Trace())).To(BeZero())
}

func TestUnexplainedConnectionsAreThoseTheWireCannotHaveLeft(t *testing.T) {
	for _, c := range []struct{ over, recognised, relayed, undialled, want int }{
		{0, 0, 0, 0, 0}, {1, 0, 0, 0, 1}, {3, 0, 3, 0, 0}, {3, 0, 4, 0, 0}, {3, 2, 4, 0, 1}, {3, 4, 4, 0, 3}, {2, 0, 2, 1, 1},
	} {
		r := &route{seen: map[netip.AddrPort]sighting{}}
		for i := range c.over + c.recognised {
			whose := ofNobody
			if i >= c.over {
				whose = ofWire
			}
			r.seen[netip.AddrPortFrom(netip.IPv6Loopback(), uint16(i+1))] = sighting{whose: whose}
		}
		trace := proxy.Trace{Conns: make([]proxy.ConnTrace, c.relayed)}
		for i := range c.undialled {
			trace.Conns[i].DialError = "refused"
		}
		NewWithT(t).Expect(r.unexplained(trace)).To(Equal(c.want), "%+v", c)
	}
}

// The kernel need not keep every connection in TIME-WAIT: there may be fewer found, but never more.
func TestTryNotesConnectionsPastTheWire(t *testing.T) {
	g := NewWithT(t)
	inFolder(t, nil)
	addr := serve(t)
	client := self(t, "as-client", "{db}", "a", addr, "b", addr, "c", "{db}", "d", addr, "e")
	g.Eventually(func(g Gomega) {
		code, _, stderr := faultwire(t, append([]string{"try", "--upstream", "db=" + addr, "--"}, client...)...)
		g.Expect(code).To(Equal(0), stderr)
		found := tried(t).Upstreams[0]
		g.Expect(found.Connections).To(Equal(2))
		past := len(found.Bypasses) + found.Unexplained
		if past > 3 {
			StopTrying("a connection through the wire was taken for one past it: " + stderr).Now()
		}
		g.Expect(past).To(Equal(3), stderr)
		g.Expect(stderr).To(ContainSubstring("BYPASSED"))
	}).WithTimeout(time.Minute).Should(Succeed())
}
