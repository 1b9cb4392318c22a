package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/faultwire/faultwire/reports"
	"github.com/faultwire/faultwire/suites"
)

// exampleOf is the path of one of the examples' programs.
func exampleOf(t *testing.T, path string) string {
	t.Helper()
	whole, err := filepath.Abs(filepath.Join("targets", "examples", path))
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	return whole
}

// What a user does: hunt, replay, shrink, flake.
func TestABugIsHuntedShrunkAndShown(t *testing.T) {
	needs(t, "python3")
	client := "python3 " + exampleOf(t, "python/client_2_bytes.py") + " {host} {port}"
	inFolder(t, nil)
	g := NewWithT(t)
	code, stdout, stderr := faultwire(t, "hunt", "--client", client, "--seed", "1", "--schedules", "40")
	g.Expect(code).To(Equal(1), stdout+stderr)
	g.Expect(stderr).To(HavePrefix("Hunting client, 40 schedules each, seed 1\n"))
	g.Expect(stdout).To(And(ContainSubstring("never lie"), ContainSubstring("truncated at"), ContainSubstring("steady: it showed 5 of 5"),
		ContainSubstring("repro     faultwire-hunt.yaml"), MatchRegexp(`again     faultwire replay faultwire-hunt.yaml --client 'python3 .*'`),
		MatchRegexp(`Found by schedule \d+, seed 1; \d+ schedules, .*\d+ tried to make it smaller`)))

	code, stdout, _ = faultwire(t, "replay", huntFile, "--client", client, "--count", "3")
	g.Expect(code).To(Equal(1))
	g.Expect(stdout).To(ContainSubstring("client hunt: reproduced 3 of 3 (95 %: at least 44 %)"))

	code, stdout, stderr = faultwire(t, "shrink", huntFile, "--client", client, "--count", "2", "-q")
	g.Expect(code).To(Equal(1), stderr)
	g.Expect(stderr).To(BeEmpty())
	g.Expect(stdout).To(ContainSubstring("repro     faultwire-hunt.small.yaml"))
	text, err := os.ReadFile("faultwire-hunt.small.yaml")
	g.Expect(err).NotTo(HaveOccurred())
	small, err := suites.ParseRepro("small", text)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(len(small.Plan.Faults)).To(BeNumerically("<=", 1))

	code, stdout, stderr = faultwire(t, "flake", huntFile, "--client", client, "--count", "4")
	g.Expect(code).To(Equal(1), stderr)
	g.Expect(stdout).To(ContainSubstring("client hunt: reproduced 4 of 4 (95 %: at least 51 %)\n"))

	sound := "python3 " + strings.Replace(client, "client_2_bytes", "client_3_sound", 1)[len("python3 "):]
	for _, c := range []struct {
		args []string
		says string
	}{
		{[]string{"replay", huntFile, "--count", "1"}, "client hunt: reproduced 0 of 1"},
		{[]string{"flake", huntFile, "--count", "3"}, "client hunt: reproduced 0 of 3 (95 %: at most 56 %)\nThat is no proof"},
		{[]string{"shrink", huntFile, "--count", "1"}, "faultwire-hunt.yaml does not show: 0 of 1"},
	} {
		code, stdout, stderr := faultwire(t, append(c.args, "--client", sound)...)
		g.Expect(code).To(Equal(0), stderr)
		g.Expect(stdout).To(ContainSubstring(c.says), "%v", c.args)
	}
}

func TestAHuntThatFindsNothing(t *testing.T) {
	g := NewWithT(t)
	inFolder(t, nil)
	code, stdout, stderr := faultwire(t, "hunt", "--seed", "1", "--schedules", "3")
	g.Expect(code).To(Equal(0), stdout+stderr)
	g.Expect(stderr).To(ContainSubstring("Hunting Faultwire itself, 3 schedules each, seed 1"))
	g.Expect(stdout).To(MatchRegexp(`^No promise was broken: 0 of \d+ \(95 %: at most [\d.]+ %\), seed 1; \d+ schedules, [\d.]+ a second.* in [\d.]+ s\n$`))
	g.Expect(huntFile).NotTo(BeAnExistingFile())
}

