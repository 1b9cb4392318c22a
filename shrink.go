package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/faultwire/faultwire/reports"
	"github.com/faultwire/faultwire/suites"
)

// shrinkTime bounds how long a repro is made smaller, if nothing else is said.
const shrinkTime = 5 * time.Minute

func shrinkCommand() *cobra.Command {
	var (
		o    options
		how  suites.Shrinking
		file string
	)
	c := &cobra.Command{
		Use:   "shrink FILE",
		Short: "Make the schedule of a repro as small as it gets",
		Long: "Make the schedule of a repro as small as it gets, and write it beside the file. Faults go first, then messages and what makes them\n" +
			"special; then faults become simpler ones; then sizes, offsets and delays are bisected to the edge, and delays stepped back from it.\n" +
			"Each step must show the same failure: the same promise, broken by the same outcome. A case's repro becomes a schedule, which the five\n" +
			"promises judge; what only the case itself can judge stays as it is. The file names no command: what is tested you name.\n\n" +
			"Exit codes: 1 the failure shows, 0 it does not, 2 usage or a mistake in the file, 3 it cannot be made smaller, 4 Faultwire or the\n" +
			"machine failed, 130 interrupted.",
		Example: "  faultwire shrink faultwire-hunt.yaml --client 'python3 client.py {host} {port}'\n" +
			"  faultwire shrink repro.yaml --shown 3 --count 10 --for 20m",
		Args: oneFile("shrink"),
		RunE: func(c *cobra.Command, args []string) error { return o.shrink(c, args[0], how, file) },
	}
	o.bindTarget(c)
	f := c.Flags()
	f.IntVar(&how.Of, "count", 5, "try each step so `often`")
	f.IntVar(&how.Shown, "shown", 0, "take a step that shows so `often` (default each time)")
	f.DurationVar(&how.For, "for", shrinkTime, "begin no step after this `time`")
	f.StringVar(&file, "output", "", "the `file` to write (default FILE with .small before its extension)")
	f.BoolVarP(&o.quiet, "quiet", "q", false, "say only what came of it")
	return c
}

// oneFile refuses anything but one file.
func oneFile(verb string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) != 1 {
			return fmt.Errorf("%s what? Name one repro, such as %s or those in %s/cases/…", verb, huntFile, reports.DefaultFolder)
		}
		return nil
	}
}

func (o *options) shrink(c *cobra.Command, from string, how suites.Shrinking, file string) error {
	if !c.Flags().Changed("shown") {
		how.Shown = how.Of
	}
	switch {
	case how.Of < 1:
		return fmt.Errorf("--count: %d times is not at all; write 1 or more", how.Of)
	case how.Shown < 1 || how.Shown > how.Of:
		return fmt.Errorf("--shown: %d is none of 1 to %d, which --count says", how.Shown, how.Of)
	case how.For <= 0:
		return fmt.Errorf("--for: in %v nothing can be tried; write a time such as 10m", how.For)
	}
	r, e, err := o.reproduced(from)
	if err != nil {
		return err
	}
	defer e.Close()
	if file == "" {
		extension := filepath.Ext(from)
		file = strings.TrimSuffix(from, extension) + ".small" + extension
	}
	if err := claimRepro(file); err != nil {
		return err
	}
	defer survivePipes()()
	line := newHuntLine(c.ErrOrStderr(), o.quiet)
	how.Told = line.note
	release := heedInterrupts(c.Context(), line.say)
	line.begin()
	found, err := e.Shrink(c.Context(), r, how)
	release()
	line.end()

	out := c.OutOrStdout()
	blocked, isBlocked := errors.AsType[*suites.Blocked](err)
	fixed, isFixed := errors.AsType[*suites.CannotShrink](err)
	interrupted := c.Context().Err() != nil
	switch {
	case isBlocked:
		return controlEnd(out, blocked, interrupted)
	case isFixed:
		return &ended{reports.ExitNoVerdict, fmt.Errorf("%s: %w", from, fixed)}
	case err != nil && !interrupted:
		return &ended{reports.ExitError, err}
	case found == nil && interrupted:
		return &ended{reports.ExitInterrupted, nil}
	case found == nil:
		fmt.Fprintf(out, "%s does not show: 0 of %d. faultwire flake %s says how seldom it does, and faultwire replay what else happens.\n",
			from, how.Of, from)
		return nil
	case found.Shown < how.Shown && !interrupted:
		fmt.Fprintf(out, "%s shows %s, less often than --shown asks for: nothing was made smaller.\n", from, reports.Share(found.Shown, found.Of))
		return &ended{reports.ExitNonconformant, nil}
	}
	if err := o.tellFind(out, found, file); err != nil {
		return &ended{reports.ExitError, err}
	}
	if interrupted {
		return &ended{reports.ExitInterrupted, nil}
	}
	return &ended{reports.ExitNonconformant, nil}
}
