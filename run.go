package main

import (
	"fmt"
	"os"
	"os/signal"
	"syscall"

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
			"11 reset, 12 closed too early, 13 refused. A server listens on {host} {port} until SIGTERM.\n" +
			"A gateway is a server whose command has {origin_url}: it asks the server there.\n\n" +
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
	if err := o.claimFolder(args); err != nil {
		return &ended{reports.ExitError, err}
	}
	defer survivePipes()()
	line := o.newProgress(c.ErrOrStderr(), engine)
	if !o.quiet {
		for _, expired := range engine.Expired() {
			line.say("note: " + expired)
		}
		line.say(o.opening(line, under, over))
	}
	release := heedInterrupts(c.Context(), line.say)
	line.begin()
	run := engine.Run(c.Context(), line.count)
	release()
	line.end()

	run.SelfTest, run.Command = o.selfTest, append([]string{"faultwire"}, args...)
	run.Evidence, run.JUnit = o.evidence, o.junit
	return o.look.write(c, run, o.output, run.Exit())
}

// claimFolder writes a report without results, marked as interrupted. So a folder that cannot be written is found before the
// run, and no older report is taken for this one's if nothing lives to write it.
func (o *options) claimFolder(args []string) error {
	return (&reports.Run{
		Tool: "faultwire " + suites.Version(), Revision: suites.Revision(), Catalogue: cases.Version, AsOf: o.catalogue, SelfTest: o.selfTest, Seed: o.seed, Scale: o.scale, Interrupted: true,
		Strict: o.strict, Shard: o.shard.String(), Evidence: o.evidence, JUnit: o.junit, Command: append([]string{"faultwire"}, args...),
	}).WriteFolder(o.output)
}

// survivePipes lets the run and its report come to their end though nobody reads any more what they say: without it, the first word
// to a pipe that is closed would end this process, and nothing would look after what it has started. It returns how to undo that.
func survivePipes() (undo func()) {
	unread := make(chan os.Signal, 1)
	signal.Notify(unread, syscall.SIGPIPE) // and not ignored, which the programs under test would inherit
	return func() { signal.Stop(unread) }
}

// opening says what is about to be run, over what if not over our own wire, and how long that takes.
func (o *options) opening(p *progress, under []targets.Target, over string) string {
	what := fmt.Sprintf("%d targets", len(under))
	if len(under) == 1 {
		what = under[0].Name + ", " + under[0].How()
	}
	if o.selfTest {
		what = "Faultwire itself"
	}
	if o.shard.Of > 0 {
		over += ", shard " + o.shard.String()
	}
	if p.total == 0 {
		hint := "--full for the long ones"
		if o.quick {
			hint = "leave out --quick for all of them"
		}
		return "No case for " + what + over + "; see faultwire list, and " + hint
	}
	takes := about(p.atMost)
	if o.maxTime > 0 && o.maxTime < p.atMost {
		takes += ", but no more begin after " + o.maxTime.String()
	}
	cases := fmt.Sprintf("%d cases", p.total)
	if p.total == 1 {
		cases = "1 case"
	}
	return fmt.Sprintf("Testing %s%s: %s, %s, seed %d", what, over, cases, takes, o.seed)
}
