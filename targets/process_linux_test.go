package targets

import (
	"bufio"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	. "github.com/onsi/gomega"
)

// A client that leaves a process behind, which holds its stdout and ignores SIGTERM, neither delays its exchange nor
// leaves anything.
func TestNothingOfACommandSurvives(t *testing.T) {
	for name, args := range map[string][]string{"in its group": nil, "in a session of its own": {"away"}} {
		t.Run(name, func(t *testing.T) {
			noLeaks(t)
			g := NewWithT(t)
			said := clientOf(this("leave", args...)).Exchange(soon(t), nowhere, jobOf("x"))
			pid := must(strconv.Atoi(string(said.Received)))
			g.Expect(said.Process.Exit).To(BeZero())
			g.Eventually(func() bool { return gone(pid) }).Should(BeTrue())
			g.Expect(said.Process.Leftover).To(Equal(1))
		})
	}
}

// A harness that is killed takes its targets with it.
func TestNoCommandOutlivesTheHarness(t *testing.T) {
	g := NewWithT(t)
	harness := exec.Command(must(os.Executable()))
	harness.Env = append(os.Environ(), programVariable+"=harness")
	out := must(harness.StdoutPipe())
	g.Expect(harness.Start()).To(Succeed())
	line, err := bufio.NewReader(out).ReadString('\n')
	g.Expect(err).NotTo(HaveOccurred())
	addr := strings.TrimSpace(line)
	echoed(g, addr)
	g.Expect(harness.Process.Kill()).To(Succeed())
	harness.Wait()
	g.Eventually(func() error {
		c, err := net.Dial("tcp", addr)
		if err == nil {
			c.Close()
		}
		return err
	}).WithTimeout(30 * time.Second).Should(HaveOccurred())
}

// gone: a zombie is, though the machine's init may leave it unreaped.
func gone(pid int) bool { return syscall.Kill(pid, 0) == syscall.ESRCH || zombie(pid) }

func TestPortsAreReservedOnce(t *testing.T) {
	g := NewWithT(t)
	port, release, err := reservePort(tcp)
	g.Expect(err).NotTo(HaveOccurred())
	_, err = claim(tcp, port)
	g.Expect(err).To(HaveOccurred(), "it is taken")
	release()
	again, err := claim(tcp, port)
	g.Expect(err).NotTo(HaveOccurred())
	again()
}

func TestAPortIsFreeOnlyOnAllAddresses(t *testing.T) {
	for _, at := range []string{"127.0.0.1:0", "[::1]:0"} {
		t.Run(at, func(t *testing.T) {
			g := NewWithT(t)
			l, err := net.Listen("tcp", at)
			if err != nil {
				t.Skip(err)
			}
			port := l.Addr().(*net.TCPAddr).Port
			g.Expect(free(tcp, port)).To(BeFalse())

			// Who closes first leaves the port in TIME-WAIT, which keeps a server without SO_REUSEADDR off it.
			dialled := must(net.Dial("tcp", l.Addr().String()))
			accepted := must(l.Accept())
			accepted.Close()
			dialled.Close()
			l.Close()
			g.Expect(free(tcp, port)).To(BeFalse())
		})
	}
}

func TestCandidatePortsLieOutsideTheRange(t *testing.T) {
	for _, x := range []struct{ low, high, first, last int }{
		{32768, 60999, 20480, 32767},
		{10000, 65535, 1024, 9999},
		{1024, 60999, 61000, 65535},
		{1024, 65535, 20000, 32767}, // all are in it
	} {
		first, last := candidates(x.low, x.high)
		NewWithT(t).Expect([]int{first, last}).To(Equal([]int{x.first, x.last}))
	}
}

func BenchmarkExchange(b *testing.B) {
	target := clientOf(&Command{Args: []string{"/bin/cat"}})
	job := jobOf("hello")
	for b.Loop() {
		if said := target.Exchange(b.Context(), nowhere, job); string(said.Received) != "hello" {
			b.Fatal(said.Err, said.Detail)
		}
	}
}

// BenchmarkDescendants is what the search for runaway processes costs at the end of each command.
func BenchmarkDescendants(b *testing.B) {
	for b.Loop() {
		descendants(-1, "none")
	}
}
