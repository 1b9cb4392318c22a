package main

import (
	"os"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/faultwire/faultwire/targets"
)

func TestInitUsage(t *testing.T) {
	inFolder(t, map[string]string{"there.yaml": "mine"})
	for _, c := range []struct {
		args, says string
		code       int
	}{
		{"", "--role is missing", 2},
		{"--role client", "--command is missing", 2},
		{"--role servant --command x", `--role: unknown role "servant"`, 2},
		{"--role client --command x --protocol gopher", `--protocol: unknown protocol "gopher"`, 2},
		{"--role client --command x --protocol conversation", "copy one of targets/examples/conversation", 2},
		{"--role client --command x --idle-timeout 1s", "--idle-timeout is nothing that a client promises", 2},
		{"--role server --command x --read-timeout 1s", "--read-timeout is nothing that a server promises", 2},
		{"--role client --command x --read-timeout 1us", "--read-timeout: ", 2},
		{"--role server --command x --session", "--session: is for clients", 2},
		{"--role client --address 127.0.0.1:9", "--address: is for servers", 2},
		{"--role client --command x{prot}", "--command: ", 2},
		{"--role server --command x --address 127.0.0.1:9", "--address and --command exclude each other", 2},
		{"--role client --command x --name a/b", "--name: ", 2},
		{"--role client --command x --classify cobol", "--classify: unknown preset", 2},
		{"--role client --command x --output there.yaml", "there.yaml is there already; name another --output, or overwrite it with --force", 2},
		{"--role client --command x --output none/x.yaml", "cannot write none/x.yaml", 4},
		{"x", "init takes flags only", 2},
	} {
		t.Run(c.args, func(t *testing.T) {
			g := NewWithT(t)
			code, stdout, stderr := faultwire(t, append([]string{"init"}, strings.Fields(c.args)...)...)
			g.Expect(code).To(Equal(c.code), stderr)
			g.Expect(stderr).To(And(HavePrefix("faultwire: "), ContainSubstring(c.says)))
			g.Expect(stdout).To(BeEmpty())
			left, err := os.ReadDir(".")
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(left).To(HaveLen(1), "nothing is left behind")
		})
	}
	NewWithT(t).Expect(os.ReadFile("there.yaml")).To(BeEquivalentTo("mine"))
}

func TestWhatInitWritesIsAConfiguration(t *testing.T) {
	inFolder(t, nil)
	for _, c := range []struct {
		args, says string
		wants      func(g Gomega, mine targets.Target)
	}{
		{"--role client --command 'go {host} {port}' --read-timeout 500ms --total-timeout 2s", "Wrote faultwire.yaml.\nNext: faultwire run --quick\n",
			func(g Gomega, mine targets.Target) {
				g.Expect(mine.Name).To(Equal("my-client"))
				g.Expect(mine.Command.Args).To(Equal([]string{"go", "{host}", "{port}"}))
				g.Expect([]time.Duration{mine.Promises.Connect, mine.Promises.Read, mine.Promises.Total}).To(Equal([]time.Duration{0, 500 * time.Millisecond, 2 * time.Second}))
			}},
		{`--role client --command "sh -c 'exec \"$X\": #\\d {url}'" --protocol http --tls --classify curl --force`, "", func(g Gomega, mine targets.Target) {
			g.Expect(mine.Command.Args).To(Equal([]string{"sh", "-c", `exec "$X": #\d {url}`}))
			g.Expect(mine.TLS).To(BeTrue())
			g.Expect(mine.Command.Classify).NotTo(BeNil())
		}},
		{"--role server --command ./no-such-server --force", "Note: ", func(g Gomega, mine targets.Target) { g.Expect(mine.Role).To(Equal(targets.ServerRole)) }},
		{"--role server --address 127.0.0.1:9 --protocol framed --name its.name --force", "", func(g Gomega, mine targets.Target) {
			g.Expect([]string{mine.Name, mine.Address}).To(Equal([]string{"its.name", "127.0.0.1:9"}))
		}},
		{"--role server --protocol http --command 'go {port} {origin_url}' --read-timeout 500ms --force", "", func(g Gomega, mine targets.Target) {
			g.Expect(mine.IsGateway()).To(BeTrue())
			g.Expect(mine.Promises.Read).To(Equal(500 * time.Millisecond))
		}},
		{"--role peer --command 'go {listen_port} {port}' --force", "", func(g Gomega, mine targets.Target) { g.Expect(mine.Command.Session).To(BeTrue()) }},
		{"--role client --command 'go {addr}' --output other.yaml --session", "Next: faultwire run --config other.yaml --quick\n", nil},
	} {
		t.Run(c.args, func(t *testing.T) {
			g := NewWithT(t)
			args, err := targets.SplitCommand("init " + c.args)
			g.Expect(err).NotTo(HaveOccurred())
			code, stdout, stderr := faultwire(t, args...)
			g.Expect(code).To(Equal(0), stderr)
			g.Expect(stdout).To(ContainSubstring(c.says))
			file := "faultwire.yaml"
			if c.wants == nil {
				file, c.wants = "other.yaml", func(Gomega, targets.Target) {}
			}
			all, err := targets.Load(file)
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(all).To(HaveLen(1))
			c.wants(g, all[0])

			// What is commented out holds, too: all of it may be taken in.
			text, err := os.ReadFile(file)
			g.Expect(err).NotTo(HaveOccurred())
			whole := strings.NewReplacer("    # ", "    ", "  # timeouts", "  timeouts").Replace(string(text))
			g.Expect(os.WriteFile("whole.yaml", []byte(whole), 0o666)).To(Succeed())
			_, err = targets.Load("whole.yaml")
			g.Expect(err).NotTo(HaveOccurred(), whole)
		})
	}
}
