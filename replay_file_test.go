package main

import (
	"os"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
)

const fragile = `version: 1
case: tcp.timeout.latency-far-below
target: {name: reference-echo-client, role: client, protocol: echo, tls: false}
seed: 7
time_scale: 1
broken: {promise: reassemble, outcome: timeout}
faults:
- {type: FAULT}
...
`

func TestReplay(t *testing.T) {
	inFolder(t, nil)
	write := func(name, fault string) {
		NewWithT(t).Expect(os.WriteFile(name, []byte(strings.Replace(fragile, "FAULT", fault, 1)), 0o666)).To(Succeed())
	}
	write("stall.yaml", "stall")
	write("latency.yaml", "latency, attributes: {latency: 20}")
	write("never.yaml", "reset_peer, trigger: {byte: 100000}")
	write("wrong.yaml", "stal")
	for _, x := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"replay", "stall.yaml", "--count", "3"}, 1, "reproduced 3 of 3 (95 %: at least 44 %)"},
		{[]string{"replay", "latency.yaml", "--count", "2"}, 0, "reproduced 0 of 2"},
		{[]string{"replay", "never.yaml", "--count", "1"}, 3, "never fired"},
		{[]string{"replay", "latency.yaml", "--client", "false"}, 1, "fails the plain exchange, with no fault on the wire"},
		{[]string{"flake", "latency.yaml", "--client", "false", "--count", "2"}, 1, "fails the plain exchange, with no fault on the wire"},
		{[]string{"replay", "wrong.yaml"}, 2, `wrong.yaml:8: faults[0].type: unknown type "stal"`},
		{[]string{"replay", "none.yaml"}, 2, "none.yaml"},
		{[]string{"replay", "stall.yaml", "--count", "0"}, 2, "--count"},
		{[]string{"replay"}, 2, "replay what?"},
		{[]string{"replay", "stall.yaml", "--server-address", "127.0.0.1:9"}, 2, "0 of the targets given could be it"},
	} {
		g := NewWithT(t)
		code, stdout, stderr := faultwire(t, x.args...)
		g.Expect(code).To(Equal(x.code), "%v: %s%s", x.args, stdout, stderr)
		g.Expect(stdout+stderr).To(ContainSubstring(x.says), "%v", x.args)
	}
}
