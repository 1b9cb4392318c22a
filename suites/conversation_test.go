package suites_test

import (
	"regexp"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/reports"
	"github.com/faultwire/faultwire/suites"
	"github.com/faultwire/faultwire/targets"
	"github.com/faultwire/faultwire/targets/mutants"
	"github.com/faultwire/faultwire/targets/reference"
)

// lineByLine is the line protocol as a conversation.
func lineByLine() *fixtures.Conversation {
	return &fixtures.Conversation{Request: "{payload}\n", Reply: "{payload}\n", Prints: "{payload}"}
}

// inWords makes conversations of the targets that speak line.
func inWords(all []targets.Target, c func() *fixtures.Conversation) (lines []targets.Target) {
	for _, t := range all {
		if t.Protocol == fixtures.LineProtocol {
			t.Protocol, t.Conversation = fixtures.ConversationProtocol, c()
			lines = append(lines, t)
		}
	}
	return lines
}

func TestWhatSpeaksLinesConverses(t *testing.T) {
	for name, c := range map[string]func() *fixtures.Conversation{
		"in words": lineByLine,
		"by a pattern": func() *fixtures.Conversation {
			return &fixtures.Conversation{Request: "{payload}\n", Answers: regexp.MustCompile(`[^\n]*\n`)}
		},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			under := inWords(reference.Targets(1), c)
			if name == "by a pattern" {
				under = under[1:] // a client needs the words
			}
			run := runAll(t, suites.Options{Targets: under, Seed: 1})
			var summary strings.Builder
			g.Expect(run.WriteSummary(&summary, reports.Look{})).To(Succeed())
			g.Expect(run.Exit()).To(Equal(reports.ExitOK), summary.String())
			for _, target := range run.Targets {
				g.Expect(run.Count(target.Name)[reports.Pass]).To(BeNumerically(">", 50), summary.String())
			}
		})
	}
}

// What the line mutants do wrong shows in a conversation, too.
func TestTheMutantsAreCaughtInConversation(t *testing.T) {
	var under []targets.Target
	for _, m := range mutants.All() {
		if !strings.HasSuffix(m.Name, "strips-cr") { // no CR is said here
			under = append(under, inWords([]targets.Target{m.Target}, lineByLine)...)
		}
	}
	run := runAll(t, suites.Options{Targets: under, Seed: 1})
	for _, target := range run.Targets {
		count := run.Count(target.Name)
		if count[reports.Fail] == 0 {
			t.Errorf("%s is not caught: %v", target.Name, count)
		}
	}
}

func TestALongMessageIsForWhoCanCarryIt(t *testing.T) {
	g := NewWithT(t)
	under := inWords(reference.Targets(1), func() *fixtures.Conversation {
		c := lineByLine()
		c.Limit = 1000
		return c
	})
	run := runAll(t, suites.Options{Targets: under, Seed: 1, Patterns: []string{"tcp.reassembly.size"}})
	g.Expect(run.Count("")[reports.Pass]).To(Equal(2), "1 byte, on either side")
	for _, r := range run.Results {
		if r.Verdict == reports.Skip {
			g.Expect(r.Reason).To(ContainSubstring("does not carry"))
		}
	}
}