func TestMistakesInHunts(t *testing.T) {
	hunted := (&suites.Repro{Case: "hunt", Target: "mine", Role: "client", Protocol: "echo", Seed: 1, Scale: 1, Promise: "never lie", Outcome: "ok",
		Exchange: &suites.Spoken{}}).YAML()
	inFolder(t, map[string]string{
		"two.yaml": twoTargets, "mine.txt": "mine", "latency.yaml": strings.Replace(fragile, "FAULT", "stall", 1),
		"cut.yaml": string(hunted[:len(hunted)-9]), "empty.yaml": strings.Replace(string(hunted), "  messages:\n", "  messages: []\n", 1),
		"command.yaml": strings.Replace(string(hunted), "version: 1", "version: 1\ncommand: [touch, ran]", 1),
		"peer.yaml":    "targets:\n- {name: p, role: peer, protocol: framed, command: [sh, '{listen_port}', '{port}'], session: true}\n",
		"newer.yaml":   strings.Replace(string(hunted), "version: 1", "version: 2", 1),
		"nobody.yaml":  strings.Replace(string(hunted), "  messages:\n", "  messages: [{size: 1}]\n", 1),
	})
	for _, c := range []struct {
		args string
		code int
		says string
	}{
		{"hunt --schedules 0", 2, "--schedules: 0 schedules are none"},
		{"hunt --for -1s", 2, "--for: in -1s nothing can be tried"},
		{"hunt --promise always", 2, `--promise: "always" is none of never hang, never lie,`},
		{"hunt --time-scale 0", 2, "--time-scale: 0 stretches nothing"},
		{"hunt -v -q", 2, "--verbose and --quiet exclude each other"},
		{"hunt x", 2, "hunt takes flags only"},
		{"hunt --config peer.yaml --schedules 1", 2, "nothing to hunt: it is a peer"},
		{"hunt --schedules 1 --output mine.txt", 2, "--output: mine.txt is there already, and is no repro"},
		{"hunt --schedules 1 --output none/x.yaml", 4, "cannot write the repro into none/x.yaml"},
		{"hunt --client ./none", 2, "none does not exist"},
		{"shrink", 2, "shrink what? Name one repro"},
		{"shrink none.yaml", 2, "none.yaml"},
		{"shrink latency.yaml --count 0", 2, "--count: 0 times is not at all"},
		{"shrink latency.yaml --shown 6", 2, "--shown: 6 is none of 1 to 5"},
		{"shrink latency.yaml --count 1 -q", 3, "latency.yaml: what tcp.timeout.latency-far-below found is not found by the five promises alone"},
		{"flake", 2, "flake what? Name one repro"},
		{"flake latency.yaml --count 0", 2, "--count: 0 times is not at all"},
		{"flake latency.yaml --width 0", 2, "--width: 0 % is no width"},
		{"flake latency.yaml --width 5 --count 5", 2, "--count and --width exclude each other"},
		{"flake latency.yaml --count 3 -q", 1, "reproduced 3 of 3 (95 %: at least 44 %)"},
		{"replay cut.yaml", 2, "cut.yaml:11: file: is cut off"},
		{"replay empty.yaml", 2, "empty.yaml:10: exchange.messages: must be a list"},
		{"replay command.yaml --client true", 2, "command.yaml:4: command: is not known here"},
		{"replay newer.yaml --client true", 2, `newer.yaml:3: version: "2" is not known; this Faultwire reads version 1`},
		{"replay nobody.yaml", 2, `nobody.yaml is about "mine", a client that speaks echo, and names no command: give it with --client`},
	} {
		code, stdout, stderr := faultwire(t, strings.Fields(c.args)...)
		g := NewWithT(t)
		g.Expect(code).To(Equal(c.code), "%s: %s%s", c.args, stdout, stderr)
		g.Expect(stdout+stderr).To(ContainSubstring(c.says), c.args)
	}
	NewWithT(t).Expect("ran").NotTo(BeAnExistingFile())
}

