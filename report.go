package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/faultwire/faultwire/reports"
)

// resultsFile is the part of a report from which all else is made.
const resultsFile = "results.json"

func reportCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "report",
		Short: "Merge, convert and compare reports",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return fmt.Errorf("report %s is unknown; there are report merge, report convert and report diff", args[0])
			}
			return nil
		},
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(mergeCommand(), convertCommand(), diffCommand())
	return c
}

func mergeCommand() *cobra.Command {
	var (
		l       look
		output  string
		partial bool
	)
	c := &cobra.Command{
		Use:   "merge DIR… --output DIR",
		Short: "Make one report of several: of the shards of a run, of different targets, or of both",
		Long: "Make one report of several: of the shards of a run, of different targets, or of both. Each is named by its folder or its results.json.\n" +
			"No two may have the same pair with different verdicts, and no shard may be missing. The exit code is that of a run that found all this.",
		Example: "  faultwire report merge shard-1 shard-2 --output faultwire-report",
		Args:    someReports("merge"),
		RunE: func(c *cobra.Command, args []string) error {
			if err := errors.Join(l.check(), wantOutput(output)); err != nil {
				return err
			}
			var runs []*reports.Run
			for _, arg := range args {
				run, err := readReport(arg, true)
				if err != nil {
					return err
				}
				runs = append(runs, run)
			}
			all, err := reports.Merge(runs, ids(), partial)
			if err != nil {
				if _, missing := errors.AsType[*reports.MissingShard](err); missing {
					err = fmt.Errorf("%w; with --partial the report is made without, and says that it was interrupted", err)
				}
				return err
			}
			all.Command = append([]string{"faultwire", "report", "merge"}, args...)
			return l.write(c, all, output, all.Exit())
		},
	}
	c.Flags().StringVar(&output, "output", "", "the `folder` for the merged report")
	c.Flags().BoolVar(&partial, "partial", false, "merge though shards are missing")
	l.bind(c)
	return c
}

func convertCommand() *cobra.Command {
	var output string
	c := &cobra.Command{
		Use:   "convert DIR --output DIR",
		Short: "Write a report anew from its results.json and its evidence, by this version",
		Long: "Write a report anew: results.json and the evidence are copied, and all that is made of them is made anew, as this version of\n" +
			"Faultwire makes it. The exit code says only whether that worked.",
		Example: "  faultwire report convert faultwire-report --output converted",
		Args:    someReports("convert"),
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) != 1 {
				return errors.New("report convert takes one report; make one of several with report merge")
			}
			if err := wantOutput(output); err != nil {
				return err
			}
			run, err := readReport(args[0], true)
			if err != nil {
				return err
			}
			if err := run.WriteFolder(output); err != nil {
				return &ended{reports.ExitError, err}
			}
			return nil
		},
	}
	c.Flags().StringVar(&output, "output", "", "the `folder` for the report")
	return c
}

func diffCommand() *cobra.Command {
	var (
		l      look
		format string
	)
	formats := []string{"text", "json"}
	c := &cobra.Command{
		Use:   "diff BEFORE AFTER",
		Short: "Say what got better and what got worse between two reports, by pair",
		Long: "Say what got better, what got worse, what is new and what is gone between two reports, by pair of target and case. Each is named\n" +
			"by its folder or its results.json. What passed and was not judged any more is worse, too; what is new or gone is neither.\n\n" +
			"Exit codes: 0 nothing got worse, 1 something did, 2 usage.",
		Example: "  faultwire report diff main/faultwire-report faultwire-report",
		Args:    someReports("diff"),
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) != 2 {
				return errors.New("report diff takes two reports, the one before and the one after")
			}
			l.quiet, l.verbose = false, false
			if err := l.check(); err != nil {
				return err
			}
			was, err := readReport(args[0], false)
			if err != nil {
				return err
			}
			is, err := readReport(args[1], false)
			if err != nil {
				return err
			}
			d, out := reports.Compare(was, is), c.OutOrStdout()
			switch format {
			case "text":
				err = d.WriteText(out, l.at(out, ""))
			case "json":
				err = d.WriteJSON(out)
			default:
				return fmt.Errorf("--format: %q is unknown; known: %s", format, strings.Join(formats, ", "))
			}
			if err != nil {
				return &ended{reports.ExitError, err}
			}
			if len(d.Worse) > 0 {
				return &ended{reports.ExitNonconformant, nil}
			}
			return nil
		},
	}
	c.Flags().StringVar(&format, "format", formats[0], "the `form`: text or json")
	completed(c, "format", formats)
	l.bindColor(c)
	return c
}

// write writes the report and shows its summary. code is what they mean.
func (l *look) write(c *cobra.Command, run *reports.Run, folder string, code int) error {
	unwritten := run.WriteFolder(folder)
	if unwritten != nil {
		folder = ""
	}
	if err := l.show(run, c.OutOrStdout(), folder); unwritten == nil {
		unwritten = err
	}
	if unwritten != nil && code != reports.ExitInterrupted {
		code = reports.ExitError
	}
	if code == reports.ExitOK {
		return nil
	}
	return &ended{code, unwritten}
}

// someReports refuses a command that names none.
func someReports(what string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) == 0 {
			return fmt.Errorf("report %s what? Name the folder of a report, such as %s", what, reports.DefaultFolder)
		}
		return nil
	}
}

func wantOutput(folder string) error {
	if folder == "" {
		return errors.New("--output is missing: the folder for the report that is made")
	}
	return nil
}

// readReport reads the report that a folder or a results.json is, with its evidence if that is wanted.
func readReport(name string, evidence bool) (*reports.Run, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, fmt.Errorf("cannot read the report: %w", err)
	}
	file, folder := name, filepath.Dir(name)
	if info.IsDir() {
		file, folder = filepath.Join(name, resultsFile), name
	}
	run, err := reports.ReadJSON(file)
	if err != nil || !evidence {
		return run, err
	}
	if err := run.LoadEvidence(folder); err != nil {
		return nil, fmt.Errorf("%s: %w", folder, err)
	}
	return run, nil
}
