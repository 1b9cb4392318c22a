package reports_test

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	. "github.com/onsi/gomega"

	"github.com/faultwire/faultwire/reports"
)

// tree is every file below dir with its content.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, name := range files(t, dir) {
		content, err := os.ReadFile(filepath.Join(dir, name))
		NewWithT(t).Expect(err).NotTo(HaveOccurred())
		all[name] = string(content)
	}
	return all
}

func TestDerivedFilesAreGolden(t *testing.T) {
	newer := rich()
	newer.AsOf, newer.Strict = "0.1", true
	newer.Results[3].New, newer.Results[3].Reason = true, "new since 0.2"
	extended := rich()
	extended.JUnit = reports.JUnitExtended
	for name, write := range map[string]func(*bytes.Buffer) error{
		"rich.requirements":    func(b *bytes.Buffer) error { return rich().WriteRequirements(b) },
		"hostile.requirements": func(b *bytes.Buffer) error { return brief(hostile()).WriteRequirements(b) },
		"rich.summary":         func(b *bytes.Buffer) error { return rich().WriteMarkdown(b) },
		"newer.summary":        func(b *bytes.Buffer) error { return newer.WriteMarkdown(b) },
		"sound.summary":        func(b *bytes.Buffer) error { return sound().WriteMarkdown(b) },
		"hostile.summary":      func(b *bytes.Buffer) error { return brief(hostile()).WriteMarkdown(b) },
		"rich.annotations":     func(b *bytes.Buffer) error { return rich().WriteAnnotations(b) },
		"hostile.annotations":  func(b *bytes.Buffer) error { return brief(hostile()).WriteAnnotations(b) },
		"extended.junit":       func(b *bytes.Buffer) error { return extended.WriteJUnit(b) },
		"merged.requirements":  func(b *bytes.Buffer) error { return merged(t).WriteRequirements(b) },
		"merged.summary":       func(b *bytes.Buffer) error { return merged(t).WriteMarkdown(b) },
		"merged.junit":         func(b *bytes.Buffer) error { return merged(t).WriteJUnit(b) },
	} {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			NewWithT(t).Expect(write(&b)).To(Succeed())
			golden(t, name, b.String())
		})
	}
}

// brief is a hostile run without what is long, so that one can read what became of it.
func brief(run *reports.Run) *reports.Run {
	run.Results = run.Results[2:4]
	for i := range run.Results {
		run.Results[i].Reason, run.Results[i].Finding = "=HYPERLINK(\"http://evil\")", &reports.Finding{Expected: "`` ` @you #1", Seen: "![x](http://evil)|</code>\n\n# Conformant"}
	}
	run.Targets[0].Control = nil
	return run
}

// A written report, read back and written again, is the same to the byte.
func TestConvertingTwiceChangesNothing(t *testing.T) {
	all := rich()
	all.Evidence, all.JUnit = reports.EvidenceAll, reports.JUnitExtended
	wired := captured(seen()["peer"])
	wired.Results[1].Attachments["stderr"] = []byte("\xff<broken>\n")
	void := rich() // what is skipped has attachments and an observation, which are not kept
	void.Results[6].Attachments = map[string][]byte{"stderr": []byte("a word"), "trace.jsonl": []byte("{}\n")}
	void.Results[6].Observation = void.Results[1].Observation
	for name, run := range map[string]*reports.Run{
		"rich": rich(), "all": all, "void": void, "wired": wired, "hostile": hostile(), "merged": merged(t), "empty": {Tool: "faultwire 1"},
	} {
		t.Run(name, func(t *testing.T) {
			g, first, second := NewWithT(t), t.TempDir(), t.TempDir()
			g.Expect(run.WriteFolder(first)).To(Succeed())
			read, err := reports.ReadJSON(filepath.Join(first, "results.json"))
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(read.LoadEvidence(first)).To(Succeed())
			g.Expect(read.WriteFolder(second)).To(Succeed())
			g.Expect(tree(t, second)).To(Equal(tree(t, first)))

			g.Expect(read.WriteFolder(first)).To(Succeed(), "in its own place")
			g.Expect(tree(t, first)).To(Equal(tree(t, second)))
		})
	}
}

