package suites

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/reports"
	"github.com/faultwire/faultwire/suites/cases"
	"github.com/faultwire/faultwire/targets"
)

func TestVersionsOfTheCatalogue(t *testing.T) {
	g := NewWithT(t)
	since := func(versions ...string) (all []cases.Case) {
		for _, v := range versions {
			all = append(all, cases.Case{Since: v})
		}
		return all
	}
	g.Expect(versions(since("0.10", "0.2", "1.0", "0.2.1", cases.Version))).To(Equal([]string{cases.Version, "0.2", "0.2.1", "0.10", "1.0"}))
	for _, pair := range [][2]string{{"0.2", "0.1"}, {"0.10", "0.9"}, {"1.0", "0.10"}, {"0.2.1", "0.2"}} {
		g.Expect(newer(cases.Case{Since: pair[0]}, pair[1])).To(BeTrue())
		g.Expect(newer(cases.Case{Since: pair[1]}, pair[0])).To(BeFalse())
	}
	g.Expect(newer(cases.Case{Since: "9.9"}, "")).To(BeFalse(), "nothing was asked for")
	g.Expect(newer(controlCase, "0.1")).To(BeFalse())
	g.Expect(CatalogueVersions()).To(ContainElement(cases.Version))
}

// What the catalogue asked for did not have yet warns where it would fail, whatever its level; what it had fails.
func TestANewRequirementOnlyWarns(t *testing.T) {
	o := cases.Observation{Role: targets.ClientRole, Scale: 1, Outcome: fixtures.Timeout, Speaks: true}
	under := &targets.Target{Name: "mine", Role: targets.ClientRole, Protocol: fixtures.EchoProtocol}
	of := func(since, catalogue string, level cases.Level, strict bool) reports.Result {
		e := &Engine{options: Options{Catalogue: catalogue, Scale: 1, Strict: strict}}
		c := cases.Case{ID: "tcp.timeout.made-up", Level: level, Role: cases.Client, Speaks: cases.Streams, Since: since, Exchange: plainExchange, Expect: cases.HaveDelivered()}
		return e.judge(Pair{c, under}, o)
	}
	g := NewWithT(t)
	g.Expect(of("0.2", "0.1", cases.Must, false)).To(And(HaveField("Verdict", reports.Warn), HaveField("Reason", "new since 0.2"), HaveField("New", true), HaveField("Finding", Not(BeNil()))))
	g.Expect(of("0.2", "0.1", cases.Must, true).Gates(true)).To(BeFalse(), "however strict")
	g.Expect(of("0.2", "0.1", cases.Should, false)).To(And(HaveField("Verdict", reports.Warn), HaveField("Reason", HavePrefix("new since 0.2; "))))
	g.Expect(of("0.2", "0.2", cases.Must, false)).To(And(HaveField("Verdict", reports.Fail), HaveField("New", false)))
	g.Expect(of("0.1", "0.2", cases.Must, false).Verdict).To(Equal(reports.Fail))
	g.Expect(of("0.2", "", cases.Must, false).Verdict).To(Equal(reports.Fail))

	o.Outcome = fixtures.OK
	g.Expect(of("0.2", "0.1", cases.Must, false)).To(And(HaveField("Verdict", reports.Pass), HaveField("Reason", "")))
}

func TestAnUnknownCatalogueIsRefused(t *testing.T) {
	_, err := New(Options{Catalogue: "7.7"})
	NewWithT(t).Expect(err).To(MatchError(And(ContainSubstring(`no version "7.7"`), ContainSubstring(cases.Version))))
}

// A report names the files that a command is made of, with their sums.
func TestProgramsOfATarget(t *testing.T) {
	g, dir := NewWithT(t), t.TempDir()
	script := []byte("#!/bin/sh\nexit 0\n")
	for name, mode := range map[string]os.FileMode{"program": 0o755, "script.sh": 0o644, "{port}": 0o644} {
		g.Expect(os.WriteFile(filepath.Join(dir, name), script, mode)).To(Succeed())
	}
	big, err := os.Create(filepath.Join(dir, "big"))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(big.Truncate(hashLimit + 1)).To(Succeed())
	g.Expect(big.Close()).To(Succeed())

	sum := sha256.Sum256(script)
	hash := hex.EncodeToString(sum[:])
	c := &targets.Command{Dir: dir, Args: []string{"./program", "script.sh", "big", "script.sh", ".", "--flag", "none", "{addr}"},
		Methods: map[string][]string{"HEAD": {"./program", filepath.Join(dir, "script.sh")}}}
	known := map[string]reports.Program{}
	g.Expect(programs(c, known)).To(Equal([]reports.Program{
		{File: filepath.Join(dir, "program"), Bytes: int64(len(script)), SHA256: hash},
		{File: "script.sh", Bytes: int64(len(script)), SHA256: hash},
		{File: "big", Bytes: hashLimit + 1},
		{File: filepath.Join(dir, "script.sh"), Bytes: int64(len(script)), SHA256: hash},
	}))
	g.Expect(os.Remove(filepath.Join(dir, "big"))).To(Succeed())
	g.Expect(programs(c, known)).To(HaveLen(3), "what is there is hashed once")
	g.Expect(programs(nil, known)).To(BeEmpty())
}

func TestARunSaysWhatItTested(t *testing.T) {
	g := NewWithT(t)
	under := targets.Target{Name: "mine", Role: targets.ClientRole, Protocol: fixtures.EchoProtocol, Version: "1.2.3", Command: &targets.Command{Args: []string{"go", "{port}"}}}
	e, err := New(Options{Targets: []targets.Target{under}, Patterns: []string{"tcp.connect.refused"}, Catalogue: cases.Version})
	g.Expect(err).NotTo(HaveOccurred())
	defer e.Close()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	run := e.Run(ctx, nil)
	g.Expect(run.AsOf).To(Equal(cases.Version))
	g.Expect(run.Targets[0].Version).To(Equal("1.2.3"))
	g.Expect(run.Targets[0].Files).To(HaveLen(1))
	g.Expect(run.Targets[0].Files[0].SHA256).To(HaveLen(64))
	g.Expect(run.Results[0].Case.Since).To(Equal(cases.Version))
}

// A verdict that rests on how long something took is taken beside a witness, in the quiet lane.
func TestWhatRestsOnTimeIsTimed(t *testing.T) {
	deadlines, timed := scaled(defaults, 1), 0
	outcomes := []fixtures.Outcome{fixtures.OK, fixtures.Timeout, fixtures.Reset, fixtures.Closed, fixtures.Refused, fixtures.Malformed, fixtures.Other}
	for _, c := range cases.All() {
		differs := false
		for _, outcome := range outcomes {
			kept := map[bool]bool{}
			for _, took := range []time.Duration{time.Millisecond, deadlines.Read, deadlines.Idle, deadlines.Total, time.Minute} {
				o := cases.Observation{Role: targets.ClientRole, Declared: deadlines, Timing: deadlines, Scale: 1, Speaks: true, Outcome: outcome, Elapsed: took}
				if c.Role == cases.Server {
					o.Role = targets.ServerRole
				}
				for range c.Exchange.Calls {
					o.Calls = append(o.Calls, cases.Call{Outcome: outcome, Elapsed: took})
				}
				kept[c.Expect.Judge(o) == nil] = true
			}
			differs = differs || len(kept) > 1
		}
		if differs {
			timed++
		}
		if differs && !c.Timed {
			t.Errorf("%s:%d: %s rests on how long the exchange takes, and is not Timed", c.File, c.Line, c.ID)
		}
	}
	NewWithT(t).Expect(timed).To(BeNumerically(">", 30))
}
