package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v3"

	"github.com/faultwire/faultwire/reports"
)

// baselineMark begins a file that baseline has written, and may write again.
const baselineMark = "# Written by faultwire baseline"

func baselineCommand() *cobra.Command {
	var from, output string
	c := &cobra.Command{
		Use:   "baseline",
		Short: "Write the failures of a run as known failures, to be copied into faultwire.yaml",
		Long: "Write the failures of a run as known_failures, to be copied into faultwire.yaml: from then on only what is new fails a run, and what is\n" +
			"mended says that it is to be taken out. A faultwire.yaml is never written to.",
		Example: "  faultwire run --config faultwire.yaml\n  faultwire baseline >known.yaml",
		Args:    noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			run, err := readReport(from, false)
			if err != nil {
				return err
			}
			text := baseline(run, from)
			if output == "" {
				_, err = c.OutOrStdout().Write(text)
			} else {
				err = writeBaseline(output, text)
			}
			if _, used := errors.AsType[*usedFile](err); used || err == nil {
				return err
			}
			return &ended{reports.ExitError, err}
		},
	}
	c.Flags().StringVar(&from, "from", reports.DefaultFolder, "the `folder` of the run's report")
	c.Flags().StringVar(&output, "output", "", "the `file` to write, instead of to stdout")
	return c
}

// baseline is the failures of a run as the configuration has them.
func baseline(run *reports.Run, from string) []byte {
	var text, known bytes.Buffer
	day := run.Started.UTC().Format(time.DateOnly)
	fmt.Fprintf(&text, "%s of %s, a run of %s. Copy into faultwire.yaml what you accept for now.\n", baselineMark, from, day)
	if run.Interrupted {
		fmt.Fprintln(&text, "# That run was interrupted: what it did not come to is not here.")
	}
	for _, t := range run.Targets {
		if c := t.Control; c != nil && c.Verdict != reports.Pass && c.Verdict != reports.Skip {
			fmt.Fprintf(&text, "# %s did not even do the plain exchange, with no fault on the wire. That cannot be accepted.\n", t.Name)
			continue
		}
		head := fmt.Sprintf("- name: %s\n  known_failures:\n", scalar(t.Name))
		for _, res := range run.Results {
			if res.Target == t.Name && res.Gates(run.Strict) && !res.Stale() {
				fmt.Fprintf(&known, "%s    %s: {reason: %s}\n", head, scalar(res.Case.ID), scalar(fmt.Sprintf("baseline %s: %s", day, seen(res))))
				head = ""
			}
		}
	}
	if known.Len() == 0 {
		fmt.Fprintln(&text, "# No requirement failed.")
		return text.Bytes()
	}
	text.WriteString("targets:\n")
	known.WriteTo(&text)
	return text.Bytes()
}

// seenLimit bounds what a reason repeats of a finding, in characters: it is to be a line.
const seenLimit = 100

// seen is what was seen, in one line.
func seen(res reports.Result) string {
	said := "it fails"
	if res.Finding != nil && strings.TrimSpace(res.Finding.Seen) != "" {
		said = strings.Join(strings.Fields(res.Finding.Seen), " ")
	}
	return cut(said, seenLimit)
}

// scalar is a text as YAML has it in one line.
func scalar(text string) string {
	line, err := yaml.Marshal(&yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: text, Style: style(text)})
	if err != nil {
		return fmt.Sprintf("%q", text)
	}
	return strings.TrimSuffix(string(line), "\n")
}

// style keeps plain what is a word, so that it reads as it would be written by hand; all else is quoted: commas and brackets mean
// something between braces.
func style(text string) yaml.Style {
	if strings.ContainsFunc(text, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./", r))
	}) {
		return yaml.DoubleQuotedStyle
	}
	return 0
}

// A usedFile is one that is not ours to replace.
type usedFile struct{ name string }

func (e *usedFile) Error() string {
	return fmt.Sprintf("--output: %s is there already, and baseline did not write it; name another file", e.name)
}

// writeBaseline writes the file, unless there is one that somebody else has written.
func writeBaseline(name string, text []byte) error {
	old, err := os.ReadFile(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return err
	case !bytes.HasPrefix(old, []byte(baselineMark)):
		return &usedFile{name}
	}
	return os.WriteFile(name, text, 0o666)
}