// merged is a report of three shards that had seeds of their own, one of which kept all evidence.
func merged(t *testing.T) *reports.Run {
	t.Helper()
	parts := shards()
	parts[1].Evidence = reports.EvidenceAll
	for _, part := range parts {
		for i := range part.Results {
			part.Results[i].Attachments = map[string][]byte{"trace.jsonl": []byte("{}\n"), "stderr": []byte("a word\n")}
		}
	}
	all, err := reports.Merge(parts, order(), false)
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	return all
}

// The sums are those of the files, so this holds all of them but the page, whose own golden files are without its style and script.
func TestSumsAreGolden(t *testing.T) {
	wired := captured(seen()["peer"])
	for name, run := range map[string]*reports.Run{"rich.sums": rich(), "merged.sums": merged(t), "wired.sums": wired} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			NewWithT(t).Expect(run.WriteFolder(dir)).To(Succeed())
			content, err := os.ReadFile(filepath.Join(dir, "SHA256SUMS"))
			NewWithT(t).Expect(err).NotTo(HaveOccurred())
			golden(t, name, regexp.MustCompile("(?m)^.*report.html\n").ReplaceAllString(string(content), ""))
		})
	}
}

func TestEvidenceOfAll(t *testing.T) {
	g, dir := NewWithT(t), t.TempDir()
	run := rich()
	for _, i := range []int{0, 4, 6} { // passed, skipped, and void
		run.Results[i].Attachments = map[string][]byte{"trace.jsonl": []byte("{}\n")}
	}
	g.Expect(run.WriteFolder(dir)).To(Succeed())
	g.Expect(files(t, dir)).NotTo(ContainElement(ContainSubstring("tcp.connect.refused")))
	run.Evidence = reports.EvidenceAll
	g.Expect(run.WriteFolder(dir)).To(Succeed())
	for _, id := range []string{"tcp.connect.refused", "tcp.timeout.drip", "tcp.reassembly.split--at-512"} {
		g.Expect(files(t, dir)).To(ContainElements("cases/my.client/"+id+"/trace.jsonl", "cases/my.client/"+id+"/capture.pcapng"))
	}
	run.Evidence = reports.EvidenceFailures
	g.Expect(run.WriteFolder(dir)).To(Succeed())
	g.Expect(files(t, dir)).NotTo(ContainElement(ContainSubstring("tcp.connect.refused")), "what is no longer kept goes")
}

func TestSums(t *testing.T) {
	g, dir := NewWithT(t), t.TempDir()
	g.Expect(captured(seen()["reset"]).WriteFolder(dir)).To(Succeed())
	content, err := os.ReadFile(filepath.Join(dir, "SHA256SUMS"))
	g.Expect(err).NotTo(HaveOccurred())
	var named []string
	for line := range strings.Lines(string(content)) {
		g.Expect(line).To(MatchRegexp(`^[0-9a-f]{64}  \S+\n$`))
		named = append(named, strings.Fields(line)[1])
	}
	g.Expect(append(named, "SHA256SUMS")).To(ConsistOf(files(t, dir)))

	program, err := exec.LookPath("sha256sum")
	if err != nil {
		t.Skip(err)
	}
	check := exec.Command(program, "--check", "--strict", "--quiet", "SHA256SUMS")
	check.Dir = dir
	out, err := check.CombinedOutput()
	g.Expect(err).NotTo(HaveOccurred(), string(out))
	write(t, filepath.Join(dir, "junit.xml"), "forged")
	check = exec.Command(program, "--check", "--strict", "--quiet", "SHA256SUMS")
	check.Dir = dir
	g.Expect(check.Run()).NotTo(Succeed())
}

