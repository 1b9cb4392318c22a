package real_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/faultwire/faultwire/reports"
	"github.com/faultwire/faultwire/suites"
	"github.com/faultwire/faultwire/targets"
)

// The programs fail nothing that the page does not know of. What is about processes alone takes long: `faultwire run` has it.
func TestRealEchoServers(t *testing.T) {
	if os.Getenv("FAULTWIRE_PROGRAMS") == "" {
		t.Skip("FAULTWIRE_PROGRAMS is not set: make programs runs it, with the machine to itself")
	}
	all, err := targets.Load("echo.yaml")
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	for _, target := range all {
		t.Run(target.Name, func(t *testing.T) {
			program := target.Command.Args[0]
			if program == "sh" {
				program = "xinetd"
			}
			if _, err := exec.LookPath(program); err != nil {
				t.Skip(err)
			}
			g := NewWithT(t)
			e, err := suites.New(suites.Options{Targets: []targets.Target{target}, Seed: 1, Patterns: []string{
				"tcp.reassembly.**", "tcp.bandwidth.**", "tcp.timeout.**", "tcp.disconnect.half-close", "tcp.disconnect.orderly-end", "tcp.connect.close-storm",
			}})
			g.Expect(err).NotTo(HaveOccurred())
			defer e.Close()
			run := e.Run(t.Context(), nil)
			var summary strings.Builder
			g.Expect(run.WriteSummary(&summary, reports.Look{})).To(Succeed())
			g.Expect(run.Exit()).To(Equal(reports.ExitOK), summary.String())
			g.Expect(run.Count("")[reports.Pass]).To(BeNumerically(">=", 40), summary.String())
		})
	}
}
