package main

import (
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/faultwire/faultwire/suites/cases"
)

func TestCompletion(t *testing.T) {
	inFolder(t, map[string]string{"two.yaml": twoTargets})
	for _, c := range []struct {
		line string
		want OmegaMatcher
	}{
		{"run --run |", And(HaveLen(len(cases.All())), ContainElement("tcp.timeout.stall-mid-message[at=512]"))},
		{"explain tcp.timeout.dr|", ContainElement("tcp.timeout.drip")},
		{"explain tcp.timeout.drip |", And(HaveLen(len(cases.All())-1), Not(ContainElement("tcp.timeout.drip")))},
		{"run --target |", ContainElement("reference-echo-client")},
		{"run --config two.yaml --target |", Equal([]string{"one", "two"})},
		{"list --server-address 127.0.0.1:9 --target |", Equal([]string{"server"})},
		{"replay --config two.yaml --target |", Equal([]string{"one", "two"})},
		{"replay |", Equal([]string{"yaml"})}, // that files end so
		{"shrink |", Equal([]string{"yaml"})},
		{"flake |", Equal([]string{"yaml"})},
		{"hunt --protocol |", ContainElement("echo")},
		{"run --protocol |", ContainElements("echo", "framed", "line", "http", "udp")},
		{"run --classify |", ContainElement("curl")},
		{"run --color |", Equal([]string{"auto", "always", "never"})},
		{"init --role |", Equal([]string{"client", "server", "peer"})},
		{"report diff --format |", Equal([]string{"text", "json"})},
		{"report |", ContainElement(HavePrefix("merge\t"))},
	} {
		t.Run(c.line, func(t *testing.T) {
			g := NewWithT(t)
			words := strings.Split(strings.TrimSuffix(c.line, "|"), " ")
			code, stdout, stderr := faultwire(t, append([]string{"__complete"}, words...)...)
			g.Expect(code).To(Equal(0), stderr)
			offered := strings.Split(strings.TrimSpace(stdout), "\n")
			g.Expect(offered[:len(offered)-1]).To(c.want) // last comes what the shell is to do with them
		})
	}
}