func TestRequirementsAreOneRowAPair(t *testing.T) {
	for name, run := range map[string]*reports.Run{"rich": rich(), "hostile": hostile()} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			var b bytes.Buffer
			g.Expect(run.WriteRequirements(&b)).To(Succeed())
			g.Expect(strings.Count(b.String(), "\n")).To(Equal(strings.Count(b.String(), "\r\n")), "RFC 4180 ends lines with CRLF")
			rows, err := csv.NewReader(&b).ReadAll()
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(rows[0]).To(Equal([]string{"clause", "basis", "level", "case", "title", "target", "verdict", "reason", "evidence"}))
			controls := 0
			for _, target := range run.Targets {
				if target.Control != nil {
					controls++
				}
			}
			g.Expect(rows[1:]).To(HaveLen(len(run.Results) + controls))
			for _, row := range rows {
				for _, cell := range row {
					g.Expect(cell).NotTo(MatchRegexp(`^[=+\-@\t\r]`), "a formula")
				}
			}
		})
	}
}

func TestFormulasAreDefused(t *testing.T) {
	g := NewWithT(t)
	for cell, want := range map[string]string{
		"=1+1": "'=1+1", "+1": "'+1", "-1": "'-1", "@SUM(A1)": "'@SUM(A1)", "\t=1": "'=1", "\n =1": "'=1", "＝1": "'＝1", "a=1": "a=1", "": "",
	} {
		run := &reports.Run{Results: []reports.Result{{Reason: cell}}}
		var b bytes.Buffer
		g.Expect(run.WriteRequirements(&b)).To(Succeed())
		rows, err := csv.NewReader(&b).ReadAll()
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(rows[1][7]).To(Equal(want))
	}
}

// outsideCode is Markdown without its code spans and blocks, as CommonMark finds them.
func outsideCode(markdown string) string {
	markdown = regexp.MustCompile("(?m)^(`{3,})sh\n.*\n`{3,}$").ReplaceAllString(markdown, "")
	var b strings.Builder
	for s := markdown; s != ""; {
		ticks := regexp.MustCompile("^`+").FindString(s)
		if ticks == "" {
			_, size := utf8.DecodeRuneInString(s)
			b.WriteString(s[:size])
			s = s[size:]
			continue
		}
		rest := s[len(ticks):]
		end := -1
		for _, at := range regexp.MustCompile("`+").FindAllStringIndex(rest, -1) {
			if at[1]-at[0] == len(ticks) {
				end = at[1]
				break
			}
		}
		if end < 0 {
			b.WriteString(ticks)
			s = rest
			continue
		}
		s = rest[end:]
	}
	return b.String()
}

// Nothing that a target has a hand in leaves its code: what is left is ours.
func TestMarkdownHoldsWhatATargetPrints(t *testing.T) {
	for name, run := range map[string]*reports.Run{"hostile": hostile(), "brief": brief(hostile()), "rich": rich()} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			run.Targets[0].Name += "` | \\| <b> @all ![](http://x)\n# head"
			for i := range run.Results {
				run.Results[i].Target += "` | \\| <b> @all ![](http://x)\n# head"
				run.Results[i].Replay += " ``` \n<img src=x> @all"
				run.Results[i].Reason += strings.Repeat("`", i) + " <!-- " + strings.Repeat("`", 7-i%7)
			}
			var b bytes.Buffer
			g.Expect(run.WriteMarkdown(&b)).To(Succeed())
			g.Expect(b.Len()).To(BeNumerically("<", 64<<10), "GitHub takes no longer comment")
			left := outsideCode(b.String())
			for _, markup := range []string{"<details><summary>", "</summary>", "</details>"} {
				left = strings.ReplaceAll(left, markup, "")
			}
			g.Expect(left).NotTo(MatchRegexp("[<>@`!\\[\\]\\\\]"))
			g.Expect(left).NotTo(ContainSubstring("evil"))
			for line := range strings.Lines(left) {
				g.Expect(line).NotTo(MatchRegexp(`^ {0,3}# `))
				if strings.HasPrefix(line, "|") {
					g.Expect(strings.Count(line, "|")).To(Equal(strings.Count(regexp.MustCompile(`(?m)^\| target.*$`).FindString(left), "|")), line)
				}
			}
		})
	}
}

