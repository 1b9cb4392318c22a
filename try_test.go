package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/faultwire/faultwire/proxy"
)

// The test's binary is also the command faultwire, where signals must go to a process, and a client.
func init() {
	if len(os.Args) < 2 {
		return
	}
	switch os.Args[1] {
	case "as-faultwire":
		os.Exit(run(context.Background(), os.Args[2:], os.Stdout, os.Stderr))
	case "as-client": // ADDRESS TEXT, any number of times: one echo after the other, each on a connection of its own
		for at := 2; at+1 < len(os.Args); at += 2 {
			if err := echo(os.Args[at], os.Args[at+1]); err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(9)
			}
		}
		os.Exit(0)
	case "as-holder": // ADDRESS: an open connection, for ever
		c, err := net.Dial("tcp", os.Args[2])
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(9)
		}
		fmt.Println("ready")
		_, _ = c.Read(make([]byte, 1))
		os.Exit(9)
	}
}

func echo(addr, text string) error {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		return err
	}
	defer c.Close()
	if _, err := io.WriteString(c, text); err != nil {
		return err
	}
	_, err = io.ReadFull(c, make([]byte, len(text)))
	return err
}

// self is the line of a command that this binary plays.
func self(t *testing.T, words ...string) []string {
	t.Helper()
	path, err := os.Executable()
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	return append([]string{path}, words...)
}

// tried is the report of the last try.
func tried(t *testing.T) (r tryReport) {
	t.Helper()
	g := NewWithT(t)
	text, err := os.ReadFile(filepath.Join("faultwire-try", tryFile))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(json.Unmarshal(text, &r)).To(Succeed())
	return r
}

// lines are the objects of a JSON-lines file of the last try.
func lines[T any](t *testing.T, name string) (all []T) {
	t.Helper()
	g := NewWithT(t)
	file, err := os.Open(filepath.Join("faultwire-try", name))
	g.Expect(err).NotTo(HaveOccurred())
	defer file.Close()
	for in := bufio.NewScanner(file); in.Scan(); {
		var one T
		g.Expect(json.Unmarshal(in.Bytes(), &one)).To(Succeed())
		all = append(all, one)
	}
	return all
}

func TestTryUsage(t *testing.T) {
	needs(t, "true")
	const up = "--upstream db=127.0.0.1:9 "
	inFolder(t, map[string]string{
		"typo.yaml":   "faults:\n- {type: stall}\n- type: reset_peer\n  triger: {byte: 1}\n",
		"type.yaml":   "faults:\n- type: stahl\n",
		"good.yaml":   "faults: []",
		"target.yaml": "faults:\n- {type: stall, stream: towards_target}\n",
		"script":      "#!/nowhere/at-all\n",
	})
	NewWithT(t).Expect(os.MkdirAll("other/db/plan.json", 0o777)).To(Succeed())
	NewWithT(t).Expect(os.Chmod("script", 0o755)).To(Succeed())
	for _, c := range []struct {
		args string
		code int
		says string
	}{
		{"try", 2, "try what? The command goes behind --"},
		{"try -- true", 2, "--upstream: none is given"},
		{"try --upstream db -- true", 2, "is no HOST:PORT"},
		{"try --upstream db=127.0.0.1 -- true", 2, "missing port"},
		{"try --upstream db=:5432 -- true", 2, "the host is missing"},
		{"try --upstream db=h:0 -- true", 2, "port 0"},
		{"try --upstream db=h:99999 -- true", 2, "99999"},
		{"try --upstream ../x=127.0.0.1:9 -- true", 2, `"../x=127.0.0.1:9" is no NAME=HOST:PORT`},
		{"try --upstream Db=127.0.0.1:9 -- true", 2, "lower-case"},
		{"try " + up + up + "-- true", 2, `"db" is given twice`},
		{"try --upstream a-b=h:1 --upstream a_b=h:1 -- true", 2, `"a-b" and "a_b" would share the variable FAULTWIRE_A_B_ADDR`},
		{"try " + up + "--env X -- true", 2, `--env: "X" is no NAME=VALUE`},
		{"try " + up + "--env X={bd} -- true", 2, "X: unknown placeholder {bd}; known: {db} {db.host} {db.port}; the text itself is written {{bd}}"},
		{"try " + up + "--plan none.yaml -- true", 2, "none.yaml"},
		{"try " + up + "--plan typo.yaml -- true", 2, "typo.yaml:4: faults[1].triger: unknown key"},
		{"try " + up + "--plan db=type.yaml -- true", 2, "type.yaml:2: faults[0].type: unknown type"},
		{"try " + up + "--plan target.yaml -- true", 2, "target.yaml:2: "},
		{"try " + up + "--plan good.yaml --plan db=good.yaml -- true", 2, "db has one already"},
		{"try " + up + "--upstream q=h:1 --plan good.yaml -- true", 2, `"good.yaml" is for which upstream? Write NAME=FILE with one of db, q`},
		{"try " + up + "--timeout -1s -- true", 2, "--timeout: -1s is negative"},
		{"try " + up + "-- faultwire-test-no-such-program", 127, "is not in PATH"},
		{"try " + up + "-- ./none", 127, "does not exist"},
		{"try " + up + "-- ./good.yaml", 126, "may not be executed"},
		{"try " + up + "--output good.yaml/x -- true", 4, `cannot write the report into "good.yaml/x"`},
		{"try " + up + "--output other -- true", 4, "it holds db/plan.json of something else"},
	} {
		t.Run(c.args, func(t *testing.T) {
			g := NewWithT(t)
			code, stdout, stderr := faultwire(t, strings.Fields(c.args)...)
			g.Expect(code).To(Equal(c.code), stderr)
			g.Expect(stderr).To(And(HavePrefix("faultwire: "), ContainSubstring(c.says)))
			g.Expect(stdout).To(BeEmpty())
			g.Expect("faultwire-try").NotTo(BeADirectory(), "nothing ran, so nothing is reported")
		})
	}
	t.Run("a script without its interpreter", func(t *testing.T) {
		code, _, stderr := faultwire(t, strings.Fields("try "+up+"-- ./script")...)
		NewWithT(t).Expect(code).To(Equal(127), stderr)
	})
}

