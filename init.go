package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/reports"
	"github.com/faultwire/faultwire/targets"
)

// A blueprint is what init makes a configuration of.
type blueprint struct {
	name, role, protocol string
	command, address     string
	classify             string
	session, tls         bool
	promises             fixtures.Deadlines
	output               string
	force                bool
}

func initCommand() *cobra.Command {
	var b blueprint
	c := &cobra.Command{
		Use:   "init",
		Short: "Write a faultwire.yaml to begin with",
		Long: "Write a faultwire.yaml to begin with, with a comment to each key. At a terminal it asks for what the flags do " +
			"not say; anywhere\n" +
			"else --role and --command, or --address, are needed.",
		Example: "  faultwire init\n  faultwire init --role client --command 'python3 client.py {host} {port}' --read-timeout 500ms",
		Args:    noArguments,
		RunE:    func(c *cobra.Command, _ []string) error { return b.write(c) },
	}
	f := c.Flags()
	f.SortFlags = false
	roles := []string{string(targets.ClientRole), string(targets.ServerRole), string(targets.PeerRole)}
	f.StringVar(&b.role, "role", "", "the side that is yours: `client`, server, or peer, which is both")
	f.StringVar(&b.command, "command", "", "the `command` to test: 'python3 client.py {host} {port}'")
	f.StringVar(&b.address, "address", "", "of a server that is running already, instead: `host:port`")
	f.StringVar(&b.protocol, "protocol", string(fixtures.EchoProtocol), "the `protocol`: "+strings.Join(startable(), ", "))
	f.StringVar(&b.name, "name", "", "the `name` that reports give it (default my-client, my-server or my-peer)")
	f.StringVar(&b.classify, "classify", "", "what a client's exit codes and stderr mean, by `preset`: "+strings.Join(targets.PresetNames(), ", "))
	f.BoolVar(&b.session, "session", false, "the client plays several exchanges, asked for on its stdin")
	f.BoolVar(&b.tls, "tls", false, "under the protocol there is TLS")
	f.DurationVar(&b.promises.Connect, "connect-timeout", 0, "what a client promises: longest wait for a connection")
	f.DurationVar(&b.promises.Read, "read-timeout", 0, "what a client promises: longest silence it accepts")
	f.DurationVar(&b.promises.Write, "write-timeout", 0, "what a client promises: longest time a write may block")
	f.DurationVar(&b.promises.Total, "total-timeout", 0, "what a client promises: longest exchange, all in all")
	f.DurationVar(&b.promises.Idle, "idle-timeout", 0, "what a server promises: longest silence of a client")
	f.StringVar(&b.output, "output", defaultConfig, "the `file` to write")
	f.BoolVar(&b.force, "force", false, "write it though it is there already")
	completed(c, "role", roles)
	completed(c, "protocol", startable())
	completed(c, "classify", targets.PresetNames())
	return c
}

// startable are the protocols that need no more said than their name.
func startable() []string {
	return slices.DeleteFunc(protocols(), func(p string) bool { return p == string(fixtures.ConversationProtocol) })
}

// inWords are protocols with what each means.
func inWords(names []string) string {
	means := map[fixtures.Protocol]string{
		fixtures.EchoProtocol: "every byte comes back", fixtures.FramedProtocol: "each message behind its length in four bytes",
		fixtures.LineProtocol: "each ends with an LF",
	}
	var all []string
	for _, name := range names {
		if said := means[fixtures.Protocol(name)]; said != "" {
			name += " (" + said + ")"
		}
		all = append(all, name)
	}
	return strings.Join(all, ", ")
}

// contract is what is expected of the target, in a few lines.
func (b *blueprint) contract() []string {
	switch {
	case b.session || b.role == string(targets.PeerRole):
		return []string{"Asked by a JSON line on its stdin for each exchange, it answers with one on stdout: " +
			"targets/examples/session has both."}
	case b.role == string(targets.ServerRole):
		return []string{"The server listens on {host} and {port} until SIGTERM, and serves many clients at once."}
	case b.protocol == string(fixtures.HTTPProtocol):
		return []string{"The client is run once for each exchange: it asks for {url}, writes the content of the reply to " +
			"stdout, and exits with 0.", nonZero}
	}
	return []string{"The client is run once for each exchange: it connects, sends what stdin holds, writes what it receives to " +
		"stdout, and exits with 0.", nonZero}
}

const nonZero = "If that fails it exits with another code. Whatever else it has to say belongs on stderr."

