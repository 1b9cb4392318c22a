package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/faultwire/faultwire/reports"
)

// report writes a report of one target, whose results have these verdicts by ID, into a folder of the name.
func report(t *testing.T, name, target string, verdicts map[string]reports.Verdict, change ...func(*reports.Run)) {
	t.Helper()
	run := &reports.Run{Tool: "faultwire 0", Catalogue: "0.1", Seed: 7, Scale: 1, Started: time.Date(2026, 11, 22, 23, 4, 5, 0, time.UTC),
		Targets: []reports.Target{{Name: target, Role: "client", Protocol: "echo", How: "./" + target}}}
	for _, id := range ids() {
		if v := verdicts[id]; v != "" {
			res := reports.Result{Target: target, Verdict: v, Case: reports.Case{ID: id, Level: "must"}, Replay: "faultwire run --run " + id}
			if v == reports.Fail {
				res.Finding = &reports.Finding{Promise: "never hang", Expected: "a timeout", Seen: "still \"waiting\",\nafter 1.6 s: " + strings.Repeat("hm ", 50)}
				res.Attachments = map[string][]byte{"stderr": []byte("said " + id)}
			}
			run.Results = append(run.Results, res)
		}
	}
	for _, c := range change {
		c(run)
	}
	NewWithT(t).Expect(run.WriteFolder(name)).To(Succeed())
}

const drip, refused, binary = "tcp.timeout.drip", "tcp.connect.refused", "tcp.reassembly.binary"

func TestReportUsage(t *testing.T) {
	inFolder(t, map[string]string{"file": "", "junk.json": "{}"})
	report(t, "one", "c", map[string]reports.Verdict{drip: reports.Fail})
	report(t, "two", "c", map[string]reports.Verdict{drip: reports.Pass})
	report(t, "shard", "c", map[string]reports.Verdict{drip: reports.Pass}, func(r *reports.Run) { r.Shard = "1/2" })
	for _, c := range []struct {
		args string
		code int
		says string
	}{
		{"report mrege", 2, "report mrege is unknown; there are report merge, report convert and report diff"},
		{"report merge", 2, "report merge what?"},
		{"report merge one", 2, "--output is missing"},
		{"report merge none --output out", 2, "cannot read the report: stat none"},
		{"report merge . --output out", 2, "cannot read the report"},
		{"report merge junk.json --output out", 2, "junk.json is not a Faultwire report"},
		{"report merge one two --output out", 2, "c tcp.timeout.drip has two verdicts, fail and pass"},
		{"report merge shard --output out", 2, "of the run of c there is no shard 2/2; with --partial"},
		{"report merge one --output file/x", 4, "cannot write the report"},
		{"report merge one --output out -v -q", 2, "exclude each other"},
		{"report convert", 2, "report convert what?"},
		{"report convert one two --output out", 2, "takes one report"},
		{"report convert one", 2, "--output is missing"},
		{"report convert one --output file/x", 4, "cannot write the report"},
		{"report diff one", 2, "takes two reports"},
		{"report diff one two --format xml", 2, `--format: "xml" is unknown; known: text, json`},
		{"report diff one two --color sometimes", 2, `--color: "sometimes" is none of`},
	} {
		t.Run(c.args, func(t *testing.T) {
			g := NewWithT(t)
			code, stdout, stderr := faultwire(t, strings.Fields(c.args)...)
			g.Expect(code).To(Equal(c.code), stderr)
			g.Expect(stderr).To(And(HavePrefix("faultwire: "), ContainSubstring(c.says)))
			if c.code == 2 {
				g.Expect(stdout).To(BeEmpty())
			}
			g.Expect("out").NotTo(BeADirectory())
		})
	}
}

func TestReportMerge(t *testing.T) {
	g := NewWithT(t)
	inFolder(t, nil)
	report(t, "one", "c", map[string]reports.Verdict{drip: reports.Fail, binary: reports.Pass})
	report(t, "two", "c", map[string]reports.Verdict{refused: reports.Pass, binary: reports.Pass})
	report(t, "three", "d", map[string]reports.Verdict{refused: reports.Pass})
	code, stdout, stderr := faultwire(t, "report", "merge", "one", "two/results.json", "three", "--output", "all")
	g.Expect(code).To(Equal(1), stderr)
	g.Expect(stdout).To(And(HavePrefix("FAIL  c  tcp.timeout.drip"), ContainSubstring("4 cases in"), ContainSubstring("3 runs"), ContainSubstring("report in all")))
	g.Expect(filepath.Join("all", "junit.xml")).To(BeARegularFile())
	g.Expect(os.ReadFile("all/cases/c/tcp.timeout.drip/stderr")).To(BeEquivalentTo("said tcp.timeout.drip"))
	run, err := reports.ReadJSON("all/results.json")
	g.Expect(err).NotTo(HaveOccurred())
	var found []string
	for _, res := range run.Results {
		found = append(found, res.Target+" "+res.Case.ID)
	}
	g.Expect(found).To(ConsistOf("c "+refused, "c "+binary, "c "+drip, "d "+refused))
	g.Expect(found[3]).To(HavePrefix("d "))

	code, stdout, _ = faultwire(t, "report", "merge", "two", "three", "--output", "good", "-q")
	g.Expect(code).To(Equal(0))
	g.Expect(strings.Count(stdout, "\n")).To(Equal(1))
}

