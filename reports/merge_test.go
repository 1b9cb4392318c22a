package reports_test

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/faultwire/faultwire/reports"
)

// shards are a run in three parts, each with every third of its results, and with a seed of its own.
func shards() (all []*reports.Run) {
	for n := range 3 {
		part := rich()
		part.Shard, part.Seed = []string{"1/3", "2/3", "3/3"}[n], uint64(n+1)
		part.Started = part.Started.Add(time.Duration(n) * time.Second)
		part.Results = nil
		for i, res := range rich().Results {
			if i%3 == n {
				part.Results = append(part.Results, res)
			}
		}
		all = append(all, part)
	}
	return all
}

// order is the catalogue's: that of rich.
func order() (ids []string) {
	for _, res := range rich().Results {
		ids = append(ids, res.Case.ID)
	}
	return ids
}

func pairs(r *reports.Run) (all []string) {
	for _, res := range r.Results {
		all = append(all, res.Target+" "+res.Case.ID+" "+string(res.Verdict))
	}
	return all
}

func TestMergeShards(t *testing.T) {
	g := NewWithT(t)
	parts := shards()
	merged, err := reports.Merge([]*reports.Run{parts[2], parts[0], parts[1]}, order(), false)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(pairs(merged)).To(Equal(pairs(rich())), "by target, then in the catalogue's order")
	g.Expect(merged.Exit()).To(Equal(rich().Exit()))
	g.Expect(merged.Targets).To(HaveLen(2))
	g.Expect(merged.Host).To(Equal(rich().Host), "all have the same")
	g.Expect(merged.Tool).To(Equal(rich().Tool))
	g.Expect(merged.Interrupted).To(BeFalse())
	g.Expect(merged.Parts).To(HaveLen(3))
	g.Expect(merged.Started).To(Equal(rich().Started))
	g.Expect(merged.Took).To(Equal(rich().Took+2*time.Second), "they overlap, all but for a second each")
	g.Expect(merged.SeedOf(&merged.Results[4])).To(BeEquivalentTo(2))
	g.Expect(summary(t, merged, reports.Look{Width: 200})).To(ContainSubstring("11 cases in 6.2 s · 3 runs · seed 3, 1, 2"))

	dir := t.TempDir()
	g.Expect(merged.WriteFolder(dir)).To(Succeed())
	read, err := reports.ReadJSON(filepath.Join(dir, "results.json"))
	g.Expect(err).NotTo(HaveOccurred())
	again, err := reports.Merge([]*reports.Run{read, read}, order(), false)
	g.Expect(err).NotTo(HaveOccurred(), "the same pair twice, with the same verdict")
	g.Expect(pairs(again)).To(Equal(pairs(merged)))
	g.Expect(again.SeedOf(&again.Results[4])).To(BeEquivalentTo(2))
}

func TestMergeTargets(t *testing.T) {
	g := NewWithT(t)
	one, other := rich(), rich()
	other.Targets[0].Name, other.Targets = "other.client", other.Targets[:1]
	other.Results = other.Results[:3]
	for i := range other.Results {
		other.Results[i].Target = "other.client"
	}
	merged, err := reports.Merge([]*reports.Run{one, other}, order(), false)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(pairs(merged)).To(HaveLen(len(one.Results) + 3))
	g.Expect(pairs(merged)[len(one.Results):]).To(HaveEach(HavePrefix("other.client ")))
	g.Expect(merged.Seed).To(BeEquivalentTo(42))
	g.Expect(merged.Results[0].Seed).To(BeNil(), "it is the report's")
}

