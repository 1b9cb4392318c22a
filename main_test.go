package main

import (
	"bytes"
	"context"
	"encoding/xml"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/reports"
	"github.com/faultwire/faultwire/targets/reference"
)

// faultwire runs the command in the working folder and returns how it ended.
func faultwire(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, err bytes.Buffer
	code = run(t.Context(), args, &out, &err)
	return code, out.String(), err.String()
}

// inFolder moves the test into an empty folder with these files.
func inFolder(t *testing.T, files map[string]string) {
	t.Helper()
	t.Chdir(t.TempDir())
	for name, content := range files {
		NewWithT(t).Expect(os.WriteFile(name, []byte(content), 0o666)).To(Succeed())
	}
}

func needs(t *testing.T, programs ...string) {
	t.Helper()
	for _, p := range programs {
		if _, err := exec.LookPath(p); err != nil {
			t.Skip(err)
		}
	}
}

const twoTargets = `targets:
- name: one
  role: server
  protocol: echo
  address: 127.0.0.1:9
- name: two
  role: client
  protocol: framed
  command: [faultwire-test-no-such-program, "{host}", "{port}"]
`

func TestUsageAndConfiguration(t *testing.T) {
	inFolder(t, map[string]string{
		"two.yaml":     twoTargets,
		"unknown.yaml": "targets:\n- name: x\n  rolle: client\n",
		"file":         "",
	})
	for _, c := range []struct {
		args string
		code int
		says string // on stderr
	}{
		{"rum", 2, `unknown command "rum"; did you mean run?`},
		{"run client.py", 2, "a command goes in quotes"},
		{"run --sed 1", 2, "unknown flag: --sed; see faultwire run --help"},
		{"run --read-timeout 500", 2, `invalid argument "500" for "--read-timeout"`},
		{"run --run tcp.timeout.dripp", 2, `no case matches "tcp.timeout.dripp"`},
		{"list --run no.such.case", 2, "no case matches"},
		{"run --time-scale 0", 2, "--time-scale: 0 stretches nothing"},
		{"run --time-scale NaN", 2, "--time-scale"},
		{"run --target mine", 2, `no target is called "mine"; there are: reference-echo-client`},
		{"run --protocol framed", 2, "--protocol belongs to a target"},
		{"run --client x --config two.yaml", 2, "--client and --config exclude each other"},
		{"run --server x --server-address 127.0.0.1:9", 2, "exclude each other"},
		{"run --client x --server y --name z", 2, "--name is for one target"},
		{"run --client x --idle-timeout 1s", 2, "--idle-timeout is for a server"},
		{"run --server x --read-timeout 1s", 2, "--read-timeout is for a client"},
		{"run --server-address 127.0.0.1:9 --classify curl", 2, "--classify is for a client"},
		{"run --client faultwire-test-no-such-program", 2, `--client: the program "faultwire-test-no-such-program" is not in PATH`},
		{"run --client ./no-such-program", 2, "no-such-program does not exist; build it first"},
		{"run --client {port}", 2, "--client: the program itself cannot be a placeholder"},
		{"run --client go --classify cobol", 2, `--classify: unknown preset "cobol"; known: curl`},
		{"run --client go --protocol gopher", 2, "--protocol: unknown protocol"},
		{"run --client go --read-timeout 1us", 2, "--read-timeout: 1µs is too short"},
		{"run --client go --name a/b", 2, "--name: "},
		{"run --server-address 7000", 2, "--server-address: "},
		{"run --config none.yaml", 2, "none.yaml: does not exist"},
		{"run --config unknown.yaml", 2, `unknown.yaml:3: targets[0].rolle: unknown key; did you mean "role"?`},
		{"list --config two.yaml", 2, "two.yaml: target two: command: the program"},
		{"list --config two.yaml --target one", 0, ""},
		{"run --require-target", 3, "no target is given"},
		{"list --require-target", 3, "no target is given"},
		{"run --output file/below", 4, `cannot write the report into "file/below"`},
		{"run --shard 9/8", 2, `"9/8" is no shard; write which, and of how many, such as 2/8; see faultwire run --help`},
		{"run --quick --full", 2, "--quick and --full exclude each other"},
		{"run --max-time 0s", 2, "--max-time: in 0s nothing can be run"},
		{"run -v -q", 2, "--verbose and --quiet exclude each other"},
		{"run --color red", 2, `--color: "red" is none of auto, always and never`},
		{"doctor me", 2, "doctor takes flags only"},
		{"baseline x", 2, "baseline takes flags only"},
		{"explain", 2, "explain what?"},
		{"explain tcp.timeout.nothing", 2, "tcp.timeout.black-hole"},
		{"--help", 0, ""},
		{"version", 0, ""},
		{"completion bash", 0, ""},
	} {
		t.Run(c.args, func(t *testing.T) {
			g := NewWithT(t)
			code, stdout, stderr := faultwire(t, strings.Fields(c.args)...)
			g.Expect(code).To(Equal(c.code), stderr)
			if c.says != "" {
				g.Expect(stderr).To(And(HavePrefix("faultwire: "), ContainSubstring(c.says)))
				g.Expect(stdout).To(BeEmpty(), "errors belong on stderr")
			}
			g.Expect(reports.DefaultFolder).NotTo(BeADirectory(), "nothing ran, so nothing is reported")
		})
	}
}