func TestShardsOfARunMerge(t *testing.T) {
	g := NewWithT(t)
	inFolder(t, nil)
	flags := []string{"--server-address", serve(t), "--run", "tcp.reassembly.s*", "--run", refused}
	_, whole, _ := faultwire(t, append([]string{"list"}, flags...)...)
	second := func(table string) (all []string) {
		for line := range strings.Lines(table) {
			all = append(all, strings.Fields(line)[1])
		}
		return all
	}
	listed := ""
	for _, shard := range []string{"1/2", "2/2"} {
		_, part, _ := faultwire(t, append([]string{"list", "--shard", shard}, flags...)...)
		listed += part
		code, _, stderr := faultwire(t, append([]string{"run", "--shard", shard, "--output", "part-" + shard[:1]}, flags...)...)
		g.Expect(code).To(Equal(0), stderr)
		g.Expect(stderr).To(ContainSubstring("shard " + shard))
	}
	g.Expect(second(listed)).To(ConsistOf(second(whole)))
	code, stdout, stderr := faultwire(t, "report", "merge", "part-2", "part-1", "--output", "all")
	g.Expect(code).To(Equal(0), stderr)
	g.Expect(stdout).To(ContainSubstring("Conformant"))
	run, err := reports.ReadJSON("all/results.json")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(run.Results).To(HaveLen(strings.Count(whole, "\n")))
	g.Expect(run.Targets).To(ConsistOf(HaveField("Control.Verdict", reports.Pass)))
}

func TestReportConvert(t *testing.T) {
	g := NewWithT(t)
	inFolder(t, nil)
	report(t, "one", "c", map[string]reports.Verdict{drip: reports.Fail, binary: reports.Pass})
	g.Expect(os.WriteFile("one/junit.xml", []byte("by an older version"), 0o666)).To(Succeed())
	code, stdout, stderr := faultwire(t, "report", "convert", "one", "--output", "two")
	g.Expect([]any{code, stdout, stderr}).To(Equal([]any{0, "", ""}))
	for _, name := range []string{"results.json", "cases/c/tcp.timeout.drip/stderr"} {
		want, err := os.ReadFile("one/" + name)
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(os.ReadFile("two/" + name)).To(Equal(want))
	}
	g.Expect(os.ReadFile("two/junit.xml")).To(ContainSubstring("<testsuites"))
}

func TestReportDiff(t *testing.T) {
	g := NewWithT(t)
	inFolder(t, nil)
	report(t, "one", "c", map[string]reports.Verdict{drip: reports.Pass, binary: reports.Fail})
	report(t, "two", "c", map[string]reports.Verdict{drip: reports.Fail, binary: reports.Pass, refused: reports.Fail})
	code, stdout, stderr := faultwire(t, "report", "diff", "one", "two/results.json", "--color", "always")
	g.Expect(code).To(Equal(1), stderr)
	g.Expect(stdout).To(And(ContainSubstring("\x1b[31mWorse (1)"), ContainSubstring("c tcp.timeout.drip  pass → fail"), ContainSubstring("New (1)\x1b[0m\n  c tcp.connect.refused  fail")))
	code, stdout, _ = faultwire(t, "report", "diff", "two", "one", "--format", "json")
	g.Expect(code).To(Equal(1), "of the one there is one that is worse")
	var d reports.Difference
	g.Expect(json.Unmarshal([]byte(stdout), &d)).To(Succeed())
	g.Expect(d.Gone).To(HaveLen(1))
	code, stdout, _ = faultwire(t, "report", "diff", "one", "one")
	g.Expect(code).To(Equal(0))
	g.Expect(stdout).To(HaveSuffix("Nothing got worse: 0 better, 0 changed otherwise, 0 new, 0 gone, 2 as before.\n"))
}