func TestMarkdownTellsTheFirstFailures(t *testing.T) {
	g := NewWithT(t)
	run := rich()
	for i := range 30 {
		other := run.Results[1]
		other.Target = fmt.Sprint("other-", i)
		run.Results = append(run.Results, other)
	}
	var b bytes.Buffer
	g.Expect(run.WriteMarkdown(&b)).To(Succeed())
	g.Expect(b.String()).To(ContainSubstring("### Failures (33)"))
	g.Expect(strings.Count(b.String(), "\n#### ")).To(Equal(20))
	g.Expect(b.String()).To(ContainSubstring("And 12 more: see `results.json`."))
}

func TestMarkdownSaysWhereItStands(t *testing.T) {
	for want, change := range map[string]func(*reports.Run){
		"## Faultwire: conformant":                 func(*reports.Run) {},
		"## Faultwire: nonconformant":              func(r *reports.Run) { r.Results[0].Verdict = reports.Fail },
		"1 target failed with no fault":            func(r *reports.Run) { r.Targets[0].Control.Verdict = reports.Fail },
		"## Faultwire: incomplete":                 func(r *reports.Run) { r.Results[0].Verdict = reports.Error },
		"The run was interrupted.":                 func(r *reports.Run) { r.Interrupted = true },
		"## Faultwire: no verdict":                 func(r *reports.Run) { r.Results[0].Verdict = reports.Skip },
		"1 warning: not kept":                      func(r *reports.Run) { r.Results[0].Verdict = reports.Warn },
		"1 warning: not kept, but not in the way ": func(r *reports.Run) { r.Strict, r.Results[0].Verdict, r.Results[0].New = true, reports.Warn, true },
		"### Failures (1)":                         func(r *reports.Run) { r.Strict, r.Results[0].Verdict = true, reports.Warn },
		"1 known failure":                          func(r *reports.Run) { r.Results[0].Verdict = reports.XFail },
		"Faultwire tested itself":                  func(r *reports.Run) { r.SelfTest = true },
	} {
		run := sound()
		run.SelfTest = false
		change(run)
		var b bytes.Buffer
		NewWithT(t).Expect(run.WriteMarkdown(&b)).To(Succeed())
		NewWithT(t).Expect(b.String()).To(ContainSubstring(want))
	}
}

// A requirement that is newer than the catalogue asked for does not gate, however strict the run is.
func TestNewRequirementsDoNotGate(t *testing.T) {
	g := NewWithT(t)
	run := sound()
	run.Strict, run.Results[0].Verdict, run.Results[0].New = true, reports.Warn, true
	g.Expect(run.Exit()).To(Equal(reports.ExitOK))
	g.Expect(junit(t, run)).To(And(Not(ContainSubstring("<failure")), ContainSubstring("newer than the catalogue asked for")))
	run.Results[0].New = false
	g.Expect(run.Exit()).To(Equal(reports.ExitNonconformant))
}

// What of a run decides how its report is made survives a merge, or stops it.
func TestMergingKeepsHowAReportIsMade(t *testing.T) {
	g := NewWithT(t)
	one, other := sound(), sound()
	one.Targets[0].Files = []reports.Program{{File: "client.py", SHA256: "1"}}
	other.Targets[0].Files = []reports.Program{{File: "client.py", SHA256: "2"}}
	one.Evidence, one.JUnit, one.Revision = reports.EvidenceAll, reports.JUnitExtended, "a"
	other.JUnit, other.Revision = reports.JUnitExtended, "b"
	all, err := reports.Merge([]*reports.Run{one, other}, nil, false)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(all.Evidence).To(Equal(reports.EvidenceAll), "or what one has would be lost")
	g.Expect(all.JUnit).To(Equal(reports.JUnitExtended))
	g.Expect(all.Revision).To(BeEmpty())
	g.Expect(all.Targets[0].Files).To(BeEmpty())

	other.Targets[0].Version = "2"
	_, err = reports.Merge([]*reports.Run{one, other}, nil, false)
	g.Expect(err).To(MatchError(ContainSubstring("two versions")))
	other.AsOf = "0.1"
	_, err = reports.Merge([]*reports.Run{one, other}, nil, false)
	g.Expect(err).To(MatchError(ContainSubstring("--catalogue")))
}
