// Command table runs the programs that people have against the whole catalogue, one after another, and writes what came of it:
//
//	go run ./targets/examples/real/table -o suites/REALWORLD.md
//
// It is run in the module's root, and best on a machine that does nothing else. It ends with 1 if a program failed what is not known of it.
package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/faultwire/faultwire/reports"
	"github.com/faultwire/faultwire/suites"
	"github.com/faultwire/faultwire/targets"
	"github.com/faultwire/faultwire/targets/examples/real"
)

func main() {
	out := flag.String("o", "suites/REALWORLD.md", "the `file` to write")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	tried, err := run(ctx)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	var page bytes.Buffer
	write(&page, tried)
	if err := os.WriteFile(*out, page.Bytes(), 0o666); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	if surprises(tried) > 0 {
		fmt.Fprintf(os.Stderr, "%s: %d results are not known\n", *out, surprises(tried))
		os.Exit(1)
	}
}

// A trial is a program and what came of it; nothing where it is not installed.
type trial struct {
	real.Program
	*reports.Run
}

// run runs them one at a time: the programs share the machine with what watches them.
func run(ctx context.Context) ([]trial, error) {
	if err := real.Build("."); err != nil {
		return nil, err
	}
	var tried []trial
	for _, file := range real.Files {
		programs, err := real.Load(".", file)
		if err != nil {
			return nil, err
		}
		for _, p := range programs {
			if p.Version == "" {
				tried = append(tried, trial{Program: p})
				continue
			}
			began := time.Now()
			e, err := suites.New(suites.Options{Targets: []targets.Target{p.Target}, Seed: seed, Full: true})
			if err != nil {
				return nil, err
			}
			run := e.Run(ctx, nil)
			e.Close()
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			tried = append(tried, trial{p, run})
			fmt.Fprintf(os.Stderr, "%-24s %4d cases in %3.0f s\n", p.Name, len(run.Results), time.Since(began).Seconds())
		}
	}
	return tried, nil
}

// seed makes the payloads the same each time.
const seed = 1

// replay is the line that runs a case, or the cases of a pattern, alone.
func replay(p real.Program, pattern string) string {
	return fmt.Sprintf("faultwire run --config %s --target %s --run '%s' --seed %d", p.Config, p.Name, pattern, seed)
}
