package main

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/faultwire/faultwire/proxy"
)

// Clients that the test's binary plays, too.
func init() {
	if len(os.Args) < 3 {
		return
	}
	switch os.Args[1] {
	case "as-liar", "as-sound": // ADDRESS: an echo of 4000 bytes; the liar takes any end for the end
		text := strings.Repeat("0123456789abcdef", 250)
		got, err := converse(os.Args[2], text, os.Args[1] == "as-liar")
		fmt.Print(got)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(9)
		}
		os.Exit(0)
	}
}

func converse(addr, text string, lies bool) (string, error) {
	c, err := net.DialTimeout("tcp", addr, time.Second)
	if err != nil {
		return "", err
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(3 * time.Second)); err != nil {
		return "", err
	}
	if _, err := io.WriteString(c, text); err != nil {
		return "", err
	}
	got, err := io.ReadAll(io.LimitReader(c, int64(len(text))))
	if err == nil && len(got) < len(text) && !lies {
		err = io.ErrUnexpectedEOF
	}
	return string(got), err
}

func TestTryHunt(t *testing.T) {
	inFolder(t, nil)
	hunt := func(words ...string) (int, string, string) {
		line := self(t, append(words, "{db}")...)
		return faultwire(t, append([]string{"try", "--hunt", "--timeout", "20s", "--upstream", "db=" + serve(t), "--"}, line...)...)
	}
	g := NewWithT(t)
	code, stdout, stderr := hunt("as-liar")
	g.Expect(code).To(Equal(1), stdout+stderr)
	g.Expect(stderr).To(MatchRegexp(`^Hunting .* as-liar \{db\}: 16 plans, seed \d+, each bounded by 20s\n`))
	g.Expect(stdout).To(And(HavePrefix("db: closed in the middle of an answer\n  promise   never lie\n"), ContainSubstring("exit 0, and another output, 2000 bytes"),
		ContainSubstring("fault     db: close, downstream, after 2000 bytes, connection 1"), ContainSubstring("steady: it showed 5 of 5"),
		MatchRegexp(`again     faultwire try --timeout 20s --output faultwire-try-again --upstream db=\S+ --plan db=faultwire-try/db/plan.json -- .* as-liar \{db\}`)))
	g.Expect(tried(t).Upstreams[0].Plan.Faults).To(HaveLen(1), "of the last run, which shows it")

	code, stdout, stderr = hunt("as-sound")
	g.Expect(code).To(Equal(0), stdout+stderr)
	g.Expect(stdout).To(Equal("It copes with 16 plans.\n"))
}

func TestTryHuntUsage(t *testing.T) {
	needs(t, "true", "false")
	inFolder(t, map[string]string{"plan.yaml": "faults: []"})
	const up = "try --upstream db=127.0.0.1:9 "
	for _, c := range []struct {
		args string
		code int
		says string
	}{
		{up + "--schedules 3 -- true", 2, "--schedules is for a hunt"},
		{up + "--hunt --schedules -3 -- true", 2, "--schedules: -3 is negative"},
		{up + "--hunt --plan plan.yaml -- true", 2, "--hunt and --plan exclude each other"},
		{up + "--hunt --strict -- true", 2, "--hunt and --strict exclude each other"},
		{up + "--hunt --timeout 0 -- true", 2, "--timeout: a hunt needs one"},
		{up + "--hunt -- ./none", 127, "none does not exist"},
		{up + "--hunt -- false", 1, "Without any fault the command exited with 1"},
		{up + "--hunt -- true", 3, "Nothing came through the wire"},
	} {
		code, stdout, stderr := faultwire(t, strings.Fields(c.args)...)
		g := NewWithT(t)
		g.Expect(code).To(Equal(c.code), "%s: %s%s", c.args, stdout, stderr)
		g.Expect(stdout+stderr).To(ContainSubstring(c.says), c.args)
	}
}

func TestWhatATryHuntFinds(t *testing.T) {
	ran := func(r tryReport, printed byte) outcome {
		if r.Upstreams == nil {
			r.Upstreams = []upstreamReport{{Name: "db", Connections: 2}}
		}
		return outcome{report: &r, printed: [32]byte{printed}}
	}
	h := &tryHunt{trial: &trial{timeout: time.Second}, plain: ran(tryReport{}, 1), stable: true}
	harsh, gentle := tryPlan{}, tryPlan{gentle: true}
	for name, c := range map[string]struct {
		plan    tryPlan
		ran     outcome
		promise string
	}{
		"all is well":                {gentle, ran(tryReport{}, 1), ""},
		"it says that it failed":     {harsh, ran(tryReport{Exit: 1}, 2), ""},
		"it fails though nothing is": {gentle, ran(tryReport{Exit: 1}, 1), "reassemble"},
		"it never ends":              {harsh, ran(tryReport{Exit: 124, TimedOut: true}, 1), "never hang"},
		"it dies":                    {harsh, ran(tryReport{Exit: 139, Signal: "SIGSEGV"}, 1), "say what happened"},
		"what a shell started dies":  {harsh, ran(tryReport{Exit: 134}, 1), "say what happened"},
		"it lies":                    {harsh, ran(tryReport{}, 2), "never lie"},
		"it leaves somebody behind":  {harsh, ran(tryReport{Exit: 1, Leftover: 1}, 1), "recover and contain"},
		"it tries again":             {harsh, ran(tryReport{Upstreams: []upstreamReport{{Name: "db", Connections: 9}}}, 1), ""},
		"it tries again and again":   {harsh, ran(tryReport{Exit: 1, Upstreams: []upstreamReport{{Name: "db", Connections: 99}}}, 1), "recover and contain"},
	} {
		promise := ""
		if f := h.judge(c.plan, c.ran); f != nil {
			promise = f.promise
		}
		NewWithT(t).Expect(promise).To(Equal(c.promise), name)
	}
	h.stable = false
	NewWithT(t).Expect(h.judge(harsh, ran(tryReport{}, 2))).To(BeNil(), "it prints something else each time")
}

// Whatever is drawn is a plan, and can be taken apart.
func TestTryPlans(t *testing.T) {
	g := NewWithT(t)
	plain := &tryReport{Took: time.Second, Upstreams: []upstreamReport{{Name: "idle"}, {Name: "db"}, {Name: "cache"}}}
	for i, u := range []int64{1, 5_000_000} {
		plain.Upstreams[1+i].Trace.Conns = []proxy.ConnTrace{{N: 1}, {N: 2}}
		plain.Upstreams[1+i].Trace.Conns[1].Downstream.Out = u
		plain.Upstreams[1+i].Trace.Conns[1].Upstream.Out = 100
	}
	valid := func(p tryPlan) {
		t.Helper()
		g.Expect(p.count()).To(BeNumerically(">", 0))
		g.Expect(p.upstreams()).NotTo(ContainElement("idle"))
		for _, u := range p.upstreams() {
			g.Expect(proxy.Plan{Faults: p.faults[u]}.Validate()).To(Succeed(), p.name)
			g.Expect(p.without(u, 0).count()).To(Equal(p.count() - 1))
		}
	}
	standard := standardPlans(plain, time.Minute, func(total int64) int64 { return total / 2 })
	g.Expect(standard).To(HaveLen(32))
	for _, p := range standard {
		valid(p)
	}
	rng := rand.New(rand.NewPCG(1, 1))
	two := 0
	for range 500 {
		p := drawnPlan(rng, plain, time.Minute)
		valid(p)
		if strings.Contains(p.name, "; ") {
			two++
		}
	}
	g.Expect(two).To(BeNumerically(">", 100))
}
