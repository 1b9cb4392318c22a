package main

import (
	"strings"
	"testing"

	. "github.com/onsi/gomega"
)

func TestDoctor(t *testing.T) {
	g := NewWithT(t)
	code, stdout, stderr := faultwire(t, "doctor")
	g.Expect(code).To(Equal(0), stdout+stderr)
	for _, what := range []string{"system", "loopback", "temporary folder", "punctuality", "descriptors", "inet_diag", "refusing connects", "CAP_NET_ADMIN", "python3", "tshark"} {
		g.Expect(stdout).To(ContainSubstring(what))
	}
	for line := range strings.Lines(stdout) {
		g.Expect(line).To(MatchRegexp(`^  (ok|less|bad|    )`))
	}
}

func TestWhatADoctorSays(t *testing.T) {
	g := NewWithT(t)
	n, said := needing(having([]string{"refuse"}))
	g.Expect(n).To(BeNumerically(">", 1))
	g.Expect(said).To(ContainSubstring("tcp.connect.refused"))
	n, said = needing(having([]string{"none"}))
	g.Expect(n).To(BeZero())
	g.Expect(said).To(Equal("no case needs it"))
}