func TestMergeRefuses(t *testing.T) {
	for name, test := range map[string]struct {
		spoil func(one, other *reports.Run)
		says  string
	}{
		"another verdict": {func(_, other *reports.Run) { other.Results[1].Verdict = reports.Pass },
			"my.client tcp.timeout.stall-mid-message[at=1] has two verdicts, fail and pass"},
		"another catalogue":  {func(_, other *reports.Run) { other.Catalogue = "2" }, "different catalogues, 1 and 2"},
		"another strictness": {func(_, other *reports.Run) { other.Strict = true }, "--strict"},
		"another command":    {func(_, other *reports.Run) { other.Targets[0].How = "./other" }, `the target "my.client" has two commands or addresses`},
		"another role":       {func(_, other *reports.Run) { other.Targets[0].Role = "server" }, "two roles, client and server"},
		"another promise": {func(_, other *reports.Run) { other.Targets[0].Promises = map[string]string{"read": "1s"} },
			"promises two things, map[read:500ms] and map[read:1s]"},
		"a missing shard":    {func(one, other *reports.Run) { one.Shard, other.Shard = "1/4", "4/4" }, "of the run of my.client, greeter there is no shard 2/4, 3/4"},
		"shards of two runs": {func(one, other *reports.Run) { one.Shard, other.Shard = "1/2", "2/3" }, "there is no shard 2/2"},
	} {
		t.Run(name, func(t *testing.T) {
			one, other := rich(), rich()
			test.spoil(one, other)
			_, err := reports.Merge([]*reports.Run{one, other}, order(), false)
			NewWithT(t).Expect(err).To(MatchError(ContainSubstring(test.says)))
		})
	}
}

func TestMergeWithoutAShard(t *testing.T) {
	g := NewWithT(t)
	merged, err := reports.Merge(shards()[:2], order(), true)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(merged.Interrupted).To(BeTrue())
	_, err = reports.Merge([]*reports.Run{merged}, order(), false)
	g.Expect(err).To(MatchError(ContainSubstring("3/3")), "it is not forgotten")
	whole, err := reports.Merge([]*reports.Run{merged, shards()[2]}, order(), false)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(pairs(whole)).To(Equal(pairs(rich())))
}

func TestTheWorstControlCounts(t *testing.T) {
	g := NewWithT(t)
	parts := shards()
	parts[1].Targets[0].Control.Verdict = reports.Fail
	merged, err := reports.Merge(parts, order(), false)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(merged.Targets[0].Control.Verdict).To(Equal(reports.Fail))
}

func TestCompare(t *testing.T) {
	g := NewWithT(t)
	was, is := rich(), rich()
	verdict := func(i int, v reports.Verdict) { is.Results[i].Verdict = v }
	verdict(0, reports.Fail)  // from pass
	verdict(1, reports.Pass)  // from fail
	verdict(2, reports.XFail) // from fail
	verdict(4, reports.Fail)  // from skip
	verdict(8, reports.Skip)  // from error
	is.Results[0].Finding = &reports.Finding{Expected: "refused", Seen: "ok"}
	is.Results[9].Case.ID = "tcp.connect.new"
	d := reports.Compare(was, is)
	found := func(all []reports.Change) (s []string) {
		for _, c := range all {
			s = append(s, c.Case+" "+string(c.Was)+">"+string(c.Is))
		}
		return s
	}
	g.Expect(found(d.Worse)).To(Equal([]string{"tcp.connect.refused pass>fail", "tcp.timeout.drip skip>fail"}))
	g.Expect(found(d.Better)).To(Equal([]string{"tcp.timeout.stall-mid-message[at=1] fail>pass"}))
	g.Expect(found(d.Changed)).To(Equal([]string{"tcp.timeout.stall-mid-message[at=512] fail>xfail", "tcp.timeout.black-hole error>skip"}))
	g.Expect(found(d.New)).To(Equal([]string{"tcp.connect.new >skip"}))
	g.Expect(found(d.Gone)).To(Equal([]string{"tcp.connect.close-storm skip>"}))
	g.Expect(d.Unchanged).To(Equal(len(was.Results)+2-6), "with two controls")
	g.Expect(d.Worse[0].Cause).To(Equal("expected: refused; seen: ok"))

	var text, data strings.Builder
	g.Expect(d.WriteText(&text, reports.Look{})).To(Succeed())
	g.Expect(text.String()).To(And(
		HavePrefix("Worse (2)\n  my.client tcp.connect.refused  pass → fail\n      Seen       expected: refused; seen: ok\n"),
		ContainSubstring("\nNew (1)\n  greeter tcp.connect.new  skip\n"),
		ContainSubstring("\nGone (1)\n  greeter tcp.connect.close-storm  skip\n"),
		HaveSuffix("Worse: 2 pairs, 1 better, 2 changed otherwise, 1 new, 1 gone, 7 as before.\n")))
	g.Expect(d.WriteJSON(&data)).To(Succeed())
	var read reports.Difference
	g.Expect(json.Unmarshal([]byte(data.String()), &read)).To(Succeed())
	g.Expect(&read).To(Equal(d))
}

