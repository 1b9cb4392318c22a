package main

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/reports"
	"github.com/faultwire/faultwire/suites"
	"github.com/faultwire/faultwire/targets"
)

// Each keeps every promise that needs a session, and some that do not.
func TestTheSessionsAreSound(t *testing.T) {
	all, err := targets.Load("faultwire.yaml")
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	bin := t.TempDir()
	for _, target := range all {
		t.Run(target.Name, func(t *testing.T) {
			g := NewWithT(t)
			args := target.Command.Args
			switch target.Name {
			case "session-go":
				args[0] = filepath.Join(bin, "session")
				built, err := exec.Command("go", "build", "-o", args[0], ".").CombinedOutput()
				g.Expect(err).NotTo(HaveOccurred(), string(built))
			case "session-java":
				if built, err := exec.Command("javac", "-d", bin, "Session.java").CombinedOutput(); err != nil {
					t.Skip(err, string(built))
				}
				for i, arg := range args {
					if arg == "bin" {
						args[i] = bin
					}
				}
			}
			if _, err := exec.LookPath(args[0]); err != nil {
				t.Skip(err)
			}
			e, err := suites.New(suites.Options{Targets: []targets.Target{target}, Seed: 1, Patterns: []string{
				"tcp.timeout.**", "tcp.connect.**", "tcp.disconnect.then-recovers", "tcp.disconnect.push-after-end", "tcp.disconnect.idle-end", "tcp.disconnect.session-leak", "tcp.reassembly.size", "udp.**",
			}})
			g.Expect(err).NotTo(HaveOccurred())
			defer e.Close()
			run := e.Run(t.Context(), nil)
			var summary strings.Builder
			g.Expect(run.WriteSummary(&summary, reports.Look{})).To(Succeed())
			g.Expect(run.Exit()).To(Equal(reports.ExitOK), summary.String())
			g.Expect(run.Count("")[reports.Warn]).To(BeZero(), summary.String())
			most := 30
			if target.Protocol == fixtures.UDPProtocol {
				most = 15
			}
			g.Expect(run.Count("")[reports.Pass]).To(BeNumerically(">=", most), summary.String())
		})
	}
}