func TestBaseline(t *testing.T) {
	g := NewWithT(t)
	inFolder(t, map[string]string{"faultwire.yaml": "targets: []\n"})
	code, _, stderr := faultwire(t, "baseline")
	g.Expect(code).To(Equal(2))
	g.Expect(stderr).To(ContainSubstring("cannot read the report: stat faultwire-report"))

	report(t, reports.DefaultFolder, "c", map[string]reports.Verdict{drip: reports.Fail, binary: reports.Pass, "tcp.timeout.stall-mid-message[at=1]": reports.Fail, refused: reports.Fail},
		func(r *reports.Run) {
			for i := range r.Results {
				if r.Results[i].Case.ID == refused {
					r.Results[i].Finding = &reports.Finding{Promise: reports.NoPromise, Seen: "it passes"}
				}
			}
			r.Targets = append(r.Targets, reports.Target{Name: "broken", Control: &reports.Result{Verdict: reports.Fail}})
		})
	code, stdout, stderr := faultwire(t, "baseline")
	g.Expect(code).To(Equal(0), stderr)
	g.Expect(strings.Split(stdout, "\n")).To(HaveExactElements(
		"# Written by faultwire baseline of faultwire-report, a run of 2026-11-22. Copy into faultwire.yaml what you accept for now.",
		"# broken did not even do the plain exchange, with no fault on the wire. That cannot be accepted.",
		"targets:", "- name: c", "  known_failures:",
		HavePrefix("    tcp.timeout.drip: {reason: \"baseline 2026-11-22: still \\\"waiting\\\", after 1.6 s: hm hm"),
		HavePrefix("    \"tcp.timeout.stall-mid-message[at=1]\": {reason: "),
		""))
	g.Expect(stdout).NotTo(ContainSubstring(refused), "it passes")

	// In its place it is what the run takes: what is known, by ID, does not fail it.
	config := strings.Replace(stdout, "- name: c\n", "- name: c\n  role: client\n  protocol: echo\n  command: [go]\n", 1)
	g.Expect(os.WriteFile("with.yaml", []byte(config), 0o666)).To(Succeed())
	code, _, stderr = faultwire(t, "list", "--config", "with.yaml")
	g.Expect(code).To(Equal(0), stderr)

	for range 2 { // its own file it may write again
		code, stdout, stderr = faultwire(t, "baseline", "--output", "known.yaml")
		g.Expect([]any{code, stdout, stderr}).To(Equal([]any{0, "", ""}))
	}
	code, _, stderr = faultwire(t, "baseline", "--output", "faultwire.yaml")
	g.Expect(code).To(Equal(2))
	g.Expect(stderr).To(ContainSubstring("faultwire.yaml is there already, and baseline did not write it"))
	g.Expect(os.ReadFile("faultwire.yaml")).To(BeEquivalentTo("targets: []\n"))
	code, _, _ = faultwire(t, "baseline", "--output", "none/known.yaml")
	g.Expect(code).To(Equal(4))

	report(t, "good", "c", map[string]reports.Verdict{drip: reports.Pass})
	code, stdout, _ = faultwire(t, "baseline", "--from", "good")
	g.Expect(code).To(Equal(0))
	g.Expect(stdout).To(HaveSuffix("# No requirement failed.\n"))
}

func TestKnownFailures(t *testing.T) {
	needs(t, "true")
	inFolder(t, map[string]string{})
	target := func(known string) string {
		return "targets:\n- name: c\n  role: server\n  protocol: echo\n  address: " + serve(t) + "\n  known_failures:\n    tcp.reassembly.split[at=512]: {reason: soon}\n    " + known + "\n"
	}
	for _, c := range []struct {
		name, known, run string
		code             int
		stdout, stderr   string
	}{
		{"a pattern of nothing", "tcp.timeot.*: {reason: x}", binary, 2, "", "faultwire: c.yaml:8: target c: known_failures.tcp.timeot.*: no case matches"},
		{"an ID of nothing", "tcp.timeout.drop: {reason: x}", binary, 2, "", "c.yaml:8: target c: known_failures.tcp.timeout.drop: no case matches; correct it, or take it out; near it: tcp.timeout."},
		{"stale", "tcp.reassembly.binary: {reason: one day}", binary, 1, "take it out of known_failures", "Testing"},
		{"a pattern that nothing fails", "tcp.**: {reason: one day}", binary, 0, "Conformant", "Testing"},
		{"expired", "tcp.reassembly.binary: {reason: one day, until: 2025-01-31}", binary, 0, "Conformant", "note: c.yaml:8: target c: known_failures.tcp.reassembly.binary: has expired on 2025-01-31 and no longer counts: one day\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := NewWithT(t)
			g.Expect(os.WriteFile("c.yaml", []byte(target(c.known)), 0o666)).To(Succeed())
			code, stdout, stderr := faultwire(t, "run", "--config", "c.yaml", "--run", c.run)
			g.Expect(code).To(Equal(c.code), stdout+stderr)
			g.Expect(stdout).To(ContainSubstring(c.stdout))
			g.Expect(stderr).To(ContainSubstring(c.stderr))
		})
	}
}
