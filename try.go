package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os/exec"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/faultwire/faultwire/reports"
	"github.com/faultwire/faultwire/targets"
)

// The exit codes that try has of its own: those of timeout(1) and env(1).
const (
	exitTimedOut      = 124
	exitNotExecutable = 126
	exitNotFound      = 127
)

// quietTime is how long the wire may take, once the command has ended, to bring what was under way to its end.
const quietTime = 500 * time.Millisecond

// A trial is what try is told.
type trial struct {
	upstreams, env, plans []string
	seed                  uint64
	seeded                bool // the seed was given
	timeout               time.Duration
	strict                bool
	output                string
	hunt                  bool
	schedules             int // of a hunt, behind the standard plans
}

func tryCommand() *cobra.Command {
	var t trial
	c := &cobra.Command{
		Use:   "try --upstream NAME=HOST:PORT… [flags] -- COMMAND [ARGUMENT…]",
		Short: "Run any program with its real upstreams behind the wire",
		Long: "Run any program or test suite with its real upstreams behind the wire.\n\n" +
			"Each upstream gets an address of its own on 127.0.0.1; the command must go there instead. In the values of --env and in\n" +
			"the command's arguments {NAME} stands for that address, {NAME.host} and {NAME.port} for its parts, {{NAME}} for the text\n" +
			"{NAME}. The same stand in the environment as FAULTWIRE_<NAME>_ADDR, _HOST and _PORT. Without a plan the wire changes\n" +
			"nothing. When the command has ended, it is said which faults fired, which did not and why, and what went past the wire.\n\n" +
			"A connection past the wire is found by asking Linux every few milliseconds. One that came and went in between is at most\n" +
			"counted, and one of a container's network is not seen at all.\n\n" +
			"The command runs in a process group of its own. SIGINT, SIGTERM and SIGHUP are passed on to it, and what has not ended\n" +
			"five seconds later is killed. Nothing that it started outlives it.\n\n" +
			"Exit codes: the command's own, 128+n if signal n ended it, 124 at the --timeout, 126 not executable, 127 not found,\n" +
			"2 usage or plan, 3 with --strict: it exited 0, but a fault never fired or a connection went past the wire,\n" +
			"4 Faultwire itself failed.\n\n" +
			"With --hunt the command is run without a fault first, and then with one standard plan after the other, made of what it exchanged:\n" +
			"answers that come late, in pieces, after a pause; connections that are reset, closed, black-holed, refused, that flap and heal. What\n" +
			"counts is that it ends by the --timeout (default 30s), is not ended by a signal, leaves nothing behind, exits 0 where nothing was lost,\n" +
			"and never exits 0 with another output than without a fault. What breaks that is run five times more. Its input is empty. Exit 1 means\n" +
			"found, 0 not, 3 that nothing came through the wire.",
		Example: "  faultwire try --upstream db=127.0.0.1:5432 --env 'DATABASE_URL=postgres://{db}/app' --plan reset.yaml -- go test ./...\n" +
			"  faultwire try --upstream db=db.internal:5432 --upstream cache=127.0.0.1:6379 --plan cache=slow.yaml -- ./app --redis {cache}\n" +
			"  faultwire try --hunt --timeout 20s --upstream db=127.0.0.1:5432 -- psql 'host={db.host} port={db.port}' -c 'select 1'",
		DisableFlagsInUseLine: true,
		RunE: func(c *cobra.Command, args []string) error {
			t.seeded = c.Flags().Changed("seed")
			if t.hunt && !c.Flags().Changed("timeout") {
				t.timeout = huntTimeout
			}
			return t.run(c, args)
		},
	}
	f := c.Flags()
	f.SortFlags = false
	f.SetInterspersed(false) // what follows the command is the command's
	f.StringArrayVar(&t.upstreams, "upstream", nil, "a server that the command uses, `NAME=HOST:PORT`; may be repeated")
	f.StringArrayVar(&t.env, "env", nil, "a variable for the command, `NAME=VALUE`, with placeholders; may be repeated")
	f.StringArrayVar(&t.plans, "plan", nil, "the plan of faults, a `file`; with several upstreams NAME=FILE, may be repeated")
	f.Uint64Var(&t.seed, "seed", 0, "a `number` that faults follow from, instead of the plans' own")
	f.DurationVar(&t.timeout, "timeout", 10*time.Minute, "ends the command after this time; 0 lets it run for ever")
	f.BoolVar(&t.strict, "strict", false, "exit 3 if the command exits 0, but a fault never fired or a connection went past the wire")
	f.BoolVar(&t.hunt, "hunt", false, "run it with one standard plan after the other, until one shows that it cannot cope")
	f.IntVar(&t.schedules, "schedules", 0, "with --hunt: behind the standard plans, try so `many` that are drawn from the seed")
	f.StringVar(&t.output, "output", "faultwire-try", "the `folder` for what was seen")
	return c
}

