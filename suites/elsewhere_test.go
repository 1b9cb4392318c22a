//go:build linux

package suites_test

import (
	"fmt"
	"io"
	"net"
	"os/exec"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/reports"
	"github.com/faultwire/faultwire/suites"
	"github.com/faultwire/faultwire/targets"
)

// elsewhere is an echo server that is not behind the wire.
func elsewhere(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	served := make(chan struct{})
	go func() {
		defer close(served)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			io.Copy(c, c)
			c.Close()
		}
	}()
	t.Cleanup(func() {
		l.Close()
		<-served
	})
	return fmt.Sprint(l.Addr().(*net.TCPAddr).Port)
}

// A client that goes past the wire is not tested: no fault could reach it.
func TestAClientThatGoesElsewhere(t *testing.T) {
	if _, err := exec.LookPath("bash"); err != nil {
		t.Skip(err)
	}
	exchange := func(port string) string {
		return "exec 3<>/dev/tcp/127.0.0.1/" + port + "; cat >&3; head -c 13 <&3"
	}
	port := elsewhere(t)
	for name, x := range map[string]struct {
		script string
		counts reports.Verdict
	}{
		"alone": {exchange(port), reports.Skip},
		"too":   {"exec 4<>/dev/tcp/127.0.0.1/" + port + "; sleep 0.1; " + exchange("$FAULTWIRE_PORT"), reports.Pass},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			run := runAll(t, suites.Options{Seed: 1, Patterns: []string{"tcp.reassembly.split-anywhere[at=1]"}, Targets: []targets.Target{{
				Name: "client", Role: targets.ClientRole, Protocol: fixtures.EchoProtocol,
				Command: &targets.Command{Args: []string{"bash", "-c", x.script}},
			}}})
			g.Expect(run.Count("")[x.counts]).To(Equal(1), "%+v", run.Results)
			if x.counts == reports.Pass {
				g.Expect(run.Targets[0].Elsewhere).To(ConsistOf("127.0.0.1:" + port))
			} else {
				g.Expect(run.Exit()).To(Equal(reports.ExitNonconformant))
				g.Expect(run.Targets[0].Control.Finding.Seen).To(ContainSubstring("no connection came there"))
			}
		})
	}
}
