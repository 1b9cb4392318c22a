//go:build unix

package targets

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/faultwire/faultwire/fixtures"
)

const full = `
targets:
- name: my-client
  version: 1.10
  role: client
  protocol: echo
  command: [python3, client.py, "{host}", "{port}", 7]
  env: {MY_SERVER: "{addr}", LEVEL: 3}
  cwd: sub
  output: none
  classify:
    preset: python
    exits: {3: timeout}
    stderr: {gave up: closed, "no (route|way)": refused}
  timeouts: {connect: 500ms, read: 500ms, write: 500ms, total: 2s}
  known_failures:
    tcp.timeout.drip: {reason: "no total deadline, #12", until: 2027-01-31}
  labels: [nightly]
- name: my-server
  role: server
  protocol: framed
  command: ./server --listen "{host}:{port}"
  start_timeout: 20s
  ready: ^listening
  start: per-case
  session: false
  timeouts: {idle: 1m}
  limits: {connections: 100, rate: 40/s}
- name: theirs
  role: server
  protocol: echo
  address: 127.0.0.1:7000
  start: never
  limits: {rate: 90/m}
`

func write(t *testing.T, text string) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "faultwire.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestLoad(t *testing.T) {
	g := NewWithT(t)
	path := write(t, full)
	dir := filepath.Dir(path)
	all, err := Load(path)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(all).To(HaveLen(3))

	c := all[0]
	g.Expect(c.Name).To(Equal("my-client"))
	g.Expect(c.Version).To(Equal("1.10"), "not the number")
	g.Expect(c.Role).To(Equal(ClientRole))
	g.Expect(c.Protocol).To(Equal(fixtures.EchoProtocol))
	g.Expect(c.Command.Args).To(Equal([]string{"python3", "client.py", "{host}", "{port}", "7"}))
	g.Expect(c.Command.Env).To(Equal(map[string]string{"MY_SERVER": "{addr}", "LEVEL": "3"}))
	g.Expect(c.Command.Dir).To(Equal(filepath.Join(dir, "sub")))
	g.Expect(c.Command.NoOutput).To(BeTrue())
	g.Expect(c.Command.Classify.outcomeOf(3, nil)).To(Equal(fixtures.Timeout))
	g.Expect(c.Command.Classify.outcomeOf(1, []byte("no way"))).To(Equal(fixtures.Refused))
	g.Expect(c.Command.Classify.outcomeOf(1, []byte("EOFError"))).To(Equal(fixtures.Closed))
	g.Expect(c.Promises).To(Equal(fixtures.Deadlines{Connect: 500 * time.Millisecond, Read: 500 * time.Millisecond,
		Write: 500 * time.Millisecond, Total: 2 * time.Second}))
	g.Expect(c.KnownFailures).To(Equal(map[string]Known{"tcp.timeout.drip": {Reason: "no total deadline, #12",
		Until: time.Date(2027, 1, 31, 0, 0, 0, 0, time.UTC), File: filepath.Join(dir, "faultwire.yaml"), Line: 17}}))
	g.Expect(c.Labels).To(Equal([]string{"nightly"}))
	g.Expect(c.How()).To(Equal("python3 client.py {host} {port} 7"))

	s := all[1]
	g.Expect(s.Command.Args).To(Equal([]string{filepath.Join(dir, "server"), "--listen", "{host}:{port}"}))
	g.Expect(s.Command.Dir).To(Equal(dir))
	g.Expect(s.Command.StartTimeout).To(Equal(20 * time.Second))
	g.Expect(s.Command.Ready.String()).To(Equal("^listening"))
	g.Expect(s.Promises.Idle).To(Equal(time.Minute))
	g.Expect(s.Limits).To(Equal(Limits{Connections: 100, Rate: 40}))

	a := all[2]
	g.Expect(a.Address).To(Equal("127.0.0.1:7000"))
	g.Expect(a.Command).To(BeNil())
	g.Expect(a.Limits.Rate).To(Equal(1.5))
	g.Expect(a.How()).To(Equal("127.0.0.1:7000"))
}

func TestLoadKnowsAnchorsAndMerges(t *testing.T) {
	g := NewWithT(t)
	all, err := Load(write(t, `
targets:
- &base
  name: one
  role: client
  protocol: echo
  command: &how [cat, "{port}"]
  timeouts: {read: 1s}
- {name: two, <<: *base, timeouts: {total: 2s}}
- {name: three, role: client, protocol: echo, command: *how}
`))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(all).To(HaveLen(3))
	g.Expect(all[1].Name).To(Equal("two"))
	g.Expect(all[1].Promises).To(Equal(fixtures.Deadlines{Total: 2 * time.Second}))
	g.Expect(all[2].Command.Args).To(Equal([]string{"cat", "{port}"}))
}

