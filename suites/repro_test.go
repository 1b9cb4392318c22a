package suites_test

import (
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/faultwire/faultwire/proxy"
	"github.com/faultwire/faultwire/suites"
)

func aRepro() *suites.Repro {
	return &suites.Repro{
		Case: "tcp.disconnect.fin-mid-message[at=512]", Title: "reports an early end", Target: "my: \"client\"\n", Role: "client", Protocol: "echo",
		Seed: 1 << 63, Scale: 1.5, Promise: "never lie", Outcome: "ok",
		Plan: proxy.Plan{Seed: 1 << 63, Faults: []proxy.Fault{proxy.Close().After(512).OnceSent(1024), proxy.Inject([]byte{0, '"', 0xff}).On(proxy.Upstream)}},
	}
}

func TestAReproIsReadAsItIsWritten(t *testing.T) {
	g := NewWithT(t)
	want := aRepro()
	got, err := suites.ParseRepro("repro.yaml", want.YAML())
	g.Expect(err).NotTo(HaveOccurred(), string(want.YAML()))
	want.Title = "" // a comment
	g.Expect(got).To(Equal(want))
}

func TestAReproThatIsNoneIsToldSo(t *testing.T) {
	sound := string(aRepro().YAML())
	for name, x := range map[string]struct{ text, says string }{
		"empty":             {"", "r.yaml:1: file: is empty"},
		"no YAML":           {"case: [", "r.yaml: yaml: line"},
		"a list":            {"- 1\n", "r.yaml:1: file: must be a mapping"},
		"cut off":           {sound[:len(sound)-40], "r.yaml"},
		"a newer version":   {strings.Replace(sound, "version: 1", "version: 7", 1), `r.yaml:3: version: "7" is not known`},
		"a command":         {sound + "command: [rm, -rf, /]\n", "command: is not known here"},
		"a command inside":  {strings.Replace(sound, "tls: false", "tls: false, command: x", 1), "target.command: is not known here"},
		"an unknown toxic":  {strings.Replace(sound, `"type":"close"`, `"type":"explode"`, 1), "r.yaml:10: faults[0].type"},
		"a wrong attribute": {strings.Replace(sound, `"trigger":{"byte":512`, `"trigger":{"byte":"x"`, 1), "r.yaml:10: faults[0].trigger.byte"},
		"twice":             {sound + "seed: 2\n", "seed: is given twice"},
		"no case":           {strings.Replace(sound, "case:", "# case:", 1), "case: is missing"},
		"no target":         {"version: 1\ncase: x\n", "target: is missing"},
		"no time":           {strings.Replace(sound, "time_scale: 1.5", "time_scale: -1", 1), "time_scale: is -1"},
		"an alias":          {"a: &a 1\ncase: *a\n", "is not known here"},
		"two documents":     {sound + "---\ncase: x\n", "is a second document"},
		"a bomb":            {"case: x\nbroken: " + strings.Repeat("[", 100_000), "r.yaml"},
		"long":              {strings.Repeat("#", 2<<20), "a repro has 1048576 at most"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := suites.ParseRepro("r.yaml", []byte(x.text))
			NewWithT(t).Expect(err).To(MatchError(ContainSubstring(x.says)))
		})
	}
}

func FuzzRepro(f *testing.F) {
	f.Add(aRepro().YAML())
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := suites.ParseRepro("r.yaml", text)
		if err != nil {
			return
		}
		again, err := suites.ParseRepro("r.yaml", r.YAML())
		if err != nil || again.Case != r.Case || len(again.Plan.Faults) != len(r.Plan.Faults) {
			t.Fatalf("%v: %+v is not %+v", err, again, r)
		}
	})
}
