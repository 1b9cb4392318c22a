package main

import (
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/proxy/remote"
	"github.com/faultwire/faultwire/reports"
	"github.com/faultwire/faultwire/suites"
	"github.com/faultwire/faultwire/suites/cases"
	"github.com/faultwire/faultwire/targets"
)

// options are what run and list are told. They share every flag, so that the one lists what the other runs.
type options struct {
	client, server, address  string
	protocol, name, classify string
	noOutput, tls            bool
	path                     string
	session                  bool
	promises                 fixtures.Deadlines
	config                   string

	only          []string // --target
	patterns      []string // --run
	seed          uint64
	scale         float64
	shard         suites.Shard
	quick, full   bool
	strict        bool
	maxTime       time.Duration
	toxiproxy     string
	output        string
	catalogue     string
	evidence      string
	junit         string
	requireTarget bool
	look

	what     *pflag.FlagSet // the flags that say what is tested: those up to config
	selfTest bool           // nobody said what: Faultwire tests itself
	remote   *remote.Server // at toxiproxy; nil if the faults are our own
}

// bindTarget adds to c's flags those that say what is tested.
func (o *options) bindTarget(c *cobra.Command) {
	o.what = pflag.NewFlagSet("", pflag.ContinueOnError)
	o.what.StringVar(&o.client, "client", "", "the `command` of a client to test: 'python3 client.py {host} {port}'")
	o.what.StringVar(&o.server, "server", "", "the `command` of a server to test: './server --port {port}'")
	o.what.StringVar(&o.address, "server-address", "", "a server to test that is running already, at `host:port`")
	o.what.StringVar(&o.protocol, "protocol", string(fixtures.EchoProtocol), "the `protocol`: echo, framed (each message behind its length in four bytes), line (before an LF), http, or udp (a datagram each)")
	o.what.BoolVar(&o.tls, "tls", false, "under the protocol there is TLS: {ca_file} is what to trust, {cert_file} and {key_file} what a server shows")
	o.what.StringVar(&o.path, "path", "", "where the page is that a server serves, of http: a `path` (default /)")
	o.what.StringVar(&o.name, "name", "", "the `name` that reports give the target (default client or server)")
	o.what.DurationVar(&o.promises.Connect, "connect-timeout", 0, "what the client promises: longest wait for a connection")
	o.what.DurationVar(&o.promises.Read, "read-timeout", 0, "what the client promises, or a gateway: longest silence it accepts")
	o.what.DurationVar(&o.promises.Write, "write-timeout", 0, "what the client promises: longest time a write may block")
	o.what.DurationVar(&o.promises.Total, "total-timeout", 0, "what the client promises: longest exchange, all in all")
	o.what.DurationVar(&o.promises.Idle, "idle-timeout", 0, "what the server promises: longest silence of a client")
	o.what.StringVar(&o.classify, "classify", "", "what the client's exit codes and stderr mean, by `preset`: curl, wget, python, go, node or java")
	o.what.BoolVar(&o.noOutput, "no-output", false, "the client does not print what it received")
	o.what.BoolVar(&o.session, "session", false, "the client plays several exchanges, asked for on its stdin; see the README")
	o.what.StringVar(&o.config, "config", "", "`file` with the targets (default faultwire.yaml, if there is one)")

	f := c.Flags()
	f.SortFlags = false
	o.what.SortFlags = false
	f.AddFlagSet(o.what)
	f.StringArrayVar(&o.only, "target", nil, "only the target of this `name`; may be repeated")
	if err := c.RegisterFlagCompletionFunc("target", o.targetNames); err != nil {
		panic(err) // there is no such flag
	}
	completed(c, "protocol", protocols())
	completed(c, "classify", targets.PresetNames())
}

// completed has the shell complete the flag by the words.
func completed(c *cobra.Command, flag string, words []string) {
	if err := c.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp)); err != nil {
		panic(err) // there is no such flag
	}
}

// bind adds the flags to c's.
func (o *options) bind(c *cobra.Command) {
	o.bindTarget(c)
	f := c.Flags()
	f.StringArrayVar(&o.patterns, "run", nil, "only cases of this ID or `pattern` (* within a segment, ** across); may be repeated")
	f.Uint64Var(&o.seed, "seed", 0, "a `number` that payloads and faults follow from: the same seed, the same run (default random)")
	f.Float64Var(&o.scale, "time-scale", 1, "a `factor` on built-in deadlines, patience and graces, for slow machines; declared deadlines stay")
	f.Var(&o.shard, "shard", "only this `part` of the run, such as 2/8: all eight together, on as many machines, are the whole; see report merge")
	f.BoolVar(&o.quick, "quick", false, "only the most important cases")
	f.BoolVar(&o.full, "full", false, "the long cases too")
	f.BoolVar(&o.strict, "strict", false, "a recommendation (SHOULD) that is not kept fails the run")
	f.DurationVar(&o.maxTime, "max-time", 0, "begin no case after this `time`; what was not run is skipped, and said to be")
	f.StringVar(&o.toxiproxy, "toxiproxy", "", "put the faults on the Toxiproxy server whose API is at this `URL`; cases that need more are skipped")
	f.StringVar(&o.output, "output", reports.DefaultFolder, "the report's `folder`")
	f.StringVar(&o.catalogue, "catalogue", "", "the catalogue's `version` that gates: what is newer only warns (default the latest)")
	f.StringVar(&o.evidence, "evidence", reports.EvidenceFailures, "of `what` the evidence is kept: failures, or all")
	f.StringVar(&o.junit, "junit", reports.JUnitPlain, "the `form` of junit.xml: junit-10, or extended by what GitLab, action-junit-report and Buildkite read")
	f.BoolVar(&o.requireTarget, "require-target", false, "exit 3 if no target is given, instead of testing Faultwire itself")
	completed(c, "run", ids())
	completed(c, "catalogue", suites.CatalogueVersions())
	completed(c, "evidence", evidences)
	completed(c, "junit", junits)
	o.look.bind(c)
}

