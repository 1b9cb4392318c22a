package suites_test

import (
	"reflect"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/faultwire/faultwire/fixtures"
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

// aHunted is what a hunt found, with everything special that there is.
func aHunted() *suites.Repro {
	return &suites.Repro{
		Case: "hunt", Target: "mine", Role: "client", Protocol: "http", TLS: true, Seed: 7, Scale: 1, Promise: "never lie", Outcome: "ok",
		Exchange: &suites.Spoken{Session: true, Shown: fixtures.Expired, Messages: []fixtures.Message{
			{Size: 100, Kind: fixtures.UTF8, HTTP: fixtures.HTTP{Method: "HEAD", Status: 302, Framing: fixtures.ByChunks, Chunk: 17, Gzip: true, Interim: 103, Interims: 2, Location: 1, Awaits: true}},
			{Size: 2000, Of: 1},
		}},
		Plan: proxy.Plan{Seed: 7, Faults: []proxy.Fault{proxy.Close().After(50)}},
	}
}

func TestAReproIsReadAsItIsWritten(t *testing.T) {
	for _, want := range []*suites.Repro{aRepro(), aHunted()} {
		g := NewWithT(t)
		got, err := suites.ParseRepro("repro.yaml", want.YAML())
		g.Expect(err).NotTo(HaveOccurred(), string(want.YAML()))
		want.Title = "" // a comment
		g.Expect(got).To(Equal(want))
	}
}

// Wherever a repro is cut off, it is no repro any more: never one with fewer faults.
func TestAReproThatIsCutOffIsNone(t *testing.T) {
	for _, whole := range [][]byte{aRepro().YAML(), aHunted().YAML()} {
		for n := range len(whole) - 1 { // the last line's end may be missing
			_, err := suites.ParseRepro("r.yaml", whole[:n])
			NewWithT(t).Expect(err).To(HaveOccurred(), "%d bytes:\n%s", n, whole[:n])
		}
	}
}

func TestAReproThatIsNoneIsToldSo(t *testing.T) {
	sound, hunted := string(aRepro().YAML()), string(aHunted().YAML())
	also := func(line string) string { return strings.Replace(sound, "version: 1", "version: 1\n"+line, 1) }
	spoken := func(old, new string) string {
		changed := strings.Replace(hunted, old, new, 1)
		if changed == hunted {
			t.Fatalf("there is no %q in\n%s", old, hunted)
		}
		return changed
	}
	const escape = "\x1b[2J"
	for name, x := range map[string]struct{ text, says string }{
		"empty":             {"", "r.yaml:1: file: is empty"},
		"no YAML":           {"case: [\n...\n", "r.yaml: yaml: line"},
		"a list":            {"- 1\n...\n", "r.yaml:1: file: must be a mapping"},
		"cut off":           {sound[:len(sound)-40], "r.yaml"},
		"a newer version":   {strings.Replace(sound, "version: 1", "version: 7", 1), `r.yaml:3: version: "7" is not known`},
		"a command":         {also("command: [rm, -rf, /]"), "command: is not known here"},
		"a command inside":  {strings.Replace(sound, "tls: false", "tls: false, command: x", 1), "target.command: is not known here"},
		"an unknown toxic":  {strings.Replace(sound, `"type":"close"`, `"type":"explode"`, 1), "r.yaml:10: faults[0].type"},
		"a wrong attribute": {strings.Replace(sound, `"trigger":{"byte":512`, `"trigger":{"byte":"x"`, 1), "r.yaml:10: faults[0].trigger.byte"},
		"twice":             {also("seed: 2"), "seed: is given twice"},
		"no case":           {strings.Replace(sound, "case:", "# case:", 1), "case: is missing"},
		"no target":         {"version: 1\ncase: x\nfaults: []\n...\n", "target: is missing"},
		"no time":           {strings.Replace(sound, "time_scale: 1.5", "time_scale: -1", 1), "time_scale: is -1"},
		"an alias":          {"a: &a 1\ncase: *a\n...\n", "is not known here"},
		"two documents":     {sound + "---\ncase: x\n...\n", "is a second document"},
		"a bomb":            {"case: x\nbroken: " + strings.Repeat("[", 100_000) + "\n...\n", "r.yaml: yaml: line 2: exceeded max depth"},
		"long":              {strings.Repeat("#", 2<<20), "a repro has 1048576 at most"},

		"cut off behind a fault": {strings.TrimSuffix(sound, "...\n"), "r.yaml:11: file: is cut off"},
		"no faults":              {spoken("faults:\n- {", "# {"), "faults: is missing"},
		"another role":           {spoken("role: client", "role: bystander"), `r.yaml:5: target.role: "bystander" is none of client, server, peer`},
		"another protocol":       {spoken("protocol: http", "protocol: gopher"), `r.yaml:5: target.protocol: "gopher" is none of echo`},
		"another promise":        {spoken("never lie", "never mind"), `r.yaml:8: broken.promise: "never mind" is none of`},
		"no terminal's":          {spoken("certificate: expired", "certificate: \"\\e[2J\""), `"\x1b[2J" is none of expired`},
		"a key no terminal's":    {spoken("  messages:", "  \"\\e[2J\": 1\n  messages:"), `"exchange.\x1b[2J": is not known here`},
		"no exchange":            {spoken("case: hunt", "case: tcp.connect.refused"), "exchange: only what a hunt found has one"},
		"a hunt without":         {strings.Replace(sound, "case: tcp.disconnect.fin-mid-message[at=512]", "case: hunt", 1), "exchange: is missing"},
		"of a peer":              {spoken("role: client", "role: peer"), "target.role: is peer; what a hunt found is about a client or a server"},
		"shown to a server":      {spoken("role: client", "role: server"), "exchange.certificate: is what a server shows"},
		"a server's certificate": {spoken("tls: true", "tls: false"), "exchange.certificate: is shown under TLS only"},
		"no http":                {spoken("protocol: http", "protocol: echo"), "exchange.messages: have http, but the target speaks echo"},
		"an endless message":     {spoken("size: 100,", "size: 99999999999999999999,"), "r.yaml:13: exchange.messages[0].size: must be a whole number"},
		"a huge message":         {spoken("size: 100,", "size: 99999999,"), "r.yaml:13: exchange.messages[0].size: 99999999 is out of range 0 to 16777216"},
		"huge in all":            {spoken("size: 100,", "size: 16777216,"), "exchange.messages: have 16779216 bytes in all"},
		"a negative message":     {spoken("size: 100,", "size: -1,"), "size: -1 is out of range"},
		"a message of no size":   {spoken("{size: 100, ", "{"), "exchange.messages[0].size: is missing"},
		"a message's command":    {spoken("{size: 100,", "{command: x, size: 100,"), "exchange.messages[0].command: is not known here"},
		"no messages":            {spoken("messages:", "message:"), "exchange.message: is not known here"},
		"too many":               {spoken("  messages:\n", "  messages:\n"+strings.Repeat("  - {size: 1}\n", 100)), "exchange.messages: has 102 elements; 64 is the most"},
		"a method of its own":    {spoken("method: HEAD", "method: --output"), `"--output" is none of GET, HEAD, POST`},
		"to nowhere":             {spoken("location: 1", "location: 7"), "exchange.messages[0].http.location: there is no message 7"},
		"no framing":             {spoken("framing: chunks", "framing: guess"), `"guess" is none of length, chunks, close`},
		"an alias's message":     {spoken("  - {size: 100", "  - *m\n  - {size: 100"), "r.yaml"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := suites.ParseRepro("r.yaml", []byte(x.text))
			NewWithT(t).Expect(err).To(MatchError(ContainSubstring(x.says)))
			NewWithT(t).Expect(err.Error()).NotTo(ContainSubstring(escape))
		})
	}
}

func FuzzRepro(f *testing.F) {
	f.Add(aRepro().YAML())
	f.Add(aHunted().YAML())
	f.Add([]byte("version: 1\ncase: hunt\ntarget: {name: x, role: client, protocol: echo}\nexchange: {messages: [{size: 0}]}\nfaults: []\n..."))
	f.Add([]byte("exchange: &a {messages: [*a]}\n...\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := suites.ParseRepro("r.yaml", text)
		if err != nil {
			return
		}
		again, err := suites.ParseRepro("r.yaml", r.YAML())
		if err != nil || again.Case != r.Case || !reflect.DeepEqual(again.Exchange, r.Exchange) || len(again.Plan.Faults) != len(r.Plan.Faults) {
			t.Fatalf("%v: %+v is not %+v", err, again, r)
		}
	})
}
