package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/faultwire/faultwire/reports"
	"github.com/faultwire/faultwire/suites"
)

// mostFlakes bounds how often a failure is looked for, if nothing else is said.
const mostFlakes = 1000

// A flaking is how a repro is run again and again.
type flaking struct {
	count int           // exactly so often; 0 is until the interval is narrow
	width float64       // of the interval, in percent
	limit time.Duration // no run begins after it; 0 is no bound
}

func flakeCommand() *cobra.Command {
	var (
		o options
		f flaking
	)
	c := &cobra.Command{
		Use:   "flake FILE",
		Short: "Say how often a failure shows, from its repro, with the 95 % interval",
		Long: "Say how often a failure shows, from its repro, with the 95 % interval (Wilson's). It is tried until the interval is narrow, or as often\n" +
			"as --count says. What never shows is not mended: 0 of 1000 means at most 0.38 % of the time. To say so of a mended program, run as\n" +
			"many as it takes to rule out how often it showed before.\n\n" +
			"Exit codes: 1 it showed, 0 it did not, 2 usage or a mistake in the file, 3 nothing could be judged, 4 Faultwire or the machine failed,\n" +
			"130 interrupted.",
		Example: "  faultwire flake faultwire-hunt.yaml --client 'python3 client.py {host} {port}'\n" +
			"  faultwire flake repro.yaml --count 1000",
		Args: oneFile("flake"),
		RunE: func(c *cobra.Command, args []string) error { return o.flake(c, args[0], f) },
	}
	o.bindTarget(c)
	flags := c.Flags()
	flags.IntVar(&f.count, "count", 0, fmt.Sprintf("exactly so `often` (default until the interval is narrow, %d times at most)", mostFlakes))
	flags.Float64Var(&f.width, "width", 10, "the interval is narrow when it spans no more `percent`")
	flags.DurationVar(&f.limit, "for", 0, "begin none after this `time` (default no bound)")
	flags.BoolVarP(&o.quiet, "quiet", "q", false, "say only what came of it")
	return c
}

func (o *options) flake(c *cobra.Command, file string, f flaking) error {
	switch flags := c.Flags(); {
	case flags.Changed("count") && f.count < 1:
		return fmt.Errorf("--count: %d times is not at all; write 1 or more", f.count)
	case !(f.width > 0 && f.width < 100):
		return fmt.Errorf("--width: %g %% is no width of an interval; write a number between 0 and 100", f.width)
	case flags.Changed("count") && flags.Changed("width"):
		return fmt.Errorf("--count and --width exclude each other: so often, or until the interval is so narrow")
	case flags.Changed("for") && f.limit <= 0:
		return fmt.Errorf("--for: in %v nothing can be tried; write a time such as 10m", f.limit)
	}
	r, e, err := o.reproduced(file)
	if err != nil {
		return err
	}
	defer e.Close()
	pair, err := e.Replaying(r)
	if err != nil {
		return err
	}
	if err := controlled(c, e, pair); err != nil {
		return err
	}
	defer survivePipes()()
	t := tally{repro: r}
	line := newLiveLine(c.ErrOrStderr(), o.quiet)
	line.tell = func() string { return t.String() }
	release := heedInterrupts(c.Context(), line.say)
	line.begin()
	for more := true; more && c.Context().Err() == nil; {
		result := e.Result(c.Context(), pair)
		if c.Context().Err() != nil {
			break
		}
		line.mu.Lock()
		t.count(result)
		more = t.failed == nil && f.more(t, time.Since(line.began))
		line.mu.Unlock()
	}
	release()
	line.end()
	return t.end(c, pair)
}

// more reports whether it is to be tried once more.
func (f flaking) more(t tally, passed time.Duration) bool {
	tried := t.judged + t.void
	switch {
	case f.limit > 0 && passed > f.limit:
		return false
	case f.count > 0:
		return tried < f.count
	case tried >= mostFlakes:
		return false
	}
	low, high := reports.Wilson(t.shown, t.judged)
	return (high-low)*100 > f.width
}

// A tally is how often a failure showed. What counts is the promise that the file says was broken, or any, if it says none.
type tally struct {
	repro *suites.Repro

	judged int
	shown  int
	other  int             // another promise was broken
	void   int             // proves nothing
	failed *reports.Result // the machine could not run it

	example *reports.Result // where it showed, else where another promise was broken
	skipped *reports.Result
}

func (t *tally) count(r reports.Result) {
	switch {
	case r.Verdict == reports.Error && r.Retaken == 0:
		t.failed = &r
		return
	case r.Verdict == reports.Error || r.Verdict == reports.Skip:
		t.void++
		t.skipped = &r
		return
	}
	t.judged++
	switch {
	case r.Finding == nil:
	case t.repro.Promise == "" || r.Finding.Promise == t.repro.Promise:
		t.shown++
		t.example = &r
	default:
		t.other++
		if t.example == nil {
			t.example = &r
		}
	}
}

// String is the tally in words.
func (t *tally) String() string {
	s := "reproduced " + reports.Share(t.shown, t.judged)
	if t.other > 0 {
		s += fmt.Sprintf("; and %d times another promise was broken", t.other)
	}
	if t.void > 0 {
		s += fmt.Sprintf("; %d more prove nothing", t.void)
	}
	return s
}

// end says what came of it.
func (t *tally) end(c *cobra.Command, pair suites.Pair) error {
	out, interrupted := c.OutOrStdout(), c.Context().Err() != nil
	switch {
	case t.failed != nil:
		fmt.Fprintln(out, strings.TrimRight(t.failed.Text(), "\n"))
		return &ended{reports.ExitError, nil}
	case t.judged == 0 && interrupted:
		return &ended{reports.ExitInterrupted, nil}
	case t.judged == 0 && t.skipped != nil:
		fmt.Fprintf(out, "%s: not judged: %s\n", pair.Name(), reports.OneLine(t.skipped.Reason))
		if t.skipped.Verdict == reports.Error {
			return &ended{reports.ExitError, nil}
		}
		return &ended{reports.ExitNoVerdict, nil}
	}
	if t.example != nil {
		fmt.Fprintf(out, "%s\n\n", strings.TrimRight(t.example.Text(), "\n"))
	}
	fmt.Fprintf(out, "%s: %s\n", pair.Name(), t)
	if t.shown == 0 {
		fmt.Fprintln(out, "That is no proof that it is mended: the more often it is tried, the less often it can still be.")
	}
	switch {
	case interrupted:
		return &ended{reports.ExitInterrupted, nil}
	case t.shown > 0:
		return &ended{reports.ExitNonconformant, nil}
	}
	return nil
}
