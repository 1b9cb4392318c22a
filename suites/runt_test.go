package suites_test

import (
	"context"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/suites"
	"github.com/faultwire/faultwire/targets"
	"github.com/faultwire/faultwire/targets/mutants"
	"github.com/faultwire/faultwire/targets/reference"
)

func TestRunT(t *testing.T) {
	t.Run("client", func(t *testing.T) { suites.RunT(t, myClient) })
	t.Run("server", func(t *testing.T) { suites.RunT(t, myServer, "*.connect.*", "*.reassembly.*") })
}

// inner is set in the processes of their own in which TestInner fails as it should.
const inner = "RUNT_TEST_INNER"

func TestInner(t *testing.T) {
	silent := targets.Target{Name: "silent", Role: targets.ClientRole, Protocol: fixtures.EchoProtocol, Client: silence{}}
	all := mutants.All()
	mutant := all[slices.IndexFunc(all, func(m mutants.Mutant) bool { return m.Name == "client-text-mode" })].Target
	known := mutant
	known.KnownFailures = map[string]targets.Known{"tcp.reassembly.binary": {Reason: "a text-mode client, we know"}}
	undeclared := silent
	undeclared.Name, undeclared.Client = "patient", reference.Client{Protocol: fixtures.EchoProtocol}
	switch os.Getenv(inner) {
	case "":
		t.Skip("runs only as the child of another test")
	case "fails":
		suites.RunT(t, mutant, "*.reassembly.*")
	case "known":
		suites.RunT(t, known, "tcp.reassembly.binary")
	case "undeclared":
		suites.RunT(t, undeclared, "tcp.timeout.latency-above", "tcp.timeout.drip")
	case "blocked":
		suites.RunT(t, silent)
	case "not for it":
		suites.RunT(t, mutant, "tcp.disconnect.half-close")
	case "no such case":
		suites.RunT(t, mutant, "tcp.reassembly.binery")
	case "invalid":
		suites.RunT(t, targets.Target{Name: "nothing"})
	}
}

// silence is a client that does nothing and calls it a success.
type silence struct{}

func (silence) Exchange(context.Context, string, targets.Job) targets.Said {
	return targets.Said{Outcome: fixtures.OK}
}

func TestRunTTells(t *testing.T) {
	for what, expected := range map[string][]string{
		"fails": {
			"--- FAIL: TestInner/tcp.reassembly.binary", "--- PASS: TestInner/tcp.reassembly.utf8",
			"Rule ", "Promise    never lie", "Expected ", "Seen ", "Why ", "Fix ",
			`go test -run '^TestInner$/^tcp\.reassembly\.binary$'`,
		},
		"known":        {"--- SKIP: TestInner/tcp.reassembly.binary", "known failure: a text-mode client, we know", "PASS\n"},
		"undeclared":   {"--- PASS: TestInner/tcp.timeout.latency-above", "it waited as long as it took", "--- SKIP: TestInner/tcp.timeout.drip", "declares no total deadline"},
		"blocked":      {"--- FAIL: TestInner ", "the plain exchange fails", "could not be tested", "go test -run '^TestInner$'"},
		"not for it":   {"--- FAIL: TestInner ", "none of the cases asked for is for a client that speaks echo"},
		"no such case": {"--- FAIL: TestInner ", `no case matches "tcp.reassembly.binery"`},
		"invalid":      {"--- FAIL: TestInner ", "role: is missing"},
	} {
		t.Run(what, func(t *testing.T) {
			g := NewWithT(t)
			said := runInner(t, what, "^TestInner$")
			for _, words := range expected {
				g.Expect(said).To(ContainSubstring(words))
			}
			g.Expect(said).NotTo(ContainSubstring("harness error"))
			g.Expect(strings.Contains(said, "--- FAIL: ")).To(Equal(strings.HasSuffix(said, "FAIL\n")))
		})
	}
}

func TestRunTRunsWhatIsSelected(t *testing.T) {
	g := NewWithT(t)
	said := runInner(t, "fails", `^TestInner$/(size\[bytes=1\]|utf8)$`)
	g.Expect(strings.Count(said, "--- PASS: TestInner/")).To(Equal(2), said)
	g.Expect(said).To(HaveSuffix("PASS\n"))
}

// runInner runs TestInner in a process of its own and returns what it printed.
func runInner(t *testing.T, what, run string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.v", "-test.run="+run)
	cmd.Env = append(os.Environ(), inner+"="+what)
	said, err := cmd.CombinedOutput()
	if _, ended := err.(*exec.ExitError); err != nil && !ended {
		t.Fatal(err)
	}
	return string(said)
}
