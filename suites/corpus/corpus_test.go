// Package corpus keeps repros of bugs. Each fails with the program that has the bug, and passes with one that does not: what Faultwire has
// found once it finds again.
package corpus_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/faultwire/faultwire/reports"
	"github.com/faultwire/faultwire/suites"
	"github.com/faultwire/faultwire/targets"
	"github.com/faultwire/faultwire/targets/examples/real"
	"github.com/faultwire/faultwire/targets/mutants"
)

// A bug is a repro, who has it, and who does not. A program is named by where it is configured, a slash, and its name: mutants and sound
// are package mutants', mended is the folder, all else a configuration of targets/examples/real.
type bug struct {
	file   string
	buggy  []string
	mended string
	rarely bool // the bug is a race: it shows now and then
}

var bugs = []bug{
	{file: "content-length-cut.yaml", buggy: []string{"http.yaml/python-requests"}, mended: "mended/python-requests-mended"},
	{file: "chunk-cut.yaml", buggy: []string{"http.yaml/wget"}, mended: "http.yaml/curl"},
	{file: "header-cut.yaml", buggy: []string{"http.yaml/curl", "http.yaml/wget", "http.yaml/python-http-client"}, mended: "http.yaml/node-http"},
	{file: "close-delimited-reset.yaml", buggy: []string{"http.yaml/node-fetch", "http.yaml/python-aiohttp"}, mended: "http.yaml/node-http"},
	{file: "ncat-half-close.yaml", buggy: []string{"echo.yaml/ncat-exec"}, mended: "echo.yaml/socat-exec", rarely: true},

	{file: "client-eof-is-complete.yaml", buggy: []string{"mutants/client-eof-is-complete"}, mended: "sound/sound-echo-client"},
	{file: "client-short-buffer.yaml", buggy: []string{"mutants/client-short-buffer"}, mended: "sound/sound-echo-client"},
	{file: "client-pause-is-end.yaml", buggy: []string{"mutants/client-pause-is-end"}, mended: "sound/sound-echo-client"},
	{file: "client-keeps-buffer.yaml", buggy: []string{"mutants/client-keeps-buffer"}, mended: "sound/sound-echo-client"},
	{file: "client-reset-as-timeout.yaml", buggy: []string{"mutants/client-reset-as-timeout"}, mended: "sound/sound-echo-client"},
	{file: "client-panics-at-end.yaml", buggy: []string{"mutants/client-panics-at-end"}, mended: "sound/sound-echo-client"},
	{file: "client-reuses-after-timeout.yaml", buggy: []string{"mutants/client-reuses-after-timeout"}, mended: "sound/sound-echo-client"},
	{file: "client-drops-byte-65536.yaml", buggy: []string{"mutants/client-drops-byte-65536"}, mended: "sound/sound-framed-client"},
	{file: "client-prefix-one-recv.yaml", buggy: []string{"mutants/client-prefix-one-recv"}, mended: "sound/sound-framed-client"},
	{file: "client-http-short-is-whole.yaml", buggy: []string{"mutants/client-http-short-is-whole"}, mended: "sound/sound-http-client"},
	{file: "client-http-reset-is-end.yaml", buggy: []string{"mutants/client-http-reset-is-end"}, mended: "sound/sound-http-client"},
	{file: "client-http-part-of-chunk.yaml", buggy: []string{"mutants/client-http-part-of-chunk"}, mended: "sound/sound-http-client"},
}

// program is the target; it skips the test where that is not installed.
func program(t *testing.T, name string) targets.Target {
	t.Helper()
	where, name, _ := strings.Cut(name, "/")
	var all []targets.Target
	switch where {
	case "mutants":
		for _, m := range mutants.All() {
			all = append(all, m.Target)
		}
	case "sound":
		all = mutants.Sound()
	case "mended":
		var err error
		all, err = targets.Load(filepath.Join("mended", "faultwire.yaml"))
		NewWithT(t).Expect(err).NotTo(HaveOccurred())
		program(t, "http.yaml/"+strings.TrimSuffix(name, "-mended")) // which it runs
	default:
		programs, err := real.Load(filepath.Join("..", ".."), where)
		NewWithT(t).Expect(err).NotTo(HaveOccurred())
		for _, p := range programs {
			if p.Name == name && p.Version == "" {
				t.Skip(p.Title + " is not installed")
			}
			all = append(all, p.Target)
		}
	}
	for _, found := range all {
		if found.Name == name {
			found.KnownFailures = nil
			return found
		}
	}
	t.Fatalf("%s has no program %s", where, name)
	return targets.Target{}
}

// replayed is what a replay of the repro with the target comes to.
func replayed(t *testing.T, r *suites.Repro, target targets.Target) reports.Result {
	t.Helper()
	g := NewWithT(t)
	e, err := suites.New(suites.Options{Targets: []targets.Target{target}, Patterns: r.Patterns(), Seed: r.Seed, Scale: r.Scale, Full: true})
	g.Expect(err).NotTo(HaveOccurred())
	defer e.Close()
	pair, err := e.Replaying(r)
	g.Expect(err).NotTo(HaveOccurred())
	return e.Result(t.Context(), pair)
}

// nowAndThen is at least once of so many.
const nowAndThen = 20

func TestCorpus(t *testing.T) {
	for _, b := range bugs {
		t.Run(b.file, func(t *testing.T) {
			text, err := os.ReadFile(b.file)
			NewWithT(t).Expect(err).NotTo(HaveOccurred())
			r, err := suites.ParseRepro(b.file, text)
			NewWithT(t).Expect(err).NotTo(HaveOccurred())
			for _, name := range b.buggy {
				t.Run(name, func(t *testing.T) {
					g := NewWithT(t)
					target := program(t, name)
					result := replayed(t, r, target)
					for n := 1; b.rarely && n < nowAndThen && result.Finding == nil; n++ {
						result = replayed(t, r, target)
					}
					g.Expect(result.Verdict).To(Equal(reports.Fail), "the bug is gone: %s", result.Reason)
					g.Expect(result.Finding.Promise).To(Equal(r.Promise), result.Finding.Seen)
				})
			}
			t.Run(b.mended, func(t *testing.T) {
				g := NewWithT(t)
				result := replayed(t, r, program(t, b.mended))
				g.Expect(result.Verdict).To(Equal(reports.Pass), "%s\n%s", result.Reason, result.Text())
			})
		})
	}
}

// No file is left out.
func TestEveryReproIsTested(t *testing.T) {
	g := NewWithT(t)
	files, err := filepath.Glob("*.yaml")
	g.Expect(err).NotTo(HaveOccurred())
	var tested []string
	for _, b := range bugs {
		tested = append(tested, b.file)
	}
	g.Expect(tested).To(ConsistOf(files))
	g.Expect(os.ReadFile("README.md")).To(WithTransform(func(text []byte) string { return string(text) }, And(containAll(files)...)))
}

func containAll(files []string) (all []OmegaMatcher) {
	for _, f := range files {
		all = append(all, ContainSubstring("("+f+")"))
	}
	return all
}
