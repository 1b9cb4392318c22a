package peer_test

import (
	"os/exec"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/faultwire/faultwire/reports"
	"github.com/faultwire/faultwire/suites"
	"github.com/faultwire/faultwire/targets"
)

func TestThePeerIsSound(t *testing.T) {
	if _, err := exec.LookPath("python3"); err != nil {
		t.Skip(err)
	}
	g := NewWithT(t)
	all, err := targets.Load("faultwire.yaml")
	g.Expect(err).NotTo(HaveOccurred())
	e, err := suites.New(suites.Options{Targets: all, Seed: 1})
	g.Expect(err).NotTo(HaveOccurred())
	defer e.Close()
	run := e.Run(t.Context(), nil)
	var summary strings.Builder
	g.Expect(run.WriteSummary(&summary, reports.Look{})).To(Succeed())
	g.Expect(run.Exit()).To(Equal(reports.ExitOK), summary.String())
	g.Expect(run.Count("")[reports.Pass]).To(Equal(6), summary.String())
}
