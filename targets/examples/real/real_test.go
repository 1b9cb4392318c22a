package real

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/faultwire/faultwire/reports"
	"github.com/faultwire/faultwire/suites"
	"github.com/faultwire/faultwire/targets"
)

// The root of the module, from here.
var root = filepath.Join("..", "..", "..")

// tested are the cases that the programs of a file are tried with, each time: what they are known to fail by, and what is like it. All
// the others, and the long ones, are for the table: go run ./targets/examples/real/table.
var tested = map[string][]string{
	"http.yaml":    {"http.**", "tcp.connect.*", "tcp.disconnect.then-recovers", "tcp.timeout.then-recovers", "tcp.timeout.stale-reply"},
	"https.yaml":   {"tls.**", "http.connection.*"},
	"servers.yaml": {"http.**", "tls.**", "tcp.connect.*-storm", "tcp.disconnect.silent-neighbour", "tcp.timeout.*"},
	"echo.yaml": {"tcp.reassembly.**", "tcp.bandwidth.**", "tcp.timeout.**", "tcp.disconnect.half-close", "tcp.disconnect.orderly-end",
		"tcp.connect.close-storm"},
}

// The programs fail nothing that is not known of them.
func TestRealPrograms(t *testing.T) {
	if os.Getenv("FAULTWIRE_PROGRAMS") == "" {
		t.Skip("FAULTWIRE_PROGRAMS is not set: make programs runs it, with the machine to itself")
	}
	NewWithT(t).Expect(Build(root)).To(Succeed())
	for _, file := range Files {
		if tested[file] == nil {
			continue // it has a test of its own
		}
		programs, err := Load(root, file)
		NewWithT(t).Expect(err).NotTo(HaveOccurred())
		for _, p := range programs {
			t.Run(strings.TrimSuffix(file, ".yaml")+"/"+p.Name, func(t *testing.T) {
				if p.Version == "" {
					t.Skip(p.Title + " is not installed")
				}
				g := NewWithT(t)
				e, err := suites.New(suites.Options{Targets: []targets.Target{p.Target}, Seed: 1, Patterns: tested[file]})
				g.Expect(err).NotTo(HaveOccurred())
				defer e.Close()
				run := e.Run(t.Context(), nil)
				var summary strings.Builder
				g.Expect(run.WriteSummary(&summary, reports.Look{})).To(Succeed())
				g.Expect(run.Exit()).To(Equal(reports.ExitOK), summary.String())
				count := run.Count("")
				g.Expect(count[reports.Warn]).To(BeZero(), summary.String())
				g.Expect(count[reports.Pass]).To(BeNumerically(">=", len(run.Results)/3), summary.String())
			})
		}
	}
}

// Whatever is configured is known by name, so that the table can say what it is.
func TestEveryProgramIsKnown(t *testing.T) {
	for _, file := range Files {
		programs, err := Load(root, file)
		NewWithT(t).Expect(err).NotTo(HaveOccurred())
		NewWithT(t).Expect(programs).NotTo(BeEmpty(), file)
	}
}
