package reports

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"io"
	"os"
	"strings"
)

// mostAnnotations is how many of a kind GitHub shows of a step.
const mostAnnotations = 10

// OnGitHub tells GitHub Actions of the run: it annotates what failed, on out, and appends [Run.WriteMarkdown] to the step's summary,
// if there is one. show comes first; while it writes to out the runner obeys no command, for what a target printed may look like
// one.
func (r *Run) OnGitHub(out io.Writer, stepSummary string, show func() error) error {
	token := rand.Text() // so that no target can know it
	if _, err := fmt.Fprintf(out, "::stop-commands::%s\n", token); err != nil {
		return err
	}
	err := show()
	if _, again := fmt.Fprintf(out, "\n::%s::\n", token); err == nil {
		err = again
	}
	if err == nil {
		err = r.WriteAnnotations(out)
	}
	if err == nil && stepSummary != "" {
		err = r.appendTo(stepSummary)
	}
	return err
}

func (r *Run) appendTo(stepSummary string) error {
	f, err := os.OpenFile(stepSummary, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o666)
	if err != nil {
		return fmt.Errorf("cannot append to the step's summary: %w", err)
	}
	err = r.WriteMarkdown(f)
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return fmt.Errorf("cannot append to the step's summary: %w", err)
	}
	return nil
}

// WriteAnnotations writes a workflow command of GitHub's for each failure, error and warning, as far as GitHub shows them: ten
// of a kind, of which the last says how many more there are.
func (r *Run) WriteAnnotations(w io.Writer) error {
	run := r.cleaned()
	var out bytes.Buffer
	kinds := map[string][]*Result{}
	for _, res := range run.all() {
		switch {
		case res.Gates(run.Strict), res.Verdict == Error:
			kinds["error"] = append(kinds["error"], res)
		case res.Verdict == Warn:
			kinds["warning"] = append(kinds["warning"], res)
		}
	}
	for _, kind := range []string{"error", "warning"} {
		for i, res := range kinds[kind] {
			if left := len(kinds[kind]) - i; i == mostAnnotations-1 && left > 1 {
				fmt.Fprintf(&out, "::%s title=Faultwire::%d more: see the summary, or the report\n", kind, left)
				break
			}
			text := oneLine(shorten(res.inShort(), 1000))
			if line := oneLine(res.Replay); line != "" && len(line) <= mostLine {
				text += "\nRun alone: " + line
			}
			title := oneLine(shorten(res.Target, 200)) + ": " + oneLine(shorten(res.Case.ID, 200))
			fmt.Fprintf(&out, "::%s title=%s::%s\n", kind, commandProperty(title), commandData(text))
		}
	}
	_, err := w.Write(out.Bytes())
	return err
}

// commandData escapes what stands behind a workflow command, and commandProperty what stands in it.
func commandData(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(s)
}

func commandProperty(s string) string {
	return strings.NewReplacer(":", "%3A", ",", "%2C").Replace(commandData(s))
}
