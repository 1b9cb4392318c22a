package proxy_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/faultwire/faultwire/proxy"
)

func TestPlansAreRead(t *testing.T) {
	latency := proxy.Latency(100*time.Millisecond, 10*time.Millisecond)
	for text, want := range map[string]proxy.Plan{
		"seed: 7\nfaults:\n- {type: latency, attributes: {latency: 100, jitter: 10}}\n- {type: reset_peer, stream: upstream, trigger: {byte: 512}}\n": {
			Seed: 7, Faults: []proxy.Fault{latency, proxy.ResetPeer().On(proxy.Upstream).After(512)}},
		`{"type":"latency","attributes":{"latency":100,"jitter":10}}`:                              {Faults: []proxy.Fault{latency}},
		`[{"type":"limit_data","stream":"downstream","toxicity":1.0,"attributes":{"bytes":1000}}]`: {Faults: []proxy.Fault{proxy.LimitData(1000)}},
		`{"faults":[{"type":"stall","connection":2}]}`:                                             {Faults: []proxy.Fault{proxy.Stall().OnConnection(2)}},
	} {
		plan, err := proxy.ParsePlan("plan.yaml", []byte(text))
		g := NewWithT(t)
		g.Expect(err).NotTo(HaveOccurred(), text)
		g.Expect(plan).To(Equal(want), text)
	}
}

func TestMistakesInPlansAreNamed(t *testing.T) {
	for text, want := range map[string]string{
		"":                           "plan.yaml:1: faults: the file is empty",
		"sead: 1\nfaults: []":        "plan.yaml:1: sead: unknown key",
		"seed: many":                 `plan.yaml:1: seed: "many" is no whole number`,
		"faults:\n- {type: latancy}": `plan.yaml:2: faults[0].type: unknown type "latancy"`,
		"faults:\n- {type: latency}": "plan.yaml:2: faults[0].attributes.latency: missing",
		"faults:\n- type: close\n  atributes: {}":                                     "plan.yaml:3: faults[0].atributes: unknown key",
		"faults:\n- type: latency\n  attributes:\n    latency: 5\n    jiter: 5":       "plan.yaml:5: faults[0].attributes.jiter: latency has no such attribute",
		"faults:\n- type: latency\n  attributes: {latency: -5}":                       "plan.yaml:3: faults[0].attributes.latency: -5 is out of range",
		"faults:\n- type: latency\n  attributes: {latency: soon}":                     `plan.yaml:3: faults[0].attributes.latency: "soon" is not a whole number`,
		"faults:\n- {type: slicer, attributes: {average_size: 0}}":                    "plan.yaml:2: faults[0].attributes.average_size: 0 is out of range",
		"faults:\n- {type: slicer, attributes: {average_size: 5, size_variation: 9}}": "faults[0].attributes.size_variation: must be less than average_size",
		"faults:\n- {type: close, toxicity: 7}":                                       "plan.yaml:2: faults[0].toxicity: 7 is not between 0 and 1",
		"faults:\n- {type: close, stream: sideways}":                                  `plan.yaml:2: faults[0].stream: "sideways" is neither`,
		"faults:\n- {type: slow_close, attributes: {delay: 1}, trigger: {byte: 1}}":   "faults[0].trigger: slow_close takes no trigger",
		"faults:\n- {type: close}\n- {type: close}":                                   "faults.name: used twice",
		"faults:\n- {type: close, stream: towards_target}":                            "is relative to a target",
		"faults:\n- type: latency\n  attributes: {latency: 1.9}":                      `"1.9" is not a whole number`,
		"faults:\n- type: latency\n  attributes: {latency: null}":                     `"null" is not a whole number`,
		"seed: 1.5":                                `"1.5" is no whole number`,
		"seed: 18446744073709551616":               "is no whole number",
		"seed: 1\n---\nfaults: [{type: nonsense}]": "a second document",
		`{"type":"close"} trailing`:                "plan.yaml:",
		"faults: [{type: accept_then_reset}, {name: b, type: accept_then_close}]": "is there already",
		"faults: [{type: refuse, toxicity: 0}]":                                   "strikes every connection",
		"a: &x {type: close}\nfaults: [*x]":                                       "unknown key",
		"faults: [":                                                               "plan.yaml: yaml",
	} {
		_, err := proxy.ParsePlan("plan.yaml", []byte(text))
		NewWithT(t).Expect(err).To(MatchError(ContainSubstring(want)), text)
	}
}

// The same faults as JSON, in Toxiproxy's own shape.
func ExampleFault() {
	text, _ := json.Marshal(proxy.Latency(100*time.Millisecond, 0))
	fmt.Println(string(text))
	fmt.Println(proxy.Stall().On(proxy.Upstream).After(512))
	// Output:
	// {"type":"latency","stream":"downstream","toxicity":1,"attributes":{"jitter":0,"latency":100}}
	// stall, upstream, after 512 bytes
}

func TestAFaultSurvivesJSON(t *testing.T) {
	g := NewWithT(t)
	for _, f := range []proxy.Fault{proxy.Stall().TowardsTarget().After(3), proxy.Latency(time.Second, 0), proxy.SplitAt(4).OnConnection(2)} {
		text, err := json.Marshal(f)
		g.Expect(err).NotTo(HaveOccurred())
		var back proxy.Fault
		g.Expect(json.Unmarshal(text, &back)).To(Succeed())
		g.Expect(back).To(Equal(f))
	}
	var f proxy.Fault
	g.Expect(json.Unmarshal([]byte(`{"type":"close","name":"a\/b"}`), &f)).To(Succeed())
	g.Expect(f.Name).To(Equal("a/b"))
	g.Expect(json.Unmarshal([]byte(`[{"type":"close"}]`), &f)).NotTo(Succeed())
	g.Expect(json.Unmarshal([]byte(`{"seed":3,"faults":[]}`), &f)).NotTo(Succeed())
}
