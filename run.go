package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/faultwire/faultwire/reports"
	"github.com/faultwire/faultwire/suites"
	"github.com/faultwire/faultwire/suites/cases"
	"github.com/faultwire/faultwire/targets"
)

func runCommand(args []string) *cobra.Command {
	var o options
	c := &cobra.Command{
		Use:   "run",
		Short: "Test a client or a server, and report",
		Long: "Test a client or a server. Without a target, Faultwire tests itself.\n\n" +
			"A client connects to {host} {port}, sends what stdin holds, prints what it receives and exits: 0 complete, 10 timeout,\n" +
			"11 reset, 12 closed too early, 13 refused. A server listens on {host} {port} until SIGTERM.\n\n" +
			"Exit codes: 0 conformant, 1 not, 2 usage or configuration, 3 nothing was tested, 4 Faultwire itself failed, 130 interrupted.",
		Example: "  faultwire run --client 'python3 client.py {host} {port}' --read-timeout 500ms\n" +
			"  faultwire run --server './server --port {port}' --protocol framed\n" +
			"  faultwire run --server-address 127.0.0.1:7000 --run 'tcp.disconnect.**'",
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error { return o.run(c, args) },
	}
	o.bind(c)
	return c
}

func (o *options) run(c *cobra.Command, args []string) error {
	engine, under, err := o.engine(c)
	if err != nil {
		return err
	}
	defer engine.Close()
	over := ""
	if o.remote != nil {
		version, err := o.remote.Check(c.Context())
		if err != nil && c.Context().Err() == nil {
			return fmt.Errorf("--toxiproxy: %w", err)
		}
		over = fmt.Sprintf(" over Toxiproxy %s at %s", version, o.remote)
	}
	if err := o.claimFolder(); err != nil {
		return &ended{reports.ExitError, err}
	}
	line := newProgress(c.ErrOrStderr(), len(engine.Pairs()))
	line.say(o.opening(engine.Pairs(), under, over))
	release := context.AfterFunc(c.Context(), func() { line.say("Interrupted: ending what is in flight. Once more leaves at once.") })
	run := engine.Run(c.Context(), line.count)
	release()
	line.clear()

	run.SelfTest, run.Command = o.selfTest, append([]string{"faultwire"}, args...)
	code, folder := run.Exit(), o.output
	unwritten := run.WriteFolder(o.output)
	if unwritten != nil {
		folder = ""
	}
	out := c.OutOrStdout()
	if err := run.WriteSummary(out, reports.Look{Width: width(out), Color: coloured(out), Folder: folder}); unwritten == nil {
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

// claimFolder writes a report without results, marked as interrupted. So a folder that cannot be written is found before the
// run, and no older report is taken for this one's if nothing lives to write it.
func (o *options) claimFolder() error {
	return (&reports.Run{
		Tool: "faultwire " + suites.Version(), Catalogue: cases.Version, SelfTest: o.selfTest, Seed: o.seed, Scale: o.scale, Interrupted: true,
	}).WriteFolder(o.output)
}

// opening says what is about to be run, and over what if not over our own wire.
func (o *options) opening(pairs []suites.Pair, under []targets.Target, over string) string {
	what := fmt.Sprintf("%d targets", len(under))
	if len(under) == 1 {
		what = under[0].Name + ", " + under[0].How()
	}
	if o.selfTest {
		what = "Faultwire itself"
	}
	if len(pairs) == 0 {
		return "No case for " + what + "; see faultwire list, and --full for the long ones"
	}
	return fmt.Sprintf("Testing %s%s: %d cases, seed %d", what, over, len(pairs), o.seed)
}
