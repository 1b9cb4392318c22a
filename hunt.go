package main

import (
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/faultwire/faultwire/reports"
	"github.com/faultwire/faultwire/suites"
	"github.com/faultwire/faultwire/targets"
)

// huntFile is where a hunt's find goes, if nothing else is said.
const huntFile = "faultwire-hunt.yaml"

// huntTime bounds a hunt that nothing else bounds.
const huntTime = time.Minute

func huntCommand() *cobra.Command {
	var (
		o      options
		bounds suites.Hunting
		file   string
	)
	c := &cobra.Command{
		Use:   "hunt",
		Short: "Try random schedules of faults until one breaks a promise, and make that one small",
		Long: "Try random schedules of faults on a client or a server until one breaks a promise, and make that one small.\n\n" +
			"A schedule is an exchange and what goes wrong on the wire meanwhile, drawn from the seed. No case says what is to come of it: it is\n" +
			"judged by the five promises. What breaks one is tried again, five times, on a machine that does nothing else; what shows each time\n" +
			"is made as small as it gets, and written as a repro. What shows only now and then is said to be unsteady. A client that declares no\n" +
			"read and no total deadline may wait for ever. Of a server it is asked that it goes on, serves whoever is there meanwhile and comes\n" +
			"afterwards, and serves in full where nothing is lost. Without a target, Faultwire hunts itself.\n\n" +
			"Exit codes: 0 nothing found, 1 found, 2 usage or configuration, 3 nothing could be judged, 4 Faultwire or the machine failed,\n" +
			"130 interrupted.",
		Example: "  faultwire hunt --client 'python3 client.py {host} {port}' --read-timeout 500ms\n" +
			"  faultwire hunt --server './server --port {port}' --idle-timeout 600ms\n" +
			"  faultwire hunt --config faultwire.yaml --target my-client --for 10m --promise 'never lie'\n" +
			"  faultwire hunt --schedules 500 --seed 7",
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error { return o.hunt(c, bounds, file) },
	}
	o.bindTarget(c)
	f := c.Flags()
	f.IntVar(&bounds.Schedules, "schedules", 0, "try so `many` schedules with each target (default as many as --for has room for)")
	f.DurationVar(&bounds.For, "for", 0, "begin no schedule after this `time` (default 1m, or no bound with --schedules)")
	f.Uint64Var(&o.seed, "seed", 0, "a `number` that the schedules follow from (default random)")
	f.Float64Var(&o.scale, "time-scale", 1, "a `factor` on built-in deadlines, patience and graces, for slow machines; declared deadlines stay")
	f.StringVar(&bounds.Promise, "promise", "", "hunt only what breaks this `promise`, such as 'never lie': what else is broken is passed over")
	f.StringVar(&file, "output", huntFile, "the `file` for the repro of what was found")
	f.BoolVarP(&o.verbose, "verbose", "v", false, "say each schedule that breaks a promise, and how often it did when it was tried again")
	f.BoolVarP(&o.quiet, "quiet", "q", false, "say only what came of it")
	completed(c, "promise", suites.Promises())
	return c
}

func (o *options) hunt(c *cobra.Command, bounds suites.Hunting, file string) error {
	flags := c.Flags()
	switch {
	case flags.Changed("schedules") && bounds.Schedules < 1:
		return fmt.Errorf("--schedules: %d schedules are none; write 1 or more", bounds.Schedules)
	case flags.Changed("for") && bounds.For <= 0:
		return fmt.Errorf("--for: in %v nothing can be tried; write a time such as 10m", bounds.For)
	case bounds.Promise != "" && !slices.Contains(suites.Promises(), bounds.Promise):
		return fmt.Errorf("--promise: %q is none of %s", bounds.Promise, strings.Join(suites.Promises(), ", "))
	case !(o.scale > 0) || math.IsInf(o.scale, 0):
		return fmt.Errorf("--time-scale: %g stretches nothing; write a number above 0, such as 3", o.scale)
	}
	if o.verbose && o.quiet {
		return errors.New("--verbose and --quiet exclude each other")
	}
	if bounds.Schedules == 0 && bounds.For == 0 {
		bounds.For = huntTime
	}
	if !flags.Changed("seed") {
		o.seed = uint64(rand.Uint32()) // short enough to be typed again
	}
	under, err := o.targets()
	if err != nil {
		return err
	}
	if o.selfTest {
		under = slices.DeleteFunc(under, func(t targets.Target) bool { return suites.NotHunted(&t) != "" })
	}
	for i := range under {
		under[i].KnownFailures = nil // a hunt knows no case
	}
	e, err := suites.New(suites.Options{Targets: under, Seed: o.seed, Scale: o.scale})
	if err != nil {
		return err
	}
	defer e.Close()
	if err := claimRepro(file); err != nil {
		return err
	}
	defer survivePipes()()

	line := newHuntLine(c.ErrOrStderr(), o.quiet)
	if !o.quiet {
		line.say(o.huntOpening(under, bounds))
	}
	bounds.Told = line.note
	if o.verbose {
		bounds.Broke = line.say
	}
	release := heedInterrupts(c.Context(), line.say)
	line.begin()
	found, hunted, err := e.Hunt(c.Context(), bounds)
	took := time.Since(line.began)
	release()
	line.end()
	return o.huntEnd(c, found, hunted, took, file, err)
}

