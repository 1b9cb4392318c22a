//go:build linux

package suites_test

import (
	"bytes"
	"crypto/rand"
	"encoding/xml"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"unicode/utf8"

	. "github.com/onsi/gomega"

	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/reports"
	"github.com/faultwire/faultwire/suites"
	"github.com/faultwire/faultwire/targets"
)

// What a target does or prints can neither wedge the harness, nor fill its memory, nor spoil its report, nor outlive it.
func TestHostileTargets(t *testing.T) {
	for name, x := range map[string]struct {
		role   targets.Role
		script string
		exit   int
		says   string
	}{
		"forks":                {targets.ClientRole, "sleep 1000 & (setsid sleep 1000) & cat >/dev/null; exit 10", reports.ExitNonconformant, "timeout"},
		"forks as a server":    {targets.ServerRole, "sleep 1000 & (setsid sleep 1000) & sleep 1000", reports.ExitError, "was not ready"},
		"ignores SIGTERM":      {targets.ServerRole, "trap '' TERM; while :; do sleep 1; done", reports.ExitError, "was not ready"},
		"prints 1 GiB":         {targets.ClientRole, "head -c 1073741824 /dev/zero; exit 0", reports.ExitNonconformant, "success reported"},
		"prints 1 GiB of logs": {targets.ClientRole, "head -c 1073741824 /dev/zero >&2; exit 12", reports.ExitNonconformant, "an early end"},
		"prints control characters": {targets.ClientRole, `printf '\001\033[2J\033]0;x\007]]>&<!--\377\r\n\000' | tee /dev/stderr; exit 3`,
			reports.ExitNonconformant, "exit code 3"},
		"prints half a character": {targets.ClientRole, `printf '\303' | tee /dev/stderr; printf '\360\237\230' >&2; exit 10`, reports.ExitNonconformant, "timeout"},
		"closes its stdin":        {targets.ClientRole, "exec <&-; exit 0", reports.ExitNonconformant, "success reported"},
		"closes all it has":       {targets.ClientRole, "exec <&- >&- 2>&-; exit 0", reports.ExitNonconformant, "success reported"},
		"dies while starting":     {targets.ServerRole, "echo 'no such port' >&2; exit 7", reports.ExitError, "exit code 7"},
		"is killed":               {targets.ClientRole, "kill -SEGV $$", reports.ExitNonconformant, "SIGSEGV"},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			mark := "HOSTILE=" + rand.Text()
			command := &targets.Command{Args: []string{"sh", "-c", x.script}, Env: map[string]string{"HOSTILE": mark[len("HOSTILE="):]}}
			if x.role == targets.ServerRole {
				command.StartTimeout = 300e6
			}
			run := runAll(t, suites.Options{Seed: 1, Patterns: []string{"tcp.reassembly.split-anywhere[at=1]"}, Targets: []targets.Target{{
				Name: "hostile", Role: x.role, Protocol: fixtures.EchoProtocol, Command: command,
			}}})
			control := run.Targets[0].Control
			said := control.Reason
			if control.Finding != nil {
				said += control.Finding.Seen
			}
			g.Expect(run.Exit()).To(Equal(x.exit), "%+v", control)
			g.Expect(said).To(ContainSubstring(x.says))
			g.Expect(processesWith(mark)).To(BeEmpty(), "left behind")

			folder := filepath.Join(t.TempDir(), "report")
			g.Expect(run.WriteFolder(folder)).To(Succeed())
			_, err := reports.ReadJSON(filepath.Join(folder, "results.json"))
			g.Expect(err).NotTo(HaveOccurred())
			junit, err := os.ReadFile(filepath.Join(folder, "junit.xml"))
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(utf8.Valid(junit)).To(BeTrue())
			g.Expect(len(junit)).To(BeNumerically("<", 1<<20))
			for d := xml.NewDecoder(bytes.NewReader(junit)); err != io.EOF; {
				_, err = d.Token() // it refuses control characters, too
				g.Expect(err).To(Or(BeNil(), Equal(io.EOF)))
			}
			var terminal bytes.Buffer
			g.Expect(run.WriteSummary(&terminal, reports.Look{})).To(Succeed())
			g.Expect(terminal.String()).NotTo(ContainSubstring("\x1b"))
			runtime.GC()
			var memory runtime.MemStats
			runtime.ReadMemStats(&memory)
			g.Expect(memory.HeapAlloc).To(BeNumerically("<", 256<<20))
		})
	}
}

// processesWith are the processes that have the variable in their environment.
func processesWith(variable string) (found []string) {
	environs, _ := filepath.Glob("/proc/[0-9]*/environ")
	for _, path := range environs {
		if text, err := os.ReadFile(path); err == nil && bytes.Contains(text, []byte(variable)) {
			found = append(found, path)
		}
	}
	return found
}
