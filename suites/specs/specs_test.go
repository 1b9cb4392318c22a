package specs_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	. "github.com/onsi/ginkgo/v2"
	"github.com/onsi/ginkgo/v2/types"
	. "github.com/onsi/gomega"
)

func TestSpecs(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "specs")
}

var _ = Describe("a suite", func() {
	It("tells verdicts in Ginkgo's terms", func(ctx SpecContext) {
		suite := runInner(ctx, "verdicts", "--label-filter=id:tcp.reassembly.binary || id:tcp.timeout.latency-above || id:tcp.timeout.drip")
		Expect(suite.SuiteSucceeded).To(BeFalse())

		failed := suite.spec("client-text-mode", "tcp.reassembly.binary")
		Expect(failed.State).To(Equal(types.SpecStateFailed))
		Expect(failed.Failure.Message).To(And(
			ContainSubstring("Rule "), ContainSubstring("Promise    never lie"), ContainSubstring("Expected "),
			ContainSubstring("Seen "), ContainSubstring("Why "), ContainSubstring("Fix "),
			MatchRegexp(`Run alone +ginkgo --label-filter 'target:client-text-mode && id:tcp.reassembly.binary' /.*specs`)))

		known := suite.spec("known", "tcp.reassembly.binary")
		Expect(known.State).To(Equal(types.SpecStateSkipped))
		Expect(known.Failure.Message).To(Equal("known failure: a text-mode client, we know"))

		skipped := suite.spec("patient", "tcp.timeout.drip")
		Expect(skipped.State).To(Equal(types.SpecStateSkipped))
		Expect(skipped.Failure.Message).To(ContainSubstring("declares no total deadline"))

		warned := suite.spec("patient", "tcp.timeout.latency-above")
		Expect(warned.State).To(Equal(types.SpecStatePassed))
		Expect(warned.ReportEntries).To(HaveLen(1))
		Expect(warned.ReportEntries[0].StringRepresentation()).To(ContainSubstring("no read deadline is declared"))
	})

	It("fails once for a target that does not work at all, whatever is selected", func(ctx SpecContext) {
		suite := runInner(ctx, "blocked", "--label-filter=theme:reassembly && level:must")
		Expect(suite.count(types.SpecStatePassed)).To(BeZero())
		Expect(suite.count(types.SpecStateFailed)).To(Equal(2), "once a target")
		var told []string
		for _, s := range suite.SpecReports {
			if s.State == types.SpecStateFailed {
				told = append(told, s.Failure.Message)
			}
		}
		Expect(told).To(ConsistOf(
			And(HavePrefix("the plain exchange fails"), ContainSubstring("silent control"), ContainSubstring("ginkgo --label-filter target:silent /")),
			And(HavePrefix("harness error:"), ContainSubstring("does-not-start control"))))
	})

	It("labels its specs and places them at their cases", func(ctx SpecContext) {
		suite := runInner(ctx, "verdicts", "--dry-run")
		s := suite.spec("patient", "tcp.timeout.stall-mid-message[at=512]")
		Expect(s.Labels()).To(ConsistOf("id:tcp.timeout.stall-mid-message[at=512]", "level:must", "role:client", "theme:timeout",
			"target:patient", "brought-along"))
		Expect(s.LeafNodeText).To(HavePrefix("tcp.timeout.stall-mid-message[at=512] reports a timeout"))
		Expect(s.LeafNodeLocation.FileName).To(Equal("suites/timeout/stall.go"))
		Expect(s.LeafNodeLocation.LineNumber).NotTo(BeZero())
	})
})