func TestLoadNamesTheMistake(t *testing.T) {
	const client = "targets:\n- name: c\n  role: client\n  protocol: echo\n"
	const server = "targets:\n- name: s\n  role: server\n  protocol: echo\n"
	const command = "  command: [cat]\n"
	for name, x := range map[string]struct {
		text string
		line int
		key  string
		says string
	}{
		"unknown key":         {client + "  comand: [cat]\n", 5, "targets[0].comand", `did you mean "command"?`},
		"unknown top key":     {"target: []\n", 1, "target", `did you mean "targets"?`},
		"unknown inner key":   {client + command + "  timeouts:\n    raed: 1s\n", 7, "targets[0].timeouts.raed", `did you mean "read"?`},
		"a key twice":         {client + command + command, 6, "targets[0].command", "twice"},
		"a bad role":          {"targets:\n- name: c\n  role: clinet\n  protocol: echo\n" + command, 3, "targets[0].role", `"clinet"; did you mean "client"?`},
		"no role":             {"targets:\n- name: c\n  protocol: echo\n" + command, 2, "targets[0].role", "is missing"},
		"a bad protocol":      {"targets:\n- name: c\n  role: client\n  protocol: gopher\n" + command, 4, "targets[0].protocol", "known: echo, framed"},
		"no protocol":         {"targets:\n- name: c\n  role: client\n" + command, 2, "targets[0].protocol", "is missing"},
		"no name":             {"targets:\n- role: client\n  protocol: echo\n" + command, 2, "targets[0].name", "is missing"},
		"a bad name":          {"targets:\n- name: a/b\n  role: client\n  protocol: echo\n" + command, 2, "targets[0].name", "a/b"},
		"a name twice":        {client + command + "- name: c\n  role: client\n  protocol: echo\n" + command, 6, "targets[1]", "in line 2"},
		"no command":          {client, 2, "targets[0].command", "is missing"},
		"nothing to reach":    {server, 2, "targets[0].command", "or the address"},
		"an empty command":    {client + "  command: []\n", 5, "targets[0].command", "is empty"},
		"a shell command":     {client + "  command: cat | sort\n", 5, "targets[0].command", "sh -c"},
		"a map as command":    {client + "  command: {cat: x}\n", 5, "targets[0].command", "not a mapping"},
		"a list in a command": {client + "  command:\n  - cat\n  - [x]\n", 7, "targets[0].command[1]", "not a list"},
		"a bad placeholder":   {client + "  command: [cat, \"{prot}\"]\n", 5, "targets[0].command", `did you mean "port"?`},
		"no timeout to tell":  {client + "  command: [cat, \"{timeout_ms}\"]\n", 5, "targets[0].command", "timeouts.read"},
		"no gateway":          {server + "  command: [s, \"{origin_port}\"]\n", 5, "targets[0].command", "{origin_port} is for gateways, which speak http"},
		"a bad environment":   {client + command + "  env:\n    A: \"{x}\"\n", 6, "targets[0].env.A", "unknown placeholder {x}"},
		"a reserved variable": {client + command + "  env: {FAULTWIRE_HOST: x}\n", 6, "targets[0].env.FAULTWIRE_HOST", "choose another"},
		"a bare duration":     {client + command + "  timeouts: {read: 500}\n", 6, "targets[0].timeouts.read", "such as 500ms"},
		"a negative duration": {client + command + "  timeouts: {read: -1s}\n", 6, "targets[0].timeouts.read", "-1s"},
		"a tiny duration":     {client + command + "  timeouts: {read: 1us}\n", 6, "targets[0].timeouts.read", "1ms"},
		"a list as timeouts":  {client + command + "  timeouts: [1s]\n", 6, "targets[0].timeouts", "not a list"},
		"an empty value":      {client + command + "  cwd:\n", 6, "targets[0].cwd", "not empty"},
		"a bad output":        {client + command + "  output: nothing\n", 6, "targets[0].output", "body"},
		"output of a server":  {server + command + "  output: none\n", 6, "targets[0].output", "is for clients"},
		"a client's start":    {client + command + "  start_timeout: 1s\n", 6, "targets[0].start_timeout", "is for servers"},
		"an unknown preset":   {client + command + "  classify: pyton\n", 6, "targets[0].classify", `did you mean "python"?`},
		"an unknown outcome":  {client + command + "  classify: {exits: {3: tiemout}}\n", 6, "targets[0].classify.exits.3", `did you mean "timeout"?`},
		"an impossible code":  {client + command + "  classify: {exits: {300: timeout}}\n", 6, "targets[0].classify.exits.300", "1 to 255"},
		"a bad pattern":       {client + command + "  classify: {stderr: {\"(\": timeout}}\n", 6, "targets[0].classify.stderr.(", "no pattern"},
		"a bad ready":         {server + command + "  ready: '['\n", 6, "targets[0].ready", "no pattern"},
		"no reason":           {client + command + "  known_failures:\n    tcp.a.b: {until: 2027-01-31}\n", 7, "targets[0].known_failures.tcp.a.b", "no reason"},
		"a bad date":          {client + command + "  known_failures:\n    tcp.a.b: {reason: x, until: soon}\n", 7, "targets[0].known_failures.tcp.a.b.until", "2027-01-31"},
		"no conversation":     {strings.Replace(server, "echo", "conversation", 1) + command, 2, "targets[0].conversation", "request and reply"},
		"a needless one":      {server + command + "  conversation: {request: a, reply: b}\n", 6, "targets[0].conversation", "correct the protocol"},
		"half of one":         {strings.Replace(server, "echo", "conversation", 1) + command + "  conversation: {request: a}\n", 6, "targets[0].conversation", "has no reply"},
		"a pattern to say":    {strings.Replace(client, "echo", "conversation", 1) + command + "  conversation: {request: a, reply_matches: b}\n", 6, "targets[0].conversation", "a pattern is not enough"},
		"a bad reply":         {strings.Replace(server, "echo", "conversation", 1) + command + "  conversation: {request: a, reply_matches: \"(\"}\n", 6, "targets[0].conversation.reply_matches", "no pattern"},
		"a server's session":  {server + command + "  session: true\n", 6, "targets[0].session", "for clients"},
		"a session's payload": {client + "  command: [./client, \"{payload}\"]\n  session: true\n", 5, "targets[0].command", "stands in each request"},
		"not a truth value":   {client + command + "  session: maybe\n", 6, "targets[0].session", "true or false"},
		"tls":                 {client + command + "  tls: maybe\n", 6, "targets[0].tls", "must be true or false"},
		"start per run":       {server + command + "  start: per-run\n", 6, "targets[0].start", "not supported"},
		"an unknown start":    {server + command + "  start: per-cse\n", 6, "targets[0].start", `did you mean "per-case"?`},
		"both":                {server + command + "  address: 127.0.0.1:1\n", 5, "targets[0].command", "together with address"},
		"a client's address":  {client + "  address: 127.0.0.1:1\n", 5, "targets[0].address", "is for servers"},
		"a bad address":       {server + "  address: '7000'\n", 5, "targets[0].address", "host:port"},
		"env of an address":   {server + "  address: 127.0.0.1:1\n  env: {A: b}\n", 6, "targets[0].env", "is for commands"},
		"a bad rate":          {server + command + "  limits: {rate: 40}\n", 6, "targets[0].limits.rate", "40/s"},
		"a bad number":        {server + command + "  limits: {connections: many}\n", 6, "targets[0].limits.connections", "many"},
		"a negative number":   {server + command + "  limits: {connections: -1}\n", 6, "targets[0].limits.connections", "negative"},
		"no list":             {"targets: {}\n", 1, "targets", "must be a list"},
		"no targets":          {"targets: []\n", 1, "", "no targets"},
		"a scalar":            {"hello\n", 1, "", "must be a mapping"},
		"nothing":             {"", 0, "", "is empty"},
		"two documents":       {full + "---\n{}\n", 0, "", "more than one"},
		"no YAML":             {"targets:\n- name: \"c\n", 2, "", "is no YAML"},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			path := write(t, x.text)
			all, err := Load(path)
			var mistake *ConfigError
			g.Expect(errors.As(err, &mistake)).To(BeTrue(), "%v, %v", all, err)
			g.Expect(mistake.File).To(Equal(path))
			g.Expect(mistake.Key).To(Equal(x.key), mistake.Error())
			g.Expect(mistake.Line).To(Equal(x.line), mistake.Error())
			g.Expect(mistake.Error()).To(ContainSubstring(x.says))
			if x.line > 0 {
				g.Expect(mistake.Error()).To(HavePrefix(fmt.Sprintf("%s:%d: %s", path, x.line, x.key)))
			}
			g.Expect(all).To(BeEmpty())
		})
	}
}

func TestLoadOfAFileThatIsNotThere(t *testing.T) {
	g := NewWithT(t)
	_, err := Load(filepath.Join(t.TempDir(), "none.yaml"))
	g.Expect(err).To(MatchError(os.ErrNotExist))
	g.Expect(err).To(MatchError(ContainSubstring("none.yaml: does not exist")))
	_, err = Load(t.TempDir())
	g.Expect(err).To(MatchError(ContainSubstring("cannot be read")))
}

func TestValidateOfATargetMadeFromFlags(t *testing.T) {
	g := NewWithT(t)
	args, err := SplitCommand("python3 client.py {host} {prot}")
	g.Expect(err).NotTo(HaveOccurred())
	target := clientOf(&Command{Args: args})
	g.Expect(target.Validate()).To(MatchError(HavePrefix("command: unknown placeholder {prot}")))
	target.Command.Args[3] = "{port}"
	g.Expect(target.Validate()).To(Succeed())
	target.Address = "127.0.0.1:1"
	g.Expect(target.Validate()).To(MatchError(ContainSubstring("together")))
}
