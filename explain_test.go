package main

import (
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/faultwire/faultwire/suites/cases"
)

func TestExplain(t *testing.T) {
	g := NewWithT(t)
	code, stdout, stderr := faultwire(t, "explain", "tcp.timeout.stall-mid-message")
	g.Expect(code).To(Equal(0), stderr)
	g.Expect(stdout).To(HavePrefix("tcp.timeout.stall-mid-message[at=1]\n"))
	for _, part := range []string{
		"Level      MUST", "Basis      practice", "clients that speak echo, framed, line or conversation", "The wire   delivers 1 byte of the reply, then falls silent", "Exchange   a message of 1024 bytes",
		"Why        ", "Fix        Go: ", "Python: ", "Node: ", "Java: ", "Source     suites/timeout/stall.go:", "Also       [at=512] [at=1023]",
		"faultwire run --run 'tcp.timeout.stall-mid-message[at=1]'",
	} {
		g.Expect(stdout).To(ContainSubstring(part))
	}
	_, stdout, _ = faultwire(t, "explain", "tcp.timeout.stall-mid-message[at=512]")
	g.Expect(stdout).To(And(HavePrefix("tcp.timeout.stall-mid-message[at=512]\n"), Not(ContainSubstring("Also"))))
}

func TestEveryCaseCanBeExplained(t *testing.T) {
	g := NewWithT(t)
	text, err := explain([]string{"**"}, 80)
	g.Expect(err).NotTo(HaveOccurred())
	for _, c := range cases.All() {
		family, _, _ := strings.Cut(c.ID, "[")
		g.Expect(text).To(MatchRegexp(`(?m)^` + family + `(\[.*\])?$`))
	}
	for line := range strings.Lines(text) {
		if strings.Contains(line, " ") && !strings.Contains(line, "Run alone") {
			g.Expect(len([]rune(strings.TrimSpace(line)))).To(BeNumerically("<=", 80), line)
		}
	}
}

func TestFolded(t *testing.T) {
	g := NewWithT(t)
	g.Expect(folded(strings.Fields("dial send expect send expect send expect close"))).To(Equal("dial, 3 × send + expect, close"))
	g.Expect(folded(strings.Fields("a a a"))).To(Equal("3 × a"))
	g.Expect(folded(nil)).To(BeEmpty())
}