func TestTryReturnsTheCommandsExitCode(t *testing.T) {
	needs(t, "sh")
	inFolder(t, nil)
	for script, want := range map[string]int{"exit 0": 0, "exit 3": 3, "exit 130": 130, "kill -KILL $$": 137, "kill -TERM $$": 143} {
		g := NewWithT(t)
		code, stdout, stderr := faultwire(t, "try", "--upstream", "db=127.0.0.1:9", "--", "sh", "-c", "echo out; echo err >&2; "+script)
		g.Expect(code).To(Equal(want), script)
		g.Expect(stdout).To(Equal("out\n"))
		g.Expect(stderr).To(HavePrefix("err\nfaultwire try: the command "))
		g.Expect(tried(t).Exit).To(Equal(want))
	}
}

func TestTryFillsPlaceholders(t *testing.T) {
	needs(t, "sh")
	inFolder(t, nil)
	g := NewWithT(t)
	code, stdout, stderr := faultwire(t, "try", "--upstream", "my-db=127.0.0.1:9", "--upstream", "b=127.0.0.1:9",
		"--env", `URL={"u":"pg://{my-db}/{{x}}"}`, "--env", "SEED=", "--", "sh", "-c",
		`echo "$URL {my-db.host}:{my-db.port} $FAULTWIRE_MY_DB_ADDR $FAULTWIRE_MY_DB_HOST:$FAULTWIRE_MY_DB_PORT"
		echo '{b} {{b}} {c} {{.Name}} {"a":{}}' ${SEED:+set}`)
	g.Expect(code).To(Equal(0), stderr)
	r := tried(t)
	a, b := r.Upstreams[0].Wire, r.Upstreams[1].Wire
	g.Expect(stdout).To(Equal(fmt.Sprintf("{\"u\":\"pg://%[1]s/{x}\"} %[1]s %[1]s %[1]s\n%[2]s {b} {c} {{.Name}} {\"a\":{}}\n", a, b)))
}

