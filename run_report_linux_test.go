package main

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

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
	if err := unix.Mount("tmpfs", disk, "tmpfs", 0, "size=256k"); err != nil {
		t.Skip("a small disk cannot be mounted here:", err)
	}
	defer func() { g.Expect(unix.Unmount(disk, 0)).To(Succeed()) }()
	code, stdout, stderr := faultwire(t, "run", "--server-address", serve(t), "--run", "tcp.reassembly.**", "--evidence", "all", "--output", "small/report")
	g.Expect(code).To(Equal(4), stdout)
	g.Expect(stdout).To(ContainSubstring("Conformant"))
	last := strings.Split(strings.TrimSuffix(stderr, "\n"), "\n")
	g.Expect(last).To(HaveLen(2), "what is tested, and what is wrong")
	g.Expect(last[1]).To(MatchRegexp(`^faultwire: cannot write the report into "small/report": \S+: no space left on device; name another folder with --output$`))
	before := whole(t, filepath.Join("small", "report"))
	g.Expect(before.Interrupted).To(BeTrue(), "what is there is what was written before the run")
	left, err := os.ReadDir(filepath.Join("small", "report"))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(left).To(HaveLen(6), "nothing half written")

	// An earlier report stays, to the byte, though there is no room even to begin.
	code, _, stderr = faultwire(t, "run", "--server-address", serve(t), "--run", "tcp.reassembly.split", "--output", "small/other")
	g.Expect(code).To(Equal(0), stderr)
	sums, err := os.ReadFile(filepath.Join("small", "other", "SHA256SUMS"))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(fillDisk(filepath.Join("small", "ballast"))).To(MatchError(syscall.ENOSPC))
	code, stdout, stderr = faultwire(t, "run", "--server-address", serve(t), "--run", "tcp.reassembly.split", "--output", "small/other")
	g.Expect(code).To(Equal(4), stdout)
	g.Expect(stdout).To(BeEmpty())
	g.Expect(stderr).To(MatchRegexp(`^faultwire: cannot write the report into "small/other": \S+: no space left on device; name another folder with --output\n$`))
	g.Expect(whole(t, filepath.Join("small", "other")).Interrupted).To(BeFalse())
	g.Expect(os.ReadFile(filepath.Join("small", "other", "SHA256SUMS"))).To(Equal(sums))
}

// fillDisk writes a file until there is no room.
func fillDisk(name string) error {
	file, err := os.Create(name)
	if err != nil {
		return err
	}
	defer file.Close()
	for page := make([]byte, 4096); err == nil; {
		_, err = file.Write(page)
	}
	return err
}

// However often a run is interrupted, what it leaves is whole: what it has found, or what it wrote before it began.
func TestInterruptsLeaveAWholeReport(t *testing.T) {
	program := built(t)
	for _, impatient := range []bool{false, true} {
		g := NewWithT(t)
		command, out := start(t, program, "run")
		folder := filepath.Join(command.Dir, reports.DefaultFolder)
		begun := func() error { _, err := os.Stat(filepath.Join(folder, "SHA256SUMS")); return err }
		g.Eventually(begun).WithTimeout(10 * time.Second).WithPolling(time.Millisecond).Should(Succeed())
		ended := make(chan error, 1)
		g.Expect(command.Process.Signal(syscall.SIGINT)).To(Succeed())
		go func() { ended <- command.Wait() }()
		if impatient { // the first takes a moment to be heard; a second before that is the same
			g.Eventually(func() error { return command.Process.Signal(syscall.SIGINT) }).
				WithTimeout(10 * time.Second).WithPolling(time.Millisecond).Should(MatchError(os.ErrProcessDone))
		}
		g.Eventually(ended).WithTimeout(20 * time.Second).Should(Receive())
		code := command.ProcessState.ExitCode()
		if !impatient || code >= 0 { // it may have ended by itself, or by the signal
			g.Expect(code).To(Equal(reports.ExitInterrupted), out)
		}
		g.Expect(whole(t, folder).Interrupted).To(BeTrue())
	}
}

// Who interrupts twice is not kept waiting, and nothing that was started stays: not what a target has started in turn either.
func TestSecondInterruptLeavesNothing(t *testing.T) {
	program := built(t)
	g := NewWithT(t)
	stray := "27182.8182"
	strays := func() (found []string) {
		lines, _ := filepath.Glob("/proc/[0-9]*/cmdline")
		for _, line := range lines {
			if text, _ := os.ReadFile(line); string(text) == "sleep\x00"+stray+"\x00" {
				found = append(found, line)
			}
		}
		return found
	}
	command, out := start(t, program, "run", "--client", "sh -c 'trap \"\" TERM; sleep "+stray+" & wait; wait'", "--read-timeout", "500ms")
	g.Eventually(strays).WithTimeout(10 * time.Second).WithPolling(time.Millisecond).ShouldNot(BeEmpty())
	g.Expect(command.Process.Signal(syscall.SIGINT)).To(Succeed())
	ended := make(chan error, 1)
	go func() { ended <- command.Wait() }()
	g.Eventually(func() error { return command.Process.Signal(syscall.SIGINT) }).
		WithTimeout(10 * time.Second).WithPolling(time.Millisecond).Should(MatchError(os.ErrProcessDone))
	g.Eventually(ended).WithTimeout(20 * time.Second).Should(Receive())
	g.Eventually(strays).WithTimeout(10*time.Second).Should(BeEmpty(), out)
}