func TestListNamesWhatRunReports(t *testing.T) {
	g := NewWithT(t)
	inFolder(t, nil)
	flags := []string{"--run", "tcp.connect.ref*", "--run", "tcp.reassembly.split", "--seed", "7"}
	code, listed, stderr := faultwire(t, append([]string{"list"}, flags...)...)
	g.Expect(code).To(Equal(0), stderr)

	code, stdout, stderr := faultwire(t, append([]string{"run"}, flags...)...)
	g.Expect(code).To(Equal(0), stdout+stderr)
	g.Expect(stdout).To(HavePrefix("No target given: Faultwire tested itself"))
	g.Expect(stderr).To(ContainSubstring("seed 7"))

	report, err := reports.ReadJSON(filepath.Join(reports.DefaultFolder, "results.json"))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(report.SelfTest).To(BeTrue())
	g.Expect(report.Interrupted).To(BeFalse())
	g.Expect(report.Seed).To(BeEquivalentTo(7))
	g.Expect(report.Command).To(Equal(append([]string{"faultwire", "run"}, flags...)))
	var ran []string
	for _, r := range report.Results {
		ran = append(ran, r.Target+" "+r.Case.ID)
	}
	var named []string
	for line := range strings.Lines(listed) {
		f := strings.Fields(line)
		named = append(named, f[0]+" "+f[1])
	}
	g.Expect(named).To(Equal(ran))

	text, err := os.ReadFile(filepath.Join(reports.DefaultFolder, "junit.xml"))
	g.Expect(err).NotTo(HaveOccurred())
	var junit struct {
		Cases []struct{} `xml:"testsuite>testcase"`
	}
	g.Expect(xml.Unmarshal(text, &junit)).To(Succeed())
	g.Expect(junit.Cases).To(HaveLen(len(named)))
}

func TestExitCodesOfARun(t *testing.T) {
	needs(t, "true", "false", "sh")
	inFolder(t, nil)
	sound := serve(t)
	for _, c := range []struct {
		name string
		args []string
		code int
		says string // on stdout
	}{
		{"sound", []string{"--server-address", sound}, 0, "Conformant"},
		{"a failed control", []string{"--client", "true {host} {port}"}, 1, "BLOCKED  client"},
		{"a server that never listens", []string{"--server", "false {port}"}, 4, "Incomplete"},
		{"error before failure", []string{"--client", "true", "--server", "false"}, 4, "BLOCKED  client"},
		{"no case for the target", []string{"--server-address", sound, "--run", "tcp.connect.refused"}, 3, "No verdict"},
		{"no report", []string{"--client", "sh -c 'rm -rf faultwire-report; touch faultwire-report'"}, 4, "BLOCKED  client"},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := NewWithT(t)
			defer os.RemoveAll(reports.DefaultFolder)
			args := append([]string{"run"}, c.args...)
			if c.code != 3 {
				args = append(args, "--run", "tcp.reassembly.split")
			}
			code, stdout, stderr := faultwire(t, args...)
			g.Expect(code).To(Equal(c.code), stdout+stderr)
			g.Expect(stdout).To(ContainSubstring(c.says))
			if c.name == "no report" {
				g.Expect(stderr).To(ContainSubstring("cannot write the report"))
			} else {
				g.Expect(filepath.Join(reports.DefaultFolder, "junit.xml")).To(BeARegularFile())
			}
		})
	}
}

// serve runs a sound echo server for the test and returns its address.
func serve(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = reference.Server{Protocol: fixtures.EchoProtocol}.Serve(ctx, l)
	}()
	t.Cleanup(func() { stop(); <-ended })
	return l.Addr().String()
}

func TestAnInterruptedRunReports(t *testing.T) {
	g := NewWithT(t)
	inFolder(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var out, err bytes.Buffer
	g.Expect(run(ctx, []string{"run", "--run", "tcp.timeout.**"}, &out, &err)).To(Equal(reports.ExitInterrupted))
	g.Expect(out.String()).To(ContainSubstring("Interrupted"))
	report, e := reports.ReadJSON(filepath.Join(reports.DefaultFolder, "results.json"))
	g.Expect(e).NotTo(HaveOccurred())
	g.Expect(report.Interrupted).To(BeTrue())
	g.Expect(report.Results).NotTo(BeEmpty())
}

func TestTheConfigurationInTheFolderIsFound(t *testing.T) {
	g := NewWithT(t)
	inFolder(t, map[string]string{"faultwire.yaml": strings.ReplaceAll(twoTargets, "faultwire-test-no-such-program", "go")})
	code, stdout, stderr := faultwire(t, "list", "--run", "tcp.reassembly.binary")
	g.Expect(code).To(Equal(0), stderr)
	g.Expect(strings.Fields(stdout)).To(ContainElements("one", "two"))
	_, stdout, _ = faultwire(t, "list", "--run", "tcp.reassembly.binary", "--target", "two")
	g.Expect(stdout).To(And(HavePrefix("two "), Not(ContainSubstring("one"))))
	_, stdout, _ = faultwire(t, "list", "--run", "tcp.reassembly.binary", "--server-address", "127.0.0.1:9")
	g.Expect(stdout).To(HavePrefix("server "), "flags come before the configuration")
}
