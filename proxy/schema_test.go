package proxy_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"testing"

	. "github.com/onsi/gomega"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/faultwire/faultwire/proxy"
)

const published = "plan.schema.json"

func TestThePublishedSchemaIsTheDecoders(t *testing.T) {
	if os.Getenv("FAULTWIRE_UPDATE") != "" {
		NewWithT(t).Expect(os.WriteFile(published, proxy.Schema(), 0o644)).To(Succeed())
	}
	NewWithT(t).Expect(must(os.ReadFile(published))).To(MatchJSON(proxy.Schema()),
		"write it anew: FAULTWIRE_UPDATE=1 go test -run Schema ./proxy")
}

// The schema and the decoder agree on faults made at random: right ones, and ones with a key, a type or a number that is
// wrong.
func TestTheSchemaAgreesWithTheDecoder(t *testing.T) {
	compiler := jsonschema.NewCompiler()
	document := must(jsonschema.UnmarshalJSON(bytes.NewReader(proxy.Schema())))
	if err := compiler.AddResource(published, document); err != nil {
		t.Fatal(err)
	}
	schema := must(compiler.Compile(published))
	random := rand.New(rand.NewPCG(1, 2))
	var valid, invalid int
	for range 20_000 {
		text := must(json.Marshal(randomFault(random)))
		_, err := proxy.ParsePlan("plan", text)
		wrong := schema.Validate(must(jsonschema.UnmarshalJSON(bytes.NewReader(text))))
		if (err == nil) != (wrong == nil) {
			t.Fatalf("%s\ndecoder: %v\nschema: %v", text, err, wrong)
		}
		if err == nil {
			valid++
		} else {
			invalid++
		}
	}
	if valid < 1000 || invalid < 1000 {
		t.Fatalf("%d valid and %d invalid faults prove little", valid, invalid)
	}
}

// randomFault avoids what a schema cannot say: numbers that depend on each other.
func randomFault(random *rand.Rand) map[string]any {
	maybe := func() bool { return random.IntN(4) == 0 }
	kind := proxy.Types()[random.IntN(len(proxy.Types()))]
	f := map[string]any{"type": kind}
	attributes := map[string]any{}
	for _, a := range []string{"latency", "jitter", "window", "rate", "delay", "size", "bytes", "timeout", "xor", "percent", "average_size", "copies", "behind"} {
		likely := proxy.Takes(kind, a)
		if likely && random.IntN(10) > 0 || random.IntN(60) == 0 {
			attributes[a] = []any{2, 50, 100, 0, -1, 1 << 40}[min(random.IntN(12), 5)]
			if random.IntN(3) > 0 {
				attributes[a] = 2 + random.IntN(90)
			}
		}
	}
	if kind == "slice" {
		attributes[[]string{"every", "at"}[random.IntN(2)]] = 1 + random.IntN(9)
	}
	if len(attributes) > 0 {
		f["attributes"] = attributes
	}
	if kind == "inject" || random.IntN(40) == 0 {
		f["data"] = "x"
	}
	if maybe() {
		f["stream"] = []string{"upstream", "downstream", "sideways"}[random.IntN(3)]
	}
	if maybe() && kind != "refuse" && kind != "connect_blackhole" && kind != "syn_loss" {
		f["toxicity"] = []any{0.5, 1, 7, -1}[random.IntN(4)]
	}
	if maybe() {
		f["trigger"] = map[string]any{[]string{"byte", "time", "match", "opposite", "datagram"}[random.IntN(5)]: []any{5, "5"}[random.IntN(2)]}
		if m, ok := f["trigger"].(map[string]any); ok {
			for k, v := range m { // the decoder reads numbers and texts by what the key is
				if k == "match" {
					m[k] = fmt.Sprint(v)
				} else {
					m[k] = 5
				}
			}
		}
	}
	if maybe() {
		f["until"] = map[string]any{[]string{"byte", "for", "ever", "datagram"}[random.IntN(4)]: 10}
	}
	return f
}
