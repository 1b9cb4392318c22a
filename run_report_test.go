package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/faultwire/faultwire/reports"
)

// What is tested here is told GitHub by nobody but the tests that are about it.
func init() { os.Unsetenv("GITHUB_ACTIONS") }

// whole checks that the report's files are there and sound.
func whole(t *testing.T, folder string) *reports.Run {
	t.Helper()
	g := NewWithT(t)
	sums, err := os.ReadFile(filepath.Join(folder, "SHA256SUMS"))
	g.Expect(err).NotTo(HaveOccurred())
	files := map[string][]byte{}
	for line := range strings.Lines(string(sums)) {
		sum, name, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "  ")
		files[name], err = os.ReadFile(filepath.Join(folder, name))
		g.Expect(err).NotTo(HaveOccurred())
		got := sha256.Sum256(files[name])
		g.Expect(hex.EncodeToString(got[:])).To(Equal(sum), name)
	}
	g.Expect(xml.Unmarshal(files["junit.xml"], new(struct{}))).To(Succeed())
	_, err = csv.NewReader(bytes.NewReader(files["requirements.csv"])).ReadAll()
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(string(files["summary.md"])).To(HavePrefix("## Faultwire: "))
	run, err := reports.ReadJSON(filepath.Join(folder, "results.json"))
	g.Expect(err).NotTo(HaveOccurred())
	return run
}

func TestWhatIsAskedOfTheReport(t *testing.T) {
	inFolder(t, nil)
	for _, c := range []struct{ args, says string }{
		{"run --evidence some", `--evidence: "some" is not known; write failures or all`},
		{"list --junit xml", `--junit: "xml" is not known; write junit-10 or extended`},
		{"run --catalogue 9.9", `the catalogue has no version "9.9"; there are: 0.1`},
		{"list --catalogue new", `the catalogue has no version "new"`},
	} {
		code, _, stderr := faultwire(t, strings.Fields(c.args)...)
		NewWithT(t).Expect(code).To(Equal(2), c.args)
		NewWithT(t).Expect(stderr).To(And(HavePrefix("faultwire: "), ContainSubstring(c.says)))
	}
}

func TestAReportIsAsAsked(t *testing.T) {
	g := NewWithT(t)
	inFolder(t, nil)
	flags := []string{"--server-address", serve(t), "--run", "tcp.reassembly.split", "--seed", "3", "--catalogue", "0.1"}
	code, stdout, stderr := faultwire(t, append([]string{"run", "--evidence", "all", "--junit", "extended"}, flags...)...)
	g.Expect(code).To(Equal(0), stdout+stderr)
	run := whole(t, reports.DefaultFolder)
	g.Expect(run.AsOf).To(Equal("0.1"))
	g.Expect(run.Results).NotTo(BeEmpty())
	for _, r := range run.Results {
		g.Expect(r.Verdict).To(Equal(reports.Pass))
		g.Expect(r.Replay).To(HaveSuffix("--seed 3 --catalogue 0.1"))
		g.Expect(r.Files).To(ContainElements(HaveSuffix("/trace.jsonl"), HaveSuffix("/payload.jsonl"), HaveSuffix("/capture.pcapng")))
	}
	junit, err := os.ReadFile(filepath.Join(reports.DefaultFolder, "junit.xml"))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(string(junit)).To(ContainSubstring(`file="suites/reassembly/`))

	code, _, stderr = faultwire(t, append([]string{"run"}, flags...)...)
	g.Expect(code).To(Equal(0), stderr)
	g.Expect(whole(t, reports.DefaultFolder).Results[0].Files).To(BeEmpty())
	g.Expect(filepath.Join(reports.DefaultFolder, "cases")).NotTo(BeADirectory())
}

func TestARunTellsGitHub(t *testing.T) {
	g := NewWithT(t)
	needs(t, "true")
	inFolder(t, nil)
	t.Setenv("GITHUB_ACTIONS", "true")
	t.Setenv("GITHUB_STEP_SUMMARY", "step.md")
	code, stdout, stderr := faultwire(t, "run", "--client", "true {host} {port}", "--run", "tcp.reassembly.split")
	g.Expect(code).To(Equal(1), stderr)
	g.Expect(stdout).To(HavePrefix("::stop-commands::"))
	g.Expect(stdout).To(ContainSubstring("\n::error title=client%3A control::"))
	own, err := os.ReadFile(filepath.Join(reports.DefaultFolder, "summary.md"))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(os.ReadFile("step.md")).To(Equal(own))

	t.Setenv("GITHUB_STEP_SUMMARY", "no/such/folder/step.md")
	code, _, stderr = faultwire(t, "run", "--client", "true {host} {port}", "--run", "tcp.reassembly.split")
	g.Expect(code).To(Equal(4))
	g.Expect(stderr).To(ContainSubstring("cannot append to the step's summary"))
}

func TestAnInterruptedRunLeavesAWholeReport(t *testing.T) {
	g := NewWithT(t)
	inFolder(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var out, err bytes.Buffer
	g.Expect(run(ctx, []string{"run", "--run", "tcp.timeout.**", "--evidence", "all"}, &out, &err)).To(Equal(reports.ExitInterrupted))
	g.Expect(whole(t, reports.DefaultFolder).Interrupted).To(BeTrue())
}

// A full is a disk on which there is no room.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, syscall.ENOSPC }

func TestNoRoomForTheSummary(t *testing.T) {
	g := NewWithT(t)
	inFolder(t, nil)
	var complaint bytes.Buffer
	code := run(t.Context(), []string{"run", "--server-address", serve(t), "--run", "tcp.reassembly.split"}, full{}, &complaint)
	g.Expect(code).To(Equal(4))
	g.Expect(complaint.String()).To(HaveSuffix("faultwire: " + errors.Unwrap(&os.PathError{Err: syscall.ENOSPC}).Error() + "\n"))
	whole(t, reports.DefaultFolder)
}
