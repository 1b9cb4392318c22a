package control_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/faultwire/faultwire/proxy/control"
)

// Toxiproxy's own command line, through its whole surface.
func TestPeerToxiproxyCLI(t *testing.T) {
	program := os.Getenv("FAULTWIRE_TOXIPROXY_CLI")
	if program == "" {
		t.Skip("set FAULTWIRE_TOXIPROXY_CLI to a toxiproxy-cli, or run make peers")
	}
	g := NewWithT(t)
	h := api(t, control.Options{})
	upstream := echo(t)
	cli := func(args ...string) string {
		t.Helper()
		out, err := exec.CommandContext(t.Context(), program, append([]string{"--host", h.URL}, args...)...).CombinedOutput()
		g.Expect(err).NotTo(HaveOccurred(), "%v: %s", args, out)
		return string(out)
	}
	cli("create", "-l", "127.0.0.1:0", "-u", upstream, "db")
	g.Expect(cli("list")).To(ContainSubstring("db"))
	g.Expect(cli("list")).To(ContainSubstring(upstream))
	cli("toggle", "db")
	g.Expect(cli("list")).To(ContainSubstring("disabled"))
	cli("toggle", "db")
	g.Expect(cli("toxic", "add", "-t", "latency", "-n", "slow", "-a", "latency=20", "-a", "jitter=2", "--upstream", "db")).
		To(ContainSubstring("slow"))
	cli("toxic", "update", "-n", "slow", "-a", "latency=1", "db")
	g.Expect(cli("inspect", "db")).To(And(ContainSubstring("slow"), ContainSubstring("latency=1")))
	cli("toxic", "remove", "-n", "slow", "db")
	g.Expect(cli("inspect", "db")).NotTo(ContainSubstring("slow"))
	cli("delete", "db")
	g.Expect(cli("list")).NotTo(ContainSubstring(upstream))
}

// The npm package toxiproxy-node-client, through its whole surface.
func TestPeerNodeClient(t *testing.T) {
	modules := os.Getenv("FAULTWIRE_NODE_CLIENT")
	if modules == "" {
		t.Skip("set FAULTWIRE_NODE_CLIENT to a folder where npm has installed toxiproxy-node-client, or run make peers")
	}
	h := api(t, control.Options{})
	c := exec.CommandContext(t.Context(), "node", must(filepath.Abs("testdata/drive.js")), h.URL, echo(t))
	c.Env = append(os.Environ(), "NODE_PATH="+filepath.Join(modules, "node_modules"))
	out, err := c.CombinedOutput()
	NewWithT(t).Expect(err).NotTo(HaveOccurred(), string(out))
	NewWithT(t).Expect(strings.TrimSpace(string(out))).To(Equal("ok"))
}
