package main

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/faultwire/faultwire/reports"
	"github.com/faultwire/faultwire/suites"
	"github.com/faultwire/faultwire/targets"
	"github.com/faultwire/faultwire/targets/reference"
)

func replayCommand() *cobra.Command {
	var (
		o     options
		count int
	)
	c := &cobra.Command{
		Use:   "replay FILE",
		Short: "Replay a failure from its repro.yaml, and say how often it shows",
		Long: "Replay a failure from its repro.yaml, one of a run's or of a hunt's: the same exchange, seed and faults, as often as --count says. The\n" +
			"file names no command: what is tested you name, by flags or in faultwire.yaml, under the name that the file has. Exit 1 means that the\n" +
			"failure showed.",
		Example: "  faultwire replay faultwire-report/cases/my-client/tcp.timeout.drip/repro.yaml --count 20\n" +
			"  faultwire replay repro.yaml --client 'python3 client.py {host} {port}' --read-timeout 500ms",
		Args: oneFile("replay"),
		RunE: func(c *cobra.Command, args []string) error { return o.replayFile(c, args[0], count) },
	}
	o.bindTarget(c)
	c.Flags().IntVar(&count, "count", 5, "how `often`")
	return c
}

// replayFile replays the file and says what came of it.
func (o *options) replayFile(c *cobra.Command, file string, count int) error {
	if count < 1 {
		return fmt.Errorf("--count: %d times is not at all; write 1 or more", count)
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
	t := tally{repro: r}
	for t.failed == nil && t.judged+t.void < count {
		result := e.Result(c.Context(), pair)
		if c.Context().Err() != nil {
			return &ended{reports.ExitInterrupted, nil}
		}
		t.count(result)
	}
	return t.end(c, pair)
}

// reproduced is the repro of a file, and the engine with its one target. The caller closes it.
func (o *options) reproduced(file string) (*suites.Repro, *suites.Engine, error) {
	text, err := readBounded(file)
	if err != nil {
		return nil, nil, err
	}
	r, err := suites.ParseRepro(file, text)
	if err != nil {
		return nil, nil, err
	}
	o.patterns, o.scale, o.seed = r.Patterns(), r.Scale, r.Seed
	under, err := o.replayed(file, r)
	if err != nil {
		return nil, nil, err
	}
	e, err := suites.New(suites.Options{Targets: []targets.Target{under}, Patterns: o.patterns, Seed: r.Seed, Scale: r.Scale, Full: true})
	return r, e, err
}

// replayed is the target that the file is about, as the user names it.
func (o *options) replayed(file string, r *suites.Repro) (targets.Target, error) {
	var all []targets.Target
	var err error
	built := strings.HasPrefix(r.Target, "reference-") && len(o.given()) == 0
	if built {
		all = reference.Targets(r.Scale)
	} else {
		if all, _, err = o.named(); err != nil {
			return targets.Target{}, err
		}
		if len(o.only) == 0 && slices.ContainsFunc(all, func(t targets.Target) bool { return t.Name == r.Target }) {
			o.only = []string{r.Target} // no matter what else is configured, and whether its program is there
		}
		if all, err = o.targets(); err != nil {
			return targets.Target{}, err
		}
	}
	if !built && o.selfTest {
		return targets.Target{}, fmt.Errorf("%s is about %s, and names no command: give it with --client or --server, or in %s", file, r.About(), defaultConfig)
	}
	var fit []targets.Target
	for _, t := range all {
		if t.Name == r.Target {
			fit = []targets.Target{t}
			break
		}
		if t.Role == r.Role && string(t.Protocol) == r.Protocol && t.TLS == r.TLS {
			fit = append(fit, t)
		}
	}
	if len(fit) != 1 {
		return targets.Target{}, fmt.Errorf("%s is about %s; %d of the targets given could be it: name one so, or choose with --target", file, r.About(), len(fit))
	}
	t := fit[0]
	if t.Role != r.Role || string(t.Protocol) != r.Protocol || t.TLS != r.TLS {
		return targets.Target{}, fmt.Errorf("%s is about %s; the target of that name is %s: take another with --target, or correct the file",
			file, r.About(), suites.About(&t))
	}
	t.KnownFailures = nil // known or not, it is to be seen
	return t, nil
}

// readBounded reads a file of modest size.
func readBounded(file string) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("cannot read the file: %w", err)
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, 2<<20))
}
