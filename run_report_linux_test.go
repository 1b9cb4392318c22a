package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
	"golang.org/x/sys/unix"

	"github.com/faultwire/faultwire/reports"
)

// A disk that becomes full ends a run with 4 and one line that says so. What was found is told, and no file is half there.
func TestNoRoomForTheReport(t *testing.T) {
	g := NewWithT(t)
	inFolder(t, nil)
	g.Expect(os.Mkdir("small", 0o777)).To(Succeed())
	disk, err := filepath.Abs("small")
	g.Expect(err).NotTo(HaveOccurred())
	if err := unix.Mount("tmpfs", disk, "tmpfs", 0, "size=64k"); err != nil {
		t.Skip("a small disk cannot be mounted here:", err)
	}
	defer func() { g.Expect(unix.Unmount(disk, 0)).To(Succeed()) }()
	code, stdout, stderr := faultwire(t, "run", "--server-address", serve(t), "--run", "tcp.reassembly.*", "--evidence", "all", "--output", "small/report")
	g.Expect(code).To(Equal(4), stdout)
	g.Expect(stdout).To(ContainSubstring("Conformant"))
	last := strings.Split(strings.TrimSuffix(stderr, "\n"), "\n")
	g.Expect(last).To(HaveLen(2), "what is tested, and what is wrong")
	g.Expect(last[1]).To(MatchRegexp(`^faultwire: cannot write the report into "small/report": \S+: no space left on device; name another folder with --output$`))
	run, err := reports.ReadJSON(filepath.Join("small", "report", "results.json"))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(run.Tool).To(HavePrefix("faultwire "))
	g.Expect(filepath.Join("small", "report", "SHA256SUMS")).NotTo(BeAnExistingFile(), "it says that a report is whole")
	left, err := filepath.Glob("small/report/*.tmp")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(left).To(BeEmpty())
}