func TestTryTellsWhatFired(t *testing.T) {
	g := NewWithT(t)
	inFolder(t, map[string]string{"plan.yaml": `seed: 7
faults:
- {type: reset_peer, connection: 2, trigger: {byte: 5}}
- {name: never, type: stall, connection: 3}
- {name: further, type: close, stream: upstream, trigger: {byte: 512}}
`})
	args := []string{"try", "--upstream", "db=" + serve(t), "--plan", "plan.yaml", "--seed", "9", "--"}
	code, _, stderr := faultwire(t, append(args, self(t, "as-client", "{db}", "hello", "{db}", "hello, again")...)...)
	g.Expect(code).To(Equal(9), stderr)
	g.Expect(stderr).To(And(
		ContainSubstring("fired        reset_peer_downstream: connection 2, downstream, after 5 bytes, at "),
		ContainSubstring("NEVER FIRED  never: it strikes the 3rd connection, and there were only 2"),
		ContainSubstring("NEVER FIRED  further: only 12 of 512 bytes went upstream on 2 connections; reset_peer_downstream had struck connection 2"),
		Not(ContainSubstring("BYPASSED"))))

	r := tried(t)
	g.Expect(r.Interrupted).To(BeFalse())
	up := r.Upstreams[0]
	g.Expect(up.Connections).To(Equal(2))
	g.Expect([]int64{up.BytesUp, up.BytesDown}).To(Equal([]int64{17, 10}))
	g.Expect(up.NeverFired).To(HaveLen(2))
	g.Expect(r.Files).To(ConsistOf("db/plan.json", "db/trace.jsonl", "db/events.jsonl"))

	text, err := os.ReadFile("faultwire-try/db/plan.json")
	g.Expect(err).NotTo(HaveOccurred())
	plan, err := proxy.ParsePlan("plan.json", text)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(plan).To(Equal(up.Plan))
	g.Expect(plan.Seed).To(BeEquivalentTo(9))

	g.Expect(lines[proxy.Notice](t, "db/events.jsonl")).To(ContainElement(And(HaveField("What", "fired"),
		HaveField("Fault", "reset_peer_downstream"), HaveField("Conn", 2), HaveField("Offset", BeEquivalentTo(5)))))
	type event struct {
		Conn int
		proxy.Event
	}
	g.Expect(lines[event](t, "db/trace.jsonl")).To(ContainElement(And(HaveField("Conn", 2), HaveField("What", "fault"))))

	left, err := filepath.Glob("faultwire-try/*/*.tmp")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(left).To(BeEmpty())
}

func TestTryStrictWantsEveryFaultToFire(t *testing.T) {
	needs(t, "true")
	inFolder(t, map[string]string{"plan.yaml": "faults: [{type: latency, attributes: {latency: 1}}]"})
	g := NewWithT(t)
	args := []string{"try", "--upstream", "db=" + serve(t), "--plan", "plan.yaml"}
	code, _, stderr := faultwire(t, append(args, "--", "true")...)
	g.Expect(code).To(Equal(0))
	g.Expect(stderr).To(ContainSubstring("NEVER FIRED  latency_downstream: no connection came through the wire"))
	code, _, stderr = faultwire(t, append(args, "--strict", "--", "true")...)
	g.Expect(code).To(Equal(3))
	g.Expect(stderr).To(ContainSubstring("faultwire: --strict: "))
	code, _, stderr = faultwire(t, append(append(args, "--strict", "--"), self(t, "as-client", "{db}", "hello")...)...)
	g.Expect(code).To(Equal(0), stderr)
}

func TestWhyAFaultNeverFired(t *testing.T) {
	conn := func(n int, up, down int64) proxy.ConnTrace {
		return proxy.ConnTrace{N: n, Upstream: proxy.FlowTrace{Out: up}, Downstream: proxy.FlowTrace{Out: down}}
	}
	dead := proxy.ConnTrace{N: 1, DialError: "connection refused"}
	for _, c := range []struct {
		fault proxy.Fault
		conns []proxy.ConnTrace
		why   string
	}{
		{proxy.Stall(), nil, "no connection came through the wire"},
		{proxy.Stall().OnConnection(12), []proxy.ConnTrace{conn(1, 9, 9)}, "it strikes the 12th connection, and there was only 1"},
		{proxy.Stall().After(512), []proxy.ConnTrace{conn(1, 9, 100), conn(2, 9, 312)}, "only 312 of 512 bytes went downstream on 2 connections"},
		{proxy.LimitData(20).On(proxy.Upstream), []proxy.ConnTrace{conn(1, 9, 100)}, "only 9 of 20 bytes went upstream on 1 connection"},
		{proxy.ResetPeer().OnceSent(10), []proxy.ConnTrace{conn(1, 9, 100)}, "only 9 of 10 bytes went upstream on 1 connection"},
		{proxy.Stall(), []proxy.ConnTrace{conn(1, 9, 0)}, "nothing went downstream on 1 connection"},
		{proxy.Stall(), []proxy.ConnTrace{dead}, "the upstream could not be reached: connection refused"},
		{proxy.Stall().OnMatch("x"), []proxy.ConnTrace{conn(1, 9, 1)}, "its match did not come, or not enough behind it: 1 byte went downstream on 1 connection"},
		{proxy.Stall().At(time.Second), []proxy.ConnTrace{conn(1, 9, 1)}, "its time, 1000 ms, did not come before the end on 1 connection"},
		{proxy.Fault{Type: "stall", Stream: proxy.Downstream, Toxicity: 0.5}, []proxy.ConnTrace{conn(1, 9, 1)}, "its toxicity of 0.5 spared 1 connection with seed 4"},
		{proxy.Fault{Type: "stall", Stream: proxy.Downstream}, []proxy.ConnTrace{conn(1, 9, 1)}, "its toxicity is 0"},
		{proxy.SlowClose(time.Second), []proxy.ConnTrace{conn(1, 9, 1), conn(2, 0, 5)}, "2 connections gave it no occasion; at most 5 bytes went downstream"},
	} {
		NewWithT(t).Expect(whyNeverFired(c.fault, 4, proxy.Trace{Conns: c.conns})).To(Equal(c.why))
	}
}

