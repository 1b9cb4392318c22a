package reports_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	. "github.com/onsi/gomega"

	"github.com/faultwire/faultwire/reports"
)

var update = flag.Bool("update", false, "rewrite testdata/*.golden")

func junit(t *testing.T, run *reports.Run) string {
	t.Helper()
	var b strings.Builder
	NewWithT(t).Expect(run.WriteJUnit(&b)).To(Succeed())
	return b.String()
}

func summary(t *testing.T, run *reports.Run, look reports.Look) string {
	t.Helper()
	var b strings.Builder
	NewWithT(t).Expect(run.WriteSummary(&b, look)).To(Succeed())
	return b.String()
}

func TestGolden(t *testing.T) {
	strict := rich()
	strict.Strict = true
	for name, got := range map[string]string{
		"rich.junit":         junit(t, rich()),
		"strict.junit":       junit(t, strict),
		"rich.terminal":      summary(t, rich(), reports.Look{Folder: "faultwire-report"}),
		"colour.terminal":    summary(t, rich(), reports.Look{Color: true, Width: 60}),
		"self-test.terminal": summary(t, sound(), reports.Look{}),
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			file := filepath.Join("testdata", name+".golden")
			if *update {
				g.Expect(os.WriteFile(file, []byte(got), 0o666)).To(Succeed())
			}
			want, err := os.ReadFile(file)
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(got).To(Equal(string(want)), "go test ./reports -update rewrites the golden files")
		})
	}
}

func TestJUnitIsJUnit10(t *testing.T) {
	strict, empty := rich(), &reports.Run{}
	strict.Strict = true
	for name, test := range map[string]struct {
		run       *reports.Run
		testcases int // the pairs, and the controls that did not pass
	}{
		"rich": {rich(), 12}, "strict": {strict, 12}, "self-test": {sound(), 1}, "hostile": {hostile(), 13}, "empty": {empty, 0},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			testcases, err := validate(junit(t, test.run))
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(testcases).To(Equal(test.testcases))
		})
	}
}

func TestValidatorRefuses(t *testing.T) {
	suite := func(inside string) string {
		return `<testsuites><testsuite name="s" tests="1" failures="0" errors="0">` + inside + `</testsuite></testsuites>`
	}
	for name, document := range map[string]string{
		"an unknown attribute": suite(`<testcase name="a" file="x"/>`),
		"a missing attribute":  suite(`<testcase time="1"/>`),
		"properties of a case": suite(`<testcase name="a"><properties/></testcase>`),
		"the wrong order":      suite(`<testcase name="a"><system-out/><failure/></testcase>`),
		"a repeated name":      suite(`<testcase name="a" classname="c" time="1"/><testcase name="a" classname="c" time="2"/>`),
		"stray text":           suite(`<testcase name="a">text</testcase>`),
		"a control character":  suite(`<testcase name="a"><failure>` + "\x1b" + `</failure></testcase>`),
	} {
		_, err := validate(document)
		NewWithT(t).Expect(err).To(HaveOccurred(), name)
	}
}

func TestClassnamesStayApart(t *testing.T) {
	run := sound()
	for _, name := range []string{"a.b", "a_b"} {
		result := run.Results[0]
		result.Target = name
		run.Results = append(run.Results, result)
	}
	NewWithT(t).Expect(junit(t, run)).To(And(
		ContainSubstring(`classname="my_client.connect"`), ContainSubstring(`classname="a_b.connect"`), ContainSubstring(`classname="a_b (2).connect"`)))
}

// What a target prints neither breaks a report, nor colours it, nor fills the disk.
func TestHostileTextIsTamed(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "report")
	NewWithT(t).Expect(hostile().WriteFolder(dir)).To(Succeed())
	results, err := os.ReadFile(filepath.Join(dir, "results.json"))
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	for name, text := range map[string]string{
		"junit.xml": junit(t, hostile()), "terminal": summary(t, hostile(), reports.Look{}), "results.json": string(results),
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			g.Expect(utf8.ValidString(text)).To(BeTrue())
			forbidden := func(r rune) bool {
				return r != '\n' && (unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == 0xfffe)
			}
			g.Expect(strings.IndexFunc(text, forbidden)).To(Equal(-1))
			g.Expect(text).NotTo(Or(ContainSubstring(`\u0000`), ContainSubstring(`\u001b`)), "in an escape of JSON's")
			g.Expect(text).To(ContainSubstring(`x1b[31m`), "evidence stays legible")
			g.Expect(len(text)).To(BeNumerically("<", 8<<20))
		})
	}
	NewWithT(t).Expect(summary(t, hostile(), reports.Look{})).NotTo(ContainSubstring("\nPASS"), "a forged line")
}