func (b *blueprint) write(c *cobra.Command) error {
	if b.address != "" && b.command != "" {
		return errors.New("--address and --command exclude each other: Faultwire starts a command, and what is at an address runs already")
	}
	if _, err := os.Lstat(b.output); err == nil && !b.force {
		return fmt.Errorf("%s is there already; name another --output, or overwrite it with --force", b.output)
	}
	if b.protocol == string(fixtures.ConversationProtocol) {
		return errors.New("--protocol: a conversation needs more said than a flag can: copy one of " +
			"targets/examples/conversation, as the README tells")
	}
	if in, ok := c.InOrStdin().(*os.File); ok && term.IsTerminal(int(in.Fd())) {
		if err := b.ask(c, in); err != nil {
			return err
		}
	}
	switch {
	case b.role == "":
		return errors.New("--role is missing: is yours the client, the server, or a peer?")
	case b.command == "" && b.address == "":
		return errors.New("--command is missing: how is yours started? Of a server that is running already say --address")
	}
	text, err := b.yaml()
	if err != nil {
		return err
	}
	under, err := b.check(text)
	if err != nil {
		return err
	}
	if err := b.save(text); err != nil {
		return err
	}
	out := c.OutOrStdout()
	fmt.Fprintf(out, "Wrote %s.\n", b.output)
	for _, note := range notes(under) {
		fmt.Fprintf(out, "Note: %s\n", note)
	}
	next := []string{"faultwire", "run"}
	if b.output != defaultConfig {
		next = append(next, "--config", b.output)
	}
	fmt.Fprintf(out, "Next: %s --quick\n", targets.JoinCommand(next))
	return nil
}

// ask asks for what the flags have not said.
func (b *blueprint) ask(c *cobra.Command, in io.Reader) error {
	lines, out := bufio.NewScanner(in), c.ErrOrStderr()
	ask := func(to *string, flag, question, standard string) error {
		if c.Flags().Changed(flag) {
			return nil
		}
		if standard != "" {
			question += " [" + standard + "]"
		}
		fmt.Fprintf(out, "%s ", question)
		if !lines.Scan() {
			fmt.Fprintln(out)
			return errors.New("init: nothing was written")
		}
		if *to = strings.TrimSpace(lines.Text()); *to == "" {
			*to = standard
		}
		return nil
	}
	if err := ask(&b.role, "role", "Which side is yours: client, server or peer?", "client"); err != nil {
		return err
	}
	if err := ask(&b.protocol, "protocol", "What does it speak: "+inWords(startable())+"?", b.protocol); err != nil {
		return err
	}
	if b.address == "" {
		if err := ask(&b.command, "command", "How is it started? {host} and {port} stand for where the other side is, or where "+
			"it is to listen:", ""); err != nil {
			return err
		}
	}
	deadlines := []struct {
		flag, question string
		to             *time.Duration
	}{{"read-timeout", "How long does it wait in silence, at most (500ms; empty if that is not known)?", &b.promises.Read}}
	if b.role == string(targets.ServerRole) {
		deadlines[0].flag, deadlines[0].question, deadlines[0].to = "idle-timeout",
			"After how long does it close a silent client's connection (2s; empty if it does not)?", &b.promises.Idle
	}
	for _, d := range deadlines {
		var said string
		if err := ask(&said, d.flag, d.question, ""); err != nil {
			return err
		}
		if said == "" {
			continue
		}
		var err error
		if *d.to, err = time.ParseDuration(said); err != nil {
			return fmt.Errorf("%q is no time; write a number and a unit, such as 500ms or 2s", said)
		}
	}
	return nil
}