func TestTryEndsWhatTakesTooLong(t *testing.T) {
	needs(t, "sh", "sleep")
	inFolder(t, nil)
	g := NewWithT(t)
	code, _, stderr := faultwire(t, "try", "--upstream", "db=127.0.0.1:9", "--timeout", "50ms", "--", "sleep", "1000")
	g.Expect(code).To(Equal(124), stderr)
	g.Expect(stderr).To(ContainSubstring("the command was ended by --timeout, exit 124"))
	g.Expect(tried(t).TimedOut).To(BeTrue())
}

func TestTryPassesSignalsOn(t *testing.T) {
	needs(t, "sh", "sleep")
	for _, c := range []struct {
		name   string
		signal syscall.Signal
		script string
		code   int
	}{
		{"the command looks after it", syscall.SIGTERM, "trap 'echo caught; exit 42' TERM; echo ready; while :; do sleep 0.01; done", 42},
		{"an interrupt", syscall.SIGINT, "trap 'echo caught; exit 43' INT; echo ready; while :; do sleep 0.01; done", 43},
		{"it does not", syscall.SIGTERM, "echo ready; exec sleep 1000", 143},
		{"it will not", syscall.SIGTERM, "trap : TERM; echo ready; while :; do sleep 0.01; done", 137},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := NewWithT(t)
			inFolder(t, nil)
			line := append(self(t, "as-faultwire", "try", "--upstream", "db=127.0.0.1:9", "--"), "sh", "-c", c.script)
			cmd := exec.Command(line[0], line[1:]...)
			out, err := cmd.StdoutPipe()
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(cmd.Start()).To(Succeed())
			in := bufio.NewReader(out)
			g.Expect(in.ReadString('\n')).To(Equal("ready\n"))
			g.Expect(tried(t).Interrupted).To(BeTrue(), "until it has ended")
			g.Expect(cmd.Process.Signal(c.signal)).To(Succeed())
			rest, err := io.ReadAll(in)
			g.Expect(err).NotTo(HaveOccurred())
			cmd.Wait()
			g.Expect(cmd.ProcessState.ExitCode()).To(Equal(c.code))
			if c.code < 128 {
				g.Expect(string(rest)).To(Equal("caught\n"))
			}
			g.Expect(tried(t).Interrupted).To(BeFalse())
			g.Expect(tried(t).Exit).To(Equal(c.code))
		})
	}
}

func TestATryThatWasInterruptedBeforeDoesNotBegin(t *testing.T) {
	needs(t, "touch")
	g := NewWithT(t)
	inFolder(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	g.Expect(run(ctx, []string{"try", "--upstream", "db=127.0.0.1:9", "--", "touch", "begun"}, io.Discard, io.Discard)).To(Equal(130))
	g.Expect("begun").NotTo(BeAnExistingFile())
}

func TestATryReplacesAnOlderOnesFiles(t *testing.T) {
	needs(t, "true")
	g := NewWithT(t)
	inFolder(t, nil)
	for _, name := range []string{"old", "new"} {
		code, _, stderr := faultwire(t, "try", "--upstream", name+"=127.0.0.1:9", "--", "true")
		g.Expect(code).To(Equal(0), stderr)
	}
	g.Expect("faultwire-try/old").NotTo(BeADirectory())
	g.Expect("faultwire-try/new/plan.json").To(BeARegularFile())

	g.Expect(os.WriteFile("faultwire-try/try.json", []byte(`{"tool":"another"}`), 0o666)).To(Succeed())
	code, _, stderr := faultwire(t, "try", "--upstream", "new=127.0.0.1:9", "--", "true")
	g.Expect(code).To(Equal(4))
	g.Expect(stderr).To(ContainSubstring("its try.json is not a try's"))
}