func TestSummaryKeepsToItsWidth(t *testing.T) {
	for _, width := range []int{72, 100, 200} {
		for line := range strings.SplitSeq(summary(t, rich(), reports.Look{Width: width}), "\n") {
			if strings.Contains(line, "Run alone") || !strings.HasPrefix(line, " ") {
				continue // lines to copy, and headings
			}
			NewWithT(t).Expect(utf8.RuneCountInString(line)).To(BeNumerically("<=", width), line)
		}
	}
}

func TestSummarySaysWhatToDoNext(t *testing.T) {
	with := func(change func(*reports.Run)) *reports.Run {
		run := sound()
		run.SelfTest = false
		change(run)
		return run
	}
	for want, run := range map[string]*reports.Run{
		"Conformant: every requirement that was tested is kept.": with(func(*reports.Run) {}),
		"is kept, but for 1 known failure.": with(func(r *reports.Run) {
			r.Results = append(r.Results, reports.Result{Verdict: reports.XFail})
		}),
		"Next: fix the first failure above":           with(func(r *reports.Run) { r.Results[0].Verdict = reports.Fail }),
		"WARN  my.client":                             with(func(r *reports.Run) { r.Results[0].Verdict, r.Strict = reports.Warn, true }),
		"Next: make the plain exchange work":          with(func(r *reports.Run) { r.Targets[0].Control.Verdict = reports.Fail }),
		"Faultwire could not try the plain exchange":  with(func(r *reports.Run) { r.Targets[0].Control.Verdict = reports.Error }),
		"Next: run again":                             with(func(r *reports.Run) { r.Results[0].Verdict = reports.Error }),
		"Next: see the reasons above":                 with(func(r *reports.Run) { r.Results[0].Verdict = reports.Skip }),
		"Interrupted: only what is shown":             with(func(r *reports.Run) { r.Interrupted = true }),
		"Next: this is a defect of Faultwire":         with(func(r *reports.Run) { r.Results[0].Verdict, r.SelfTest = reports.Fail, true }),
		"1 case in 900 ms · seed 42 · time scale 2.5": with(func(r *reports.Run) { r.Took, r.Scale = 900*time.Millisecond, 2.5 }),
	} {
		NewWithT(t).Expect(summary(t, run, reports.Look{})).To(ContainSubstring(want))
	}
}

func TestExit(t *testing.T) {
	verdicts := func(vs ...reports.Verdict) *reports.Run {
		run := &reports.Run{}
		for _, v := range vs {
			run.Results = append(run.Results, reports.Result{Verdict: v})
		}
		return run
	}
	change := func(run *reports.Run, change func(*reports.Run)) *reports.Run {
		change(run)
		return run
	}
	control := func(v reports.Verdict) func(*reports.Run) {
		return func(r *reports.Run) { r.Targets = []reports.Target{{Control: &reports.Result{Verdict: v}}} }
	}
	strict := func(r *reports.Run) { r.Strict = true }
	interrupted := func(r *reports.Run) { r.Interrupted = true }
	for name, test := range map[string]struct {
		run  *reports.Run
		want int
	}{
		"nothing ran":             {verdicts(), 3},
		"all skipped":             {verdicts(reports.Skip, reports.Skip), 3},
		"pass":                    {verdicts(reports.Pass, reports.Skip), 0},
		"only a known failure":    {verdicts(reports.XFail), 0},
		"warn":                    {verdicts(reports.Warn), 0},
		"warn, strict":            {change(verdicts(reports.Warn), strict), 1},
		"fail":                    {verdicts(reports.Pass, reports.Fail), 1},
		"error beats fail":        {verdicts(reports.Fail, reports.Error), 4},
		"failed control":          {change(verdicts(reports.Skip), control(reports.Fail)), 1},
		"broken control":          {change(verdicts(reports.Skip), control(reports.Error)), 4},
		"passed control":          {change(verdicts(reports.Pass), control(reports.Pass)), 0},
		"interrupted beats error": {change(verdicts(reports.Error), interrupted), 130},
	} {
		NewWithT(t).Expect(test.run.Exit()).To(Equal(test.want), name)
	}
}