func TestWhichWayAVerdictGoes(t *testing.T) {
	g := NewWithT(t)
	way := func(was, is reports.Verdict) string {
		one, other := sound(), sound()
		one.Results[0].Verdict, other.Results[0].Verdict = was, is
		d := reports.Compare(one, other)
		return map[[3]bool]string{{true}: "worse", {false, true}: "better", {false, false, true}: "changed", {}: "same"}[[3]bool{len(d.Worse) > 0, len(d.Better) > 0, len(d.Changed) > 0}]
	}
	all := []reports.Verdict{reports.Pass, reports.Warn, reports.XFail, reports.Fail, reports.Skip, reports.Error}
	table := map[reports.Verdict]string{
		reports.Pass:  "same   worse  worse  worse  worse  worse",
		reports.Warn:  "better same   worse  worse  changed changed",
		reports.XFail: "better better same   worse  changed changed",
		reports.Fail:  "better better changed same  changed changed",
		reports.Skip:  "better changed changed worse same changed",
		reports.Error: "better changed changed worse changed same",
	}
	for _, was := range all {
		for i, is := range all {
			g.Expect(way(was, is)).To(Equal(strings.Fields(table[was])[i]), "%s to %s", was, is)
		}
	}
}

func TestTheQuietSummary(t *testing.T) {
	g := NewWithT(t)
	quiet := reports.Look{Quiet: true, Folder: "r"}
	g.Expect(summary(t, sound(), quiet)).To(Equal(
		"Faultwire tested itself. Conformant: every requirement that was tested is kept. 1 case in 4.2 s · seed 42 · 1 observation taken again, as the machine was too busy · report in r\n"))
	loud := summary(t, rich(), quiet)
	g.Expect(loud).To(And(HavePrefix("BLOCKED"), ContainSubstring("\nFAIL  my.client"), ContainSubstring("\nERROR "), Not(ContainSubstring("Skipped")),
		Not(ContainSubstring("Warnings"))))
	last := loud[strings.LastIndex(strings.TrimSuffix(loud, "\n"), "\n")+1:]
	g.Expect(last).To(HavePrefix("Incomplete: 1 error, of Faultwire or this machine, not of the target. Nonconformant: 1 target failed with no fault on the wire. Nonconformant: 2 requirements not kept, all in the same way. 11 cases in 4.2 s"))
}

func TestWhatHadNoTimeIsSaid(t *testing.T) {
	g := NewWithT(t)
	run := sound()
	run.SelfTest = false
	run.Results = append(run.Results, run.Results[0])
	run.Results[1].Verdict, run.Results[1].Reason = reports.Skip, reports.NotRun
	g.Expect(summary(t, run, reports.Look{})).To(And(ContainSubstring("    1  not run: --max-time"), ContainSubstring("\nNot all: 1 case did not begin in time (--max-time).\nConformant: ")))
	g.Expect(run.Exit()).To(Equal(reports.ExitOK))
	run.Results = run.Results[1:]
	g.Expect(run.Exit()).To(Equal(reports.ExitNoVerdict))
}