func TestAHuntIsInterrupted(t *testing.T) {
	g := NewWithT(t)
	inFolder(t, nil)
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	var out, err bytes.Buffer
	g.Expect(run(ctx, []string{"hunt", "--for", "10m"}, &out, &err)).To(Equal(reports.ExitInterrupted))
	g.Expect(err.String()).To(ContainSubstring("Interrupted: ending what is in flight."))

	NewWithT(t).Expect(os.WriteFile("stall.yaml", []byte(strings.Replace(fragile, "FAULT", "stall", 1)), 0o666)).To(Succeed())
	ctx, cancel = context.WithTimeout(t.Context(), 1500*time.Millisecond)
	defer cancel()
	out.Reset()
	g.Expect(run(ctx, []string{"flake", "stall.yaml", "--count", "100000"}, &out, &err)).To(Equal(reports.ExitInterrupted))
}

// Nobody reads any more what the hunt says: it goes on, and ends as it would.
func TestAHuntOutlivesItsReader(t *testing.T) {
	g := NewWithT(t)
	inFolder(t, nil)
	line := self(t, "as-faultwire", "hunt", "--schedules", "2", "--seed", "1")
	cmd := exec.Command(line[0], line[1:]...)
	errs, err := cmd.StderrPipe()
	g.Expect(err).NotTo(HaveOccurred())
	cmd.Stdout = io.Discard
	g.Expect(cmd.Start()).To(Succeed())
	g.Expect(bufio.NewReader(errs).ReadString('\n')).To(HavePrefix("Hunting"))
	g.Expect(errs.Close()).To(Succeed())
	_ = cmd.Wait()
	g.Expect(cmd.ProcessState.ExitCode()).To(Equal(0), "%v", cmd.ProcessState)
}

func TestHowOftenAFlakeIsTried(t *testing.T) {
	g := NewWithT(t)
	tried := func(f flaking, showsEvery int) (n int, said string) {
		tl := tally{repro: &suites.Repro{}}
		for more := true; more; more = f.more(tl, 0) {
			r := reports.Result{Verdict: reports.Pass}
			if showsEvery > 0 && tl.judged%showsEvery == 0 {
				r.Finding = &reports.Finding{Promise: "never lie"}
			}
			tl.count(r)
		}
		return tl.judged, tl.String()
	}
	n, said := tried(flaking{width: 10}, 1)
	g.Expect(n).To(Equal(35), said)
	n, said = tried(flaking{width: 10}, 2)
	g.Expect(n).To(Equal(381), said)
	n, said = tried(flaking{count: 1000}, 0)
	g.Expect(n).To(Equal(1000))
	g.Expect(said).To(Equal("reproduced 0 of 1000 (95 %: at most 0.38 %)"))
	n, _ = tried(flaking{width: 0.001}, 2)
	g.Expect(n).To(Equal(mostFlakes))
}

func TestWhatAFlakeCounts(t *testing.T) {
	g := NewWithT(t)
	tl := tally{repro: &suites.Repro{Promise: "never lie"}}
	found := func(promise string) reports.Result {
		return reports.Result{Verdict: reports.Fail, Finding: &reports.Finding{Promise: promise}}
	}
	for _, r := range []reports.Result{found("never lie"), found("never hang"), {Verdict: reports.Pass}, {Verdict: reports.Skip}, {Verdict: reports.Error, Retaken: 3}} {
		tl.count(r)
	}
	g.Expect(tl.String()).To(Equal("reproduced 1 of 3 (95 %: 6.1 % to 79 %); and 1 times another promise was broken; 2 more prove nothing"))
	tl.count(reports.Result{Verdict: reports.Error})
	g.Expect(tl.failed).NotTo(BeNil())
}
