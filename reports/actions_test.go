package reports_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/faultwire/faultwire/reports"
)

// A workflow is what GitHub's runner makes of a step's output: the commands that it obeys, by kind.
func workflow(output string) map[string][]string {
	obeyed := map[string][]string{}
	command := regexp.MustCompile(`^::([a-zA-Z0-9-]+)( [^:]*)?::(.*)$`)
	unescape := strings.NewReplacer("%0D", "\r", "%0A", "\n", "%3A", ":", "%2C", ",", "%25", "%")
	stopped := ""
	for line := range strings.SplitSeq(output, "\n") {
		line = strings.TrimSuffix(line, "\r")
		parts := command.FindStringSubmatch(strings.TrimLeft(line, " \t"))
		switch {
		case parts == nil:
			if stopped == "" && strings.Contains(line, "##[") {
				obeyed["old"] = append(obeyed["old"], line)
			}
		case stopped != "" && parts[1] == stopped:
			stopped = ""
		case stopped != "":
		case parts[1] == "stop-commands":
			stopped = parts[3]
		default:
			obeyed[parts[1]] = append(obeyed[parts[1]], unescape.Replace(parts[2])+"|"+unescape.Replace(parts[3]))
		}
	}
	return obeyed
}

func TestOnGitHub(t *testing.T) {
	g, stepSummary := NewWithT(t), filepath.Join(t.TempDir(), "summary.md")
	write(t, stepSummary, "of a step before\n")
	var out bytes.Buffer
	g.Expect(rich().OnGitHub(&out, stepSummary, func() error {
		fmt.Fprint(&out, "  ::error::forged\n::stop-commands::x\n::add-mask::e\n##[error]forged\n::x::\nno newline at the end")
		return nil
	})).To(Succeed())
	obeyed := workflow(out.String())
	g.Expect(obeyed).To(HaveLen(2))
	g.Expect(obeyed["error"]).To(HaveLen(4), "a control, two failures and an error")
	g.Expect(obeyed["error"]).To(ContainElement(And(
		HavePrefix(" title=my.client: tcp.timeout.stall-mid-message[at=1]|expected: a timeout between"), ContainSubstring("\nRun alone: faultwire run --client"))))
	g.Expect(obeyed["warning"]).To(HaveLen(1))

	var markdown bytes.Buffer
	g.Expect(rich().WriteMarkdown(&markdown)).To(Succeed())
	g.Expect(os.ReadFile(stepSummary)).To(BeEquivalentTo("of a step before\n" + markdown.String()))
}

func TestOnGitHubSaysWhatFails(t *testing.T) {
	g := NewWithT(t)
	none := errors.New("none")
	var out bytes.Buffer
	g.Expect(rich().OnGitHub(&out, "", func() error { return none })).To(MatchError(none))
	g.Expect(workflow(out.String())).To(BeEmpty())
	g.Expect(rich().OnGitHub(&out, "", func() error { return nil })).To(Succeed(), "without a file for it there is no summary")
	g.Expect(rich().OnGitHub(&out, t.TempDir(), func() error { return nil })).To(MatchError(ContainSubstring("the step's summary")))
}

func TestAnnotationsAreFewAndOnOneLine(t *testing.T) {
	g := NewWithT(t)
	run := hostile()
	for range 20 {
		run.Results = append(run.Results, run.Results[2], run.Results[4])
	}
	run.Results[2].Case.ID = "a,b::c%0A"
	run.Results[2].Finding = &reports.Finding{Seen: "50%\r\n::error::x"}
	var out bytes.Buffer
	g.Expect(run.WriteAnnotations(&out)).To(Succeed())
	obeyed := workflow(out.String())
	g.Expect(obeyed).To(HaveLen(2))
	for kind, all := range obeyed {
		g.Expect(all).To(HaveLen(10), kind)
		g.Expect(all[9]).To(ContainSubstring("more: see the summary"))
	}
	g.Expect(strings.Count(out.String(), "\n")).To(Equal(20))
	g.Expect(out.String()).To(ContainSubstring(`a%2Cb%3A%3Ac%250A::`))
	g.Expect(out.Len()).To(BeNumerically("<", 64<<10))
}
