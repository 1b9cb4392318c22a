package reports_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/faultwire/faultwire/reports"
)

const stalled = "cases/my.client/tcp.timeout.stall-mid-message--at-1/"

// files are the regular files below dir, with slashes.
func files(t *testing.T, dir string) (found []string) {
	t.Helper()
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			found = append(found, name)
		}
		return err
	})
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	return found
}

func write(t *testing.T, file, content string) {
	t.Helper()
	NewWithT(t).Expect(os.MkdirAll(filepath.Dir(file), 0o777)).To(Succeed())
	NewWithT(t).Expect(os.WriteFile(file, []byte(content), 0o666)).To(Succeed())
}

func TestFolder(t *testing.T) {
	g, dir := NewWithT(t), filepath.Join(t.TempDir(), "a", "report")
	g.Expect(rich().WriteFolder(dir)).To(Succeed())
	g.Expect(files(t, dir)).To(ConsistOf("results.json", "junit.xml", "report.html", stalled+"stdout", stalled+"stderr", stalled+"trace.jsonl", stalled+"timeline.svg"))

	read, err := reports.ReadJSON(filepath.Join(dir, "results.json"))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(read.Results[1].Files).To(ConsistOf(stalled+"stdout", stalled+"stderr", stalled+"trace.jsonl", stalled+"timeline.svg"))
	g.Expect(read.Exit()).To(Equal(rich().Exit()))

	// What is derived from the report read back is what was derived from the run.
	run := rich()
	run.Results[1].Files, run.Results[1].Attachments = read.Results[1].Files, nil
	g.Expect(junit(t, read)).To(Equal(junit(t, run)))
	g.Expect(summary(t, read, reports.Look{Folder: dir})).To(Equal(summary(t, run, reports.Look{Folder: dir})))
	g.Expect(os.ReadFile(filepath.Join(dir, "junit.xml"))).To(BeEquivalentTo(junit(t, rich())))

	// Written elsewhere it does not claim evidence that is not there.
	other := t.TempDir()
	g.Expect(read.WriteFolder(other)).To(Succeed())
	read, err = reports.ReadJSON(filepath.Join(other, "results.json"))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(read.Results[1].Files).To(BeEmpty())
}

func TestFolderOfAnEarlierRun(t *testing.T) {
	g, dir := NewWithT(t), t.TempDir()
	g.Expect(rich().WriteFolder(dir)).To(Succeed())
	write(t, filepath.Join(dir, "notes.txt"), "mine")
	write(t, filepath.Join(dir, stalled, "notes.txt"), "mine")

	g.Expect(sound().WriteFolder(dir)).To(Succeed())
	g.Expect(files(t, dir)).To(ConsistOf("results.json", "junit.xml", "report.html", "notes.txt", stalled+"notes.txt"), "only Faultwire's own evidence goes")

	g.Expect(os.Remove(filepath.Join(dir, stalled, "notes.txt"))).To(Succeed())
	g.Expect(os.RemoveAll(filepath.Join(dir, "cases"))).To(Succeed())
	g.Expect(rich().WriteFolder(dir)).To(Succeed())
	g.Expect(sound().WriteFolder(dir)).To(Succeed())
	g.Expect(filepath.Join(dir, "cases")).NotTo(BeADirectory(), "no empty folders stay")
}

func TestFolderThatIsNotOurs(t *testing.T) {
	for name, test := range map[string]struct{ file, content, want string }{
		"results of another tool": {"results.json", `{"schema": 1, "tool": "other 1.0"}`, "not a Faultwire report"},
		"results that are broken": {"results.json", `{`, "not a Faultwire report"},
		"results of the future":   {"results.json", `{"schema": 99, "tool": "faultwire 9.0"}`, "newer version"},
		"a JUnit file alone":      {"junit.xml", `<testsuites/>`, "junit.xml of something else"},
		"cases alone":             {"cases/1", "", "cases of something else"},
	} {
		t.Run(name, func(t *testing.T) {
			g, dir := NewWithT(t), t.TempDir()
			write(t, filepath.Join(dir, test.file), test.content)
			g.Expect(rich().WriteFolder(dir)).To(MatchError(And(ContainSubstring(test.want), ContainSubstring("--output"), ContainSubstring(dir))))
			g.Expect(files(t, dir)).To(ConsistOf(test.file))
			g.Expect(os.ReadFile(filepath.Join(dir, test.file))).To(BeEquivalentTo(test.content))
		})
	}
}

func TestFolderThatCannotBe(t *testing.T) {
	g, dir := NewWithT(t), t.TempDir()
	write(t, filepath.Join(dir, "file"), "")
	err := rich().WriteFolder(filepath.Join(dir, "file", "report"))
	g.Expect(err).To(MatchError(And(ContainSubstring("cannot write the report into"), ContainSubstring("--output"))))

	g.Expect(os.MkdirAll(filepath.Join(dir, "taken", "results.json"), 0o777)).To(Succeed())
	g.Expect(rich().WriteFolder(filepath.Join(dir, "taken"))).To(MatchError(ContainSubstring("results.json")))
}

// A forged results.json must not make Faultwire remove what lies elsewhere.
func TestForgedReportRemovesNothing(t *testing.T) {
	g, base := NewWithT(t), t.TempDir()
	dir, victim := filepath.Join(base, "report"), filepath.Join(base, "victim")
	write(t, victim, "")
	write(t, filepath.Join(dir, "mine"), "")
	write(t, filepath.Join(dir, "results.json"), `{"schema": 1, "tool": "faultwire 1", "results": [
		{"files": ["cases/../../victim", "../victim", "mine", "cases/../mine", "cases/link/victim"]}]}`)
	g.Expect(os.Mkdir(filepath.Join(dir, "cases"), 0o777)).To(Succeed())
	if err := os.Symlink(base, filepath.Join(dir, "cases", "link")); err != nil {
		t.Log("without the link:", err)
	}
	_ = sound().WriteFolder(dir) // may refuse
	g.Expect(victim).To(BeARegularFile())
	g.Expect(filepath.Join(dir, "mine")).To(BeARegularFile())
}

func TestReadJSONRefuses(t *testing.T) {
	dir := t.TempDir()
	for content, want := range map[string]string{
		"<xml/>":                                 "is not a Faultwire report",
		`[]`:                                     "is not a Faultwire report",
		`{}`:                                     `no "schema"`,
		`{"schema": 2, "tool": "faultwire 7.1"}`: "newer version, faultwire 7.1 (schema 2; this one reads up to 1): update Faultwire",
		`{"schema": 1, "tool": "faultwire 1", "results": "x"}`: "is damaged",
	} {
		file := filepath.Join(dir, "results.json")
		write(t, file, content)
		_, err := reports.ReadJSON(file)
		NewWithT(t).Expect(err).To(MatchError(And(ContainSubstring(want), ContainSubstring(file))))
	}
	_, err := reports.ReadJSON(filepath.Join(dir, "none.json"))
	NewWithT(t).Expect(err).To(MatchError(fs.ErrNotExist))
}
