package main

import (
	"bufio"
	"bytes"
	"io"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/faultwire/faultwire/reports"
	"github.com/faultwire/faultwire/suites"
	"github.com/faultwire/faultwire/targets/reference"
)

// A logFile is a file of a CI, of which one reads while it is written.
type logFile struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logFile) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *logFile) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func TestProgressInALog(t *testing.T) {
	g := NewWithT(t)
	e, err := suites.New(suites.Options{Targets: reference.Targets(1)[:1]})
	g.Expect(err).NotTo(HaveOccurred())
	defer e.Close()
	result := func(i int, v reports.Verdict) reports.Result {
		p := e.Pairs()[i]
		return reports.Result{Target: p.Target.Name, Case: reports.Case{ID: p.Case.ID}, Verdict: v, Reason: "why", Took: 31 * time.Millisecond}
	}
	var out logFile
	p := (&options{}).newProgress(&out, e)
	g.Expect(p.every).To(Equal(10*time.Second), "at most")
	p.every = time.Millisecond
	p.count(result(0, reports.Pass))
	p.count(result(1, reports.Fail))
	p.begin()
	g.Eventually(out.String).Should(MatchRegexp(`^2 of \d+ done, 1 failing, 0 running, about \d s left\n`))
	p.end()
	said := out.String()
	g.Consistently(out.String, 20*time.Millisecond).Should(Equal(said))
	g.Expect(said).NotTo(ContainSubstring("\r"))

	var told logFile
	p = (&options{look: look{verbose: true}}).newProgress(&told, e)
	p.begin()
	p.count(result(0, reports.Fail))
	p.count(result(1, reports.Skip))
	p.end()
	first, second := e.Pairs()[0].Case.ID, e.Pairs()[1].Case.ID
	g.Expect(told.String()).To(Equal("FAIL   reference-echo-client  " + first + "  31 ms\nSKIP   reference-echo-client  " + second + "  31 ms  why\n"))
}

func TestAbout(t *testing.T) {
	g := NewWithT(t)
	for d, want := range map[time.Duration]string{
		100 * time.Millisecond: "about 1 s", 2600 * time.Millisecond: "about 3 s", 14 * time.Second: "about 15 s", 119 * time.Second: "about 120 s", 5*time.Minute + time.Second: "about 5 min",
	} {
		g.Expect(about(d)).To(Equal(want))
	}
}

func TestVerboseAndQuiet(t *testing.T) {
	g := NewWithT(t)
	inFolder(t, nil)
	flags := []string{"run", "--server-address", serve(t), "--run", "tcp.reassembly.split", "--seed", "7"}
	code, stdout, stderr := faultwire(t, append(flags, "-v")...)
	g.Expect(code).To(Equal(0), stderr)
	g.Expect(stdout).To(ContainSubstring("Conformant"))
	g.Expect(stderr).To(MatchRegexp(`(?s)^Testing server, .*: 3 cases, about 1 s, seed 7\n(PASS   server  tcp\.reassembly\.split\[at=\d+\]  \d+ ms\n){3}$`))

	code, stdout, stderr = faultwire(t, append(flags, "-q")...)
	g.Expect(code).To(Equal(0), stderr)
	g.Expect(stderr).To(BeEmpty())
	g.Expect(stdout).To(MatchRegexp(`^Conformant: .* 3 cases in .* · seed 7 · report in faultwire-report\n$`))
}

func TestColours(t *testing.T) {
	g := NewWithT(t)
	inFolder(t, nil)
	flags := []string{"run", "--server-address", serve(t), "--run", "tcp.reassembly.split[at=1]"}
	t.Setenv("NO_COLOR", "1")
	for args, want := range map[string]bool{"": false, "--color auto": false, "--color never": false, "--color always": true} {
		_, stdout, stderr := faultwire(t, append(flags, strings.Fields(args)...)...)
		g.Expect(strings.Contains(stdout, "\x1b[")).To(Equal(want), args+stdout+stderr)
	}
}

func TestMaxTimeAndQuick(t *testing.T) {
	g := NewWithT(t)
	inFolder(t, nil)
	flags := []string{"run", "--server-address", serve(t), "--run", "tcp.reassembly.**"}
	code, stdout, stderr := faultwire(t, append(flags, "--max-time", "1ns")...)
	g.Expect(code).To(Equal(3), stderr)
	g.Expect(stderr).To(ContainSubstring(", but no more begin after 1ns, seed"))
	g.Expect(stdout).To(And(ContainSubstring("  not run: --max-time\n"), ContainSubstring("did not begin in time (--max-time)."), ContainSubstring("No verdict")))
	code, stdout, stderr = faultwire(t, append(flags, "--quick")...)
	g.Expect(code).To(Equal(0), stderr)
	run, err := reports.ReadJSON(filepath.Join(reports.DefaultFolder, "results.json"))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(run.Results).To(And(ContainElement(HaveField("Case.ID", "tcp.reassembly.split[at=512]")), Not(ContainElement(HaveField("Case.ID", "tcp.reassembly.split[at=1]")))), stdout)
}

// Nobody reads any more what the run says: it goes on, and reports.
func TestARunOutlivesItsReader(t *testing.T) {
	g := NewWithT(t)
	inFolder(t, nil)
	line := self(t, "as-faultwire", "run", "-v", "--run", "tcp.reassembly.split")
	cmd := exec.Command(line[0], line[1:]...)
	errs, err := cmd.StderrPipe()
	g.Expect(err).NotTo(HaveOccurred())
	cmd.Stdout = io.Discard
	g.Expect(cmd.Start()).To(Succeed())
	g.Expect(bufio.NewReader(errs).ReadString('\n')).To(HavePrefix("Testing"))
	g.Expect(errs.Close()).To(Succeed())
	_ = cmd.Wait()
	g.Expect(cmd.ProcessState.Exited()).To(BeTrue(), "%v: no signal has ended it", cmd.ProcessState)
	run, err := reports.ReadJSON(filepath.Join(reports.DefaultFolder, "results.json"))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(run.Interrupted).To(BeFalse())
}
