// Command faultwire puts a client or a server, in any language, behind a hostile wire and says whether it behaves.
//
//	faultwire run                                                         # Faultwire tests itself
//	faultwire run --client 'python3 client.py {host} {port}' --read-timeout 500ms
//	faultwire run --server './server --port {port}' --protocol framed
//
// The exit codes are those of package reports, and 2 for a mistake in the command line or the configuration.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/faultwire/faultwire/reports"
	"github.com/faultwire/faultwire/suites"
)

func main() {
	log.SetOutput(io.Discard) // net/http of a reference target has its say in it
	os.Exit(run(context.Background(), os.Args[1:], os.Stdout, os.Stderr))
}

// exitUsage is the exit code of every error that is no [ended]: whoever typed the command line can mend it.
const exitUsage = 2

// An ended is how a command ends that was used rightly, but has more to say than 0.
type ended struct {
	code int
	err  error // nil if everything has been said
}

func (e *ended) Error() string {
	if e.err == nil {
		return ""
	}
	return e.err.Error()
}

// run is the whole command but for the process around it. It returns the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // so that a second interrupt leaves at once; see heedInterrupts

	root := commands(args)
	root.SetArgs(singleDashed(args))
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	code := 0
	if err != nil {
		code = exitUsage
	}
	if end, ok := errors.AsType[*ended](err); ok {
		code, err = end.code, end.err
	}
	if err != nil {
		fmt.Fprintf(stderr, "faultwire: %s\n", reports.Clean(err.Error()))
	}
	return code
}

// commands is the tree of commands. args is the whole command line, for the report.
func commands(args []string) *cobra.Command {
	root := &cobra.Command{
		Use:   "faultwire",
		Short: "Puts a client or a server behind a hostile wire and says whether it behaves",
		Long: "Faultwire puts a client or a server, in any language, behind a hostile wire and says whether it behaves:\n" +
			"does it time out when it should, say what happened, put together what arrived, and recover?",
		Version:       suites.Version(),
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE:          func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	root.SuggestionsMinimumDistance = 2
	root.Args = func(c *cobra.Command, args []string) error {
		if len(args) == 0 {
			return nil
		}
		hint := ""
		if near := c.SuggestionsFor(args[0]); len(near) > 0 {
			hint = "; did you mean " + strings.Join(near, " or ") + "?"
		}
		return fmt.Errorf("unknown command %q%s; see faultwire --help", args[0], hint)
	}
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return fmt.Errorf("%w; see %s --help", err, c.CommandPath())
	})
	root.AddCommand(runCommand(args), replayCommand(), huntCommand(), shrinkCommand(), flakeCommand(), tryCommand(), listCommand(), explainCommand(), proxyCommand(), reportCommand(),
		baselineCommand(), initCommand(), doctorCommand(), versionCommand())
	completeMore(root)
	return root
}