// huntOpening says what is about to be hunted, and what is not.
func (o *options) huntOpening(under []targets.Target, bounds suites.Hunting) string {
	var hunted, notes []string
	for i := range under {
		if why := suites.NotHunted(&under[i]); why != "" {
			notes = append(notes, fmt.Sprintf("note: %s is not hunted: %s\n", under[i].Name, why))
			continue
		}
		hunted = append(hunted, under[i].Name)
	}
	what := strings.Join(hunted, ", ")
	if o.selfTest {
		what = "Faultwire itself"
	}
	limit := ""
	if bounds.Schedules > 0 {
		limit += fmt.Sprintf(", %d schedules each", bounds.Schedules)
	}
	if bounds.For > 0 {
		limit += fmt.Sprintf(", for %v", bounds.For)
	}
	return fmt.Sprintf("%sHunting %s%s, seed %d", strings.Join(notes, ""), what, limit, o.seed)
}

// huntEnd says what came of the hunt.
func (o *options) huntEnd(c *cobra.Command, found *suites.Find, hunted suites.Hunted, took time.Duration, file string, err error) error {
	out := c.OutOrStdout()
	if blocked, is := errors.AsType[*suites.Blocked](err); is {
		return controlEnd(out, blocked, c.Context().Err() != nil)
	}
	if errors.Is(err, suites.ErrNotHunted) {
		return err
	}
	if found != nil {
		if unwritten := o.tellFind(out, found, file); unwritten != nil {
			return &ended{reports.ExitError, unwritten}
		}
	}
	fmt.Fprintln(out, huntSummary(found, hunted, took, o.seed))
	switch {
	case c.Context().Err() != nil:
		return &ended{reports.ExitInterrupted, nil}
	case err != nil:
		return &ended{reports.ExitError, err}
	case found != nil:
		return &ended{reports.ExitNonconformant, nil}
	case hunted.Schedules == 0:
		return &ended{reports.ExitNoVerdict, nil}
	}
	return nil
}

// controlled says so if the pair's target does not even do the plain exchange.
func controlled(c *cobra.Command, e *suites.Engine, pair suites.Pair) error {
	control := e.Control(c.Context(), pair.Target.Name)
	if control.Verdict == reports.Pass {
		return nil
	}
	return controlEnd(c.OutOrStdout(), &suites.Blocked{Control: control}, c.Context().Err() != nil)
}

// controlEnd says that a target does not even do the plain exchange.
func controlEnd(out io.Writer, blocked *suites.Blocked, interrupted bool) error {
	code := reports.ExitNonconformant
	switch {
	case interrupted:
		code = reports.ExitInterrupted
	case blocked.Control.Verdict == reports.Error:
		code = reports.ExitError
	case blocked.Control.Verdict == reports.Skip:
		code = reports.ExitNoVerdict
	}
	fmt.Fprintln(out, strings.TrimRight(blocked.Control.Text(), "\n"))
	fmt.Fprintf(out, "\n%s fails the plain exchange, with no fault on the wire: what it does under a fault would mean nothing.\n",
		blocked.Control.Target)
	return &ended{code, nil}
}

// tellFind says what was found, and writes its repro.
func (o *options) tellFind(out io.Writer, found *suites.Find, file string) error {
	if err := writeRepro(file, found.Repro); err != nil {
		return err
	}
	fmt.Fprintf(out, "%s\n\n", strings.TrimRight(found.Result.Text(), "\n"))
	for _, line := range found.Lines {
		fmt.Fprintf(out, "  %s\n", line)
	}
	steady := "steady: it showed"
	if !found.Steady() {
		steady = "unsteady: it showed"
	}
	fmt.Fprintf(out, "\n  %s %s when it was tried again\n  repro     %s\n  again     %s\n\n", steady,
		reports.Share(found.Shown, found.Of), file, o.replayLine(file))
	return nil
}

// replayLine is what replays the file with the same target.
func (o *options) replayLine(file string) string {
	return targets.JoinCommand(o.withTarget("replay", file))
}

// huntSummary is a hunt in a line.
func huntSummary(found *suites.Find, h suites.Hunted, took time.Duration, seed uint64) string {
	var b strings.Builder
	switch {
	case found == nil && h.Schedules == 0:
		b.WriteString("Nothing could be judged")
	case found == nil:
		fmt.Fprintf(&b, "No promise was broken: %s", reports.Share(0, h.Schedules))
	case found.Steady():
		fmt.Fprintf(&b, "Found by schedule %d", found.Number)
	default:
		fmt.Fprintf(&b, "Nothing steady was found; unsteady, by schedule %d", found.Number)
	}
	fmt.Fprintf(&b, ", seed %d; %s in %.1f s", seed, counted(h, took), took.Seconds())
	return b.String()
}

// counted is what was tried, in words.
func counted(h suites.Hunted, took time.Duration) string {
	said := []string{fmt.Sprintf("%d schedules", h.Schedules)}
	if seconds := took.Seconds(); seconds > 0 && h.Shrinking == 0 {
		said[0] += fmt.Sprintf(", %.1f a second", float64(h.Schedules)/seconds)
	}
	for _, n := range []struct {
		n    int
		what string
	}{
		{h.Void, "void"}, {h.Waited, "waited for ever, with no deadline declared"}, {h.Once, "broke a promise once and not again"},
		{h.Shrinking, "tried to make it smaller"},
	} {
		if n.n > 0 {
			said = append(said, fmt.Sprintf("%d %s", n.n, n.what))
		}
	}
	return strings.Join(said, ", ")
}

// A huntLine is how far a hunt is.
type huntLine struct {
	*liveLine
	hunted suites.Hunted // under mu
}

func newHuntLine(out io.Writer, quiet bool) *huntLine {
	l := &huntLine{liveLine: newLiveLine(out, quiet)}
	l.tell = func() string { return counted(l.hunted, time.Since(l.began)) }
	return l
}

func (l *huntLine) note(h suites.Hunted) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.hunted = h
}
