package suites_test

import (
	"bytes"
	"context"
	"encoding/json"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/faultwire/faultwire/suites"
	"github.com/faultwire/faultwire/targets/reference"
)

// The bytes that a target sent and got are evidence, of each of a peer's wires, too: an echo's are the same both ways.
func TestThePayloadsAreEvidence(t *testing.T) {
	g := NewWithT(t)
	e, err := suites.New(suites.Options{Targets: reference.Targets(1), Patterns: []string{"tcp.reassembly.split[at=512]", "tcp.peer.both-ways"}, Seed: 1})
	g.Expect(err).NotTo(HaveOccurred())
	defer e.Close()
	both := map[string]bool{}
	for _, r := range e.Run(context.Background(), nil).Results {
		heads := map[string][]byte{}
		for line := range bytes.Lines(r.Attachments["payload.jsonl"]) {
			var h struct {
				Conn   int
				Stream string
				Toward bool
				Data   []byte
			}
			g.Expect(json.Unmarshal(line, &h)).To(Succeed())
			g.Expect(len(h.Data)).To(And(BeNumerically(">", 0), BeNumerically("<=", 64<<10)))
			if h.Conn == 1 {
				heads[h.Stream+map[bool]string{true: " toward"}[h.Toward]] = h.Data
			}
		}
		switch r.Target {
		case "reference-echo-client", "reference-echo-server":
			g.Expect(heads).To(HaveLen(2), r.Target)
			g.Expect(heads["upstream"]).To(HaveLen(1024))
			g.Expect(bytes.Equal(heads["downstream"], heads["upstream"])).To(BeTrue())
			both[r.Target] = true
		case "reference-peer":
			g.Expect(heads).To(And(HaveKey("upstream"), HaveKey("downstream"), HaveKey("upstream toward"), HaveKey("downstream toward")), r.Case.ID)
			both[r.Target] = true
		}
	}
	g.Expect(both).To(HaveLen(3))
}
