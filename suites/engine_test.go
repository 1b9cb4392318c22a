package suites_test

import (
	"context"
	"fmt"
	"os"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/faultwire/faultwire/reports"
	"github.com/faultwire/faultwire/suites"
	"github.com/faultwire/faultwire/suites/cases"
	"github.com/faultwire/faultwire/targets/reference"
)

func TestTheCatalogueIsSound(t *testing.T) {
	NewWithT(t).Expect(cases.Lint(cases.All())).To(BeEmpty())
}

func TestTheReferenceTargetsKeepEveryPromise(t *testing.T) {
	g := NewWithT(t)
	e, err := suites.New(suites.Options{Targets: reference.Targets(1), Seed: 1})
	g.Expect(err).NotTo(HaveOccurred())
	defer e.Close()
	run := e.Run(context.Background(), nil)
	fmt.Println(len(run.Results), run.Took, run.Count(""))
	run.WriteSummary(os.Stdout, reports.Look{})
	g.Expect(run.Exit()).To(Equal(reports.ExitOK))
}