var _ = Describe("a tree of one's own", func() {
	const three = "--label-filter=own && id: containsAny {tcp.reassembly.binary, tcp.reassembly.utf8, tcp.disconnect.data-limit}"

	It("holds the specs that were asked for", func(ctx SpecContext) {
		suite := runInner(ctx, "describe", "--dry-run")
		Expect(suite.SpecReports).To(HaveEach(WithTransform(func(s types.SpecReport) []string { return s.ContainerHierarchyTexts },
			Equal([]string{"mine", "nested", "barrier"}))))
		Expect(suite.SpecReports).To(And(
			ContainElement(HaveField("LeafNodeText", HavePrefix("tcp.disconnect.data-limit "))),
			ContainElement(HaveField("LeafNodeText", HavePrefix("tcp.reassembly.binary "))),
			Not(ContainElement(HaveField("LeafNodeText", HavePrefix("tcp.timeout."))))))
	})

	// The client lets nobody through until three exchanges wait, and then only them: one by one they would wait for ever, and
	// a fourth would be one too many.
	DescribeTable("runs what is selected ahead, and nothing else",
		func(ctx SpecContext, flags ...string) {
			suite := runInner(ctx, "describe", flags...)
			Expect(suite.SuiteSucceeded).To(BeTrue())
			Expect(suite.count(types.SpecStatePassed)).To(Equal(3))
		},
		Entry("by label", three),
		Entry("by text", "--focus=barrier tcp.reassembly.(binary|utf8) ", "--focus=data-limit"),
		Entry("by text, negated", "--label-filter=theme:reassembly", "--focus=binary|utf8|jitter|reply-then-silence", "--skip=jitter"),
	)

	It("runs what only the suite's name lets through", func(ctx SpecContext) {
		suite := runInner(ctx, "named", "--focus=^inner named .*(binary|utf8|data-limit)")
		Expect(suite.SuiteSucceeded).To(BeTrue())
		Expect(suite.count(types.SpecStatePassed)).To(Equal(3))
	})

	It("ends what runs ahead when the suite ends early", func(ctx SpecContext) {
		suite := runInner(ctx, "early", "--fail-fast", `--focus=bytes=(1|65536)\]`)
		Expect(suite.spec("mine", "tcp.reassembly.size[bytes=1]").State).To(Equal(types.SpecStateFailed))
		Expect(suite.spec("mine", "tcp.reassembly.size[bytes=65536]").State).To(Equal(types.SpecStateSkipped))
	})

	It("takes no time in virtual time, and finds the same", func(ctx SpecContext) {
		suite := runInner(ctx, "virtual", "--label-filter=virtual")
		Expect(suite.count(types.SpecStatePassed)).To(BeNumerically(">", 50))
		Expect(suite.count(types.SpecStateFailed)).To(Equal(1))
		failed := suite.spec("client-no-read-deadline", "tcp.timeout.stall-before-reply")
		Expect(failed.State).To(Equal(types.SpecStateFailed))
		Expect(failed.Failure.Message).To(ContainSubstring("never hang"))
		Expect(suite.spec("client-no-read-deadline", "tcp.timeout.drip").State).To(Equal(types.SpecStatePassed))
		Expect(printedByInner(ctx, "nowhere")).To(ContainSubstring("a process of its own"))
	})

	It("passes an empty selection", func(ctx SpecContext) {
		suite := runInner(ctx, "describe", "--focus=nothing is called this")
		Expect(suite.SuiteSucceeded).To(BeTrue())
		Expect(suite.PreRunStats.SpecsThatWillRun).To(BeZero())
	})

	It("does not begin with a mistake in it", func(ctx SpecContext) {
		Expect(printedByInner(ctx, "mistaken")).To(ContainSubstring("role: is missing"))
		Expect(printedByInner(ctx, "misspelt")).To(ContainSubstring(`no case matches "tcp.tmieout.*"`))
	})
})

var _ = Describe("a theme", func() {
	It("is run against the targets that FAULTWIRE_CONFIG names, from the module's root", func(ctx SpecContext) {
		GinkgoT().Setenv("FAULTWIRE_CONFIG", "suites/specs/testdata/faultwire.yaml")
		suite := runInner(ctx, "theme", "--dry-run")
		Expect(suite.SpecReports).NotTo(BeEmpty())
		Expect(suite.SpecReports).To(HaveEach(WithTransform(types.SpecReport.Labels, ContainElements("target:from-yaml", "theme:connect"))))
	})

	It("says where it looked for a file that is not there", func(ctx SpecContext) {
		GinkgoT().Setenv("FAULTWIRE_CONFIG", "testdata/missing.yaml")
		Expect(printedByInner(ctx, "theme")).To(And(ContainSubstring("FAULTWIRE_CONFIG"), ContainSubstring("absolute path")))
	})
})

type report struct{ types.Report }

// spec is the one of the target and the case.
func (r report) spec(target, id string) types.SpecReport {
	GinkgoHelper()
	for _, s := range r.SpecReports {
		if s.ContainerHierarchyTexts[0] == target && strings.HasPrefix(s.LeafNodeText, id+" ") {
			return s
		}
	}
	Fail("no spec of " + target + " for " + id)
	return types.SpecReport{}
}

func (r report) count(state types.SpecState) int {
	n := 0
	for _, s := range r.SpecReports {
		if s.State == state {
			n++
		}
	}
	return n
}

// runInner runs the suite of that name, of inner_test.go, in a process of its own: Ginkgo runs one suite a process.
func runInner(ctx SpecContext, name string, flags ...string) report {
	GinkgoHelper()
	file := filepath.Join(GinkgoT().TempDir(), "report.json")
	printed := printedByInner(ctx, name, append(flags, "--json-report="+file)...)
	AddReportEntry("inner suite", printed, ReportEntryVisibilityFailureOrVerbose)
	text, err := os.ReadFile(file)
	Expect(err).NotTo(HaveOccurred(), printed)
	var suites []types.Report
	Expect(json.Unmarshal(text, &suites)).To(Succeed())
	Expect(suites).To(HaveLen(1))
	r := report{suites[0]}
	r.SpecReports = r.SpecReports.WithLeafNodeType(types.NodeTypeIt)
	Expect(printed).NotTo(Or(ContainSubstring("one too many"), ContainSubstring("left behind")))
	return r
}

func printedByInner(ctx SpecContext, name string, flags ...string) string {
	GinkgoHelper()
	args := []string{"-test.run=^TestInner$", "-test.v"}
	for _, flag := range flags {
		args = append(args, strings.Replace(flag, "--", "--ginkgo.", 1))
	}
	cmd := exec.CommandContext(ctx, os.Args[0], args...)
	cmd.Env = append(os.Environ(), inner+"="+name)
	printed, err := cmd.CombinedOutput()
	if _, ended := err.(*exec.ExitError); !ended {
		Expect(err).NotTo(HaveOccurred())
	}
	return string(printed)
}