func (t *trial) run(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return errors.New("try what? The command goes behind --: faultwire try --upstream db=127.0.0.1:5432 -- COMMAND")
	}
	if t.timeout < 0 {
		return fmt.Errorf("--timeout: %v is negative; 0 lets the command run for ever", t.timeout)
	}
	switch {
	case t.schedules < 0:
		return fmt.Errorf("--schedules: %d is negative", t.schedules)
	case t.schedules > 0 && !t.hunt:
		return errors.New("--schedules is for a hunt: give --hunt too")
	case t.hunt && len(t.plans) > 0:
		return errors.New("--hunt and --plan exclude each other: a hunt makes its own plans")
	case t.hunt && t.strict:
		return errors.New("--hunt and --strict exclude each other: in a hunt a fault may find no occasion")
	case t.hunt && t.timeout == 0:
		return errors.New("--timeout: a hunt needs one, for what never ends")
	}
	wires, err := t.wires()
	if err != nil {
		return err
	}
	program, err := (&targets.Command{Args: args}).Find()
	if err != nil {
		return cannotRun(err)
	}
	if t.hunt {
		return t.huntWith(c, program, args, wires)
	}
	report, unwritten, err := t.once(c.Context(), program, args, wires, streams{c.InOrStdin(), c.OutOrStdout(), c.ErrOrStderr()})
	if err != nil {
		return err
	}
	report.summarise(c.ErrOrStderr(), t.output)
	switch {
	case report.Exit != 0:
		return &ended{report.Exit, unwritten}
	case unwritten != nil:
		return &ended{reports.ExitError, unwritten}
	case t.strict && !report.thorough():
		return &ended{reports.ExitNoVerdict, errors.New("--strict: the command exited with 0, but it has not met what the plan holds; see above")}
	}
	return nil
}

// streams are the command's.
type streams struct {
	in       io.Reader
	out, err io.Writer
}

// once runs the command with the wires, which it opens and closes, and keeps what was seen. unwritten is why that could not be kept.
func (t *trial) once(ctx context.Context, program string, args []string, wires upstreams, to streams) (report *tryReport, unwritten, err error) {
	defer wires.close()
	if err := wires.listen(); err != nil {
		return nil, nil, &ended{reports.ExitError, err}
	}
	env, err := wires.environment(t.env)
	if err != nil {
		return nil, nil, err
	}
	report = newTryReport(args, wires)
	folder, err := claimTry(t.output, report)
	if err != nil {
		return nil, nil, &ended{reports.ExitError, err}
	}
	defer folder.close()

	cmd := &exec.Cmd{Path: program, Args: append(args[:1:1], wires.fillAll(args[1:])...), Env: env, Stdin: to.in, Stdout: to.out, Stderr: to.err}
	look := newLookout(wires)
	defer look.close()
	p := newProcess(cmd, t.timeout)
	if err := p.start(ctx); err != nil {
		return nil, nil, cannotRun(err)
	}
	look.follow(p)
	folder.record(wires)
	end := p.wait(ctx)

	wires.quiet()
	look.finish()
	folder.stopRecording()
	report.complete(end, wires, look)
	return report, folder.write(report, wires), nil
}

// cannotRun tells a command that is not there from one that is, as env(1) does.
func cannotRun(err error) error {
	switch {
	case errors.Is(err, context.Canceled):
		return &ended{reports.ExitInterrupted, nil}
	case errors.Is(err, exec.ErrNotFound), errors.Is(err, fs.ErrNotExist):
		return &ended{exitNotFound, err}
	}
	return &ended{exitNotExecutable, err}
}

// thorough reports whether every fault fired and nothing is known to have gone past the wires.
func (r *tryReport) thorough() bool {
	return !slices.ContainsFunc(r.Upstreams, func(u upstreamReport) bool { return len(u.NeverFired)+len(u.Bypasses) > 0 })
}