// yaml is the configuration, with comments.
func (b *blueprint) yaml() ([]byte, error) {
	var text bytes.Buffer
	say := func(format string, args ...any) { fmt.Fprintf(&text, format+"\n", args...) }
	name := b.name
	if name == "" {
		name = "my-" + b.role
	}
	client, server := b.role != string(targets.ServerRole), b.role != string(targets.ClientRole)
	asks := client || gateway(b.command)
	say("# What Faultwire tests. All keys are in its README; a run is: faultwire run")
	for _, line := range b.contract() {
		say("# %s", line)
	}
	say("targets:")
	say("- name: %s", scalar(name))
	say("  role: %s   # the side that is yours", scalar(b.role))
	say("  protocol: %s   # of %s, or conversation: the README says what each is", scalar(b.protocol), strings.Join(startable(), ", "))
	if b.address != "" {
		say("  address: %s   # where it is running", scalar(b.address))
	} else {
		args, err := targets.SplitCommand(b.command)
		if err != nil {
			return nil, fmt.Errorf("--command: %w", err)
		}
		for i := range args {
			args[i] = scalar(args[i])
		}
		say("  command: [%s]   # started in this file's folder; the same stands in its environment: FAULTWIRE_HOST, "+
			"FAULTWIRE_PORT", strings.Join(args, ", "))
	}
	if b.tls {
		say("  tls: true   # trust {ca_file}, or show {cert_file}, whose key is {key_file}")
	}
	if b.session || b.role == string(targets.PeerRole) {
		say("  session: true   # asked on its stdin for one exchange after the other")
	}
	if b.classify != "" {
		say("  classify: %s   # what its exit codes and its stderr mean", scalar(b.classify))
	} else if client && !b.session && b.role != string(targets.PeerRole) {
		say("  # classify: python   # if it exits otherwise than with 0 complete, 10 timeout, 11 reset, 12 closed too early, 13 " +
			"refused; also curl, wget, go, node, java")
	}
	say("  timeouts:   # what it promises; what is not declared is hardly judged")
	declared := false
	for _, d := range []struct {
		key, means, example string
		apt                 bool
		value               time.Duration
	}{
		{"connect", "longest wait for a connection", "500ms", client, b.promises.Connect},
		{"read", "longest silence it accepts", "500ms", asks, b.promises.Read},
		{"write", "longest time a write may block", "500ms", client, b.promises.Write},
		{"total", "longest exchange, all in all", "2s", client, b.promises.Total},
		{"idle", "longest silence of a client", "600ms", server, b.promises.Idle},
	} {
		switch {
		case d.value != 0 && !d.apt:
			return nil, fmt.Errorf("--%s-timeout is nothing that a %s promises; leave it out", d.key, b.role)
		case d.value != 0:
			declared = true
			say("    %s: %s   # %s", d.key, d.value, d.means)
		case d.apt:
			say("    # %s: %s   # %s", d.key, d.example, d.means)
		}
	}
	if !declared { // a key without a value is a mistake
		return bytes.Replace(text.Bytes(), []byte("  timeouts:"), []byte("  # timeouts:"), 1), nil
	}
	return text.Bytes(), nil
}

// check refuses what is no configuration, and says what target it is of.
func (b *blueprint) check(text []byte) (*targets.Target, error) {
	trial, err := os.CreateTemp(filepath.Dir(b.output), ".faultwire-*.yaml") // in the same folder: commands are looked for from there
	if err != nil {
		return nil, &ended{reports.ExitError, fmt.Errorf("cannot write %s: %w", b.output, err)}
	}
	defer os.Remove(trial.Name())
	_, err = trial.Write(text)
	if err = errors.Join(err, trial.Close()); err != nil {
		return nil, &ended{reports.ExitError, err}
	}
	all, err := targets.Load(trial.Name())
	if mistake, ok := errors.AsType[*targets.ConfigError](err); ok {
		_, key, _ := strings.Cut(mistake.Key, ".") // behind targets[0]
		if deadline, of := strings.CutPrefix(key, "timeouts."); of {
			key = deadline + "-timeout"
		}
		return nil, fmt.Errorf("--%s: %s", key, mistake.Msg)
	}
	if err != nil {
		return nil, err
	}
	return &all[0], nil
}

// save writes the file.
func (b *blueprint) save(text []byte) error {
	how := os.O_WRONLY | os.O_CREATE | os.O_EXCL
	if b.force {
		how = os.O_WRONLY | os.O_CREATE | os.O_TRUNC
	}
	file, err := os.OpenFile(b.output, how, 0o666)
	if err != nil {
		return &ended{reports.ExitError, err}
	}
	_, err = file.Write(text)
	if err = errors.Join(err, file.Close()); err != nil {
		return &ended{reports.ExitError, err}
	}
	return nil
}

// notes are what is likely to be missing yet.
func notes(t *targets.Target) (all []string) {
	c := t.Command
	if c == nil {
		return nil
	}
	if _, err := c.Find(); err != nil {
		var mistake *targets.ConfigError
		if errors.As(err, &mistake) {
			all = append(all, mistake.Msg)
		}
	}
	line := strings.Join(c.Args, " ")
	if !slices.ContainsFunc([]string{"{port}", "{addr}", "{url}", "{listen_port}"}, func(p string) bool { return strings.Contains(line, p) }) {
		all = append(all, "nothing in the command says where to connect or to listen: put {host} and {port} among its "+
			"arguments, or read FAULTWIRE_HOST and FAULTWIRE_PORT")
	}
	return all
}