// A look is how a command shows what it found.
type look struct {
	color          string
	verbose, quiet bool
}

// bind adds the flags to c's.
func (l *look) bind(c *cobra.Command) {
	l.bindColor(c)
	c.Flags().BoolVarP(&l.verbose, "verbose", "v", false, "say each pair as it ends")
	c.Flags().BoolVarP(&l.quiet, "quiet", "q", false, "say only what failed, and the last line")
}

func (l *look) bindColor(c *cobra.Command) {
	colors := []string{"auto", "always", "never"}
	c.Flags().StringVar(&l.color, "color", colors[0], "colours: `when`, of auto (at a terminal, and not with NO_COLOR), always, never")
	completed(c, "color", colors)
}

// check refuses what cannot be meant.
func (l *look) check() error {
	switch {
	case l.color != "auto" && l.color != "always" && l.color != "never":
		return fmt.Errorf("--color: %q is none of auto, always and never", l.color)
	case l.verbose && l.quiet:
		return errors.New("--verbose and --quiet exclude each other")
	}
	return nil
}

// at is the look at out. folder is where the report is, if it is anywhere.
func (l *look) at(out io.Writer, folder string) reports.Look {
	return reports.Look{Width: width(out), Color: coloured(out, l.color), Folder: folder, Quiet: l.quiet}
}

// given are the flags that say what is tested, as far as they were given.
func (o *options) given() (all []*pflag.Flag) {
	o.what.VisitAll(func(f *pflag.Flag) {
		if f.Changed {
			all = append(all, f)
		}
	})
	return all
}

func protocols() (all []string) {
	for _, p := range fixtures.Protocols() {
		all = append(all, string(p))
	}
	return all
}

// ids are the IDs of the catalogue.
func ids() (all []string) {
	for _, c := range cases.All() {
		all = append(all, c.ID)
	}
	return all
}

// engine is the engine for what the flags ask, and its targets. The caller closes it.
func (o *options) engine(c *cobra.Command) (*suites.Engine, []targets.Target, error) {
	if !(o.scale > 0) || math.IsInf(o.scale, 0) {
		return nil, nil, fmt.Errorf("--time-scale: %g stretches nothing; write a number above 0, such as 3", o.scale)
	}
	if c.Flags().Changed("max-time") && o.maxTime <= 0 {
		return nil, nil, fmt.Errorf("--max-time: in %v nothing can be run; write a time such as 60s", o.maxTime)
	}
	if o.quick && o.full {
		return nil, nil, errors.New("--quick and --full exclude each other")
	}
	if err := errors.Join(o.look.check(), o.checkReport()); err != nil {
		return nil, nil, err
	}
	if !c.Flags().Changed("seed") {
		o.seed = uint64(rand.Uint32()) // short enough to be typed again
	}
	under, err := o.targets()
	if err != nil {
		return nil, nil, err
	}
	if c.Flags().Changed("toxiproxy") {
		if o.remote, err = remote.New(o.toxiproxy); err != nil {
			return nil, nil, fmt.Errorf("--toxiproxy: %w", err)
		}
	}
	e, err := suites.New(suites.Options{
		Targets: under, Patterns: o.patterns, Seed: o.seed, Scale: o.scale, Shard: o.shard, Quick: o.quick, Full: o.full, Strict: o.strict,
		MaxTime: o.maxTime, Catalogue: o.catalogue, Toxiproxy: o.remote, Replay: o.replay(len(under) > 1),
	})
	return e, under, err
}

// withTarget is the command and what it is given, with the target as it was given here.
func (o *options) withTarget(command ...string) []string {
	line := append([]string{"faultwire"}, command...)
	for _, f := range o.given() {
		switch f.Value.String() {
		case "true":
			line = append(line, "--"+f.Name)
		case "false":
		default:
			line = append(line, "--"+f.Name, f.Value.String())
		}
	}
	return line
}

// replay makes the line that runs one pair alone: the target as it was given, the case, the seed.
func (o *options) replay(several bool) func(suites.Pair, uint64) string {
	given := o.withTarget("run")
	return func(p suites.Pair, seed uint64) string {
		line := slices.Clone(given)
		if several {
			line = append(line, "--target", p.Target.Name)
		}
		if p.Case.ID != "control" { // the control leads every run, whatever else is in it
			line = append(line, "--run", p.Case.ID)
		}
		line = append(line, "--seed", strconv.FormatUint(seed, 10))
		if o.scale != 1 {
			line = append(line, "--time-scale", strconv.FormatFloat(o.scale, 'g', -1, 64))
		}
		if o.strict {
			line = append(line, "--strict")
		}
		if o.catalogue != "" {
			line = append(line, "--catalogue", o.catalogue)
		}
		if o.toxiproxy != "" {
			line = append(line, "--toxiproxy", o.toxiproxy)
		}
		return targets.JoinCommand(line)
	}
}

// noArguments refuses what is most likely a command or a pattern that lacks its flag.
func noArguments(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return fmt.Errorf("%s takes flags only, not %q; a command goes in quotes, --client '%s …', a case goes with --run", c.Name(), args[0], args[0])
}

var errNoTarget = errors.New("no target is given; name one with --client, --server or --server-address, or in faultwire.yaml")
