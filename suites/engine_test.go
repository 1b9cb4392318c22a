package suites_test

import (
	"context"
	"io"
	"log"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/gleak"

	"github.com/faultwire/faultwire/reports"
	"github.com/faultwire/faultwire/suites"
	"github.com/faultwire/faultwire/suites/cases"
	"github.com/faultwire/faultwire/targets/reference"
)

func init() { log.SetOutput(io.Discard) } // net/http has its say there

func TestTheCatalogueIsSound(t *testing.T) {
	NewWithT(t).Expect(cases.Lint(cases.All())).To(BeEmpty())
}

func TestTheReferenceTargetsKeepEveryPromise(t *testing.T) {
	g := NewWithT(t)
	before := gleak.Goroutines()
	e, err := suites.New(suites.Options{Targets: reference.Targets(1), Seed: 1})
	g.Expect(err).NotTo(HaveOccurred())
	run := e.Run(context.Background(), nil)
	e.Close()
	var summary strings.Builder
	g.Expect(run.WriteSummary(&summary, reports.Look{})).To(Succeed())
	g.Expect(run.Exit()).To(Equal(reports.ExitOK), summary.String())
	g.Eventually(gleak.Goroutines).WithTimeout(10 * time.Second).ShouldNot(gleak.HaveLeaked(before))
}
