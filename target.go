package main

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/reports"
	"github.com/faultwire/faultwire/targets"
	"github.com/faultwire/faultwire/targets/reference"
)

// defaultConfig is read if it is there and nothing else says what is tested.
const defaultConfig = "faultwire.yaml"

// targets are what is tested, as far as --target does not leave them out. Their programs are there.
func (o *options) targets() ([]targets.Target, error) {
	all, config, err := o.named()
	if err != nil {
		return nil, err
	}
	if all, err = chosen(all, o.only); err != nil {
		return nil, err
	}
	for _, t := range all {
		if t.Command == nil {
			continue
		}
		if _, err := t.Command.Find(); err != nil {
			return nil, located(err, config, t)
		}
	}
	return all, nil
}

// named are the targets that are given by flags, else by a configuration, which is then named, else Faultwire's own.
func (o *options) named() (all []targets.Target, config string, err error) {
	var flags []string
	for _, f := range o.given() {
		if f.Name != "config" {
			flags = append(flags, f.Name)
		}
	}
	config = o.config
	if _, err := os.Stat(defaultConfig); config == "" && len(flags) == 0 && !errors.Is(err, fs.ErrNotExist) {
		config = defaultConfig
	}
	switch {
	case len(flags) > 0 && config != "":
		err = fmt.Errorf("--%s and --config exclude each other: write it into %s, or leave --config out", flags[0], config)
	case len(flags) > 0:
		all, err = o.fromFlags(flags)
	case config != "":
		all, err = targets.Load(config)
	case o.requireTarget:
		err = &ended{reports.ExitNoVerdict, errNoTarget}
	default:
		o.selfTest = true
		all = reference.Targets(o.scale)
	}
	return all, config, err
}

// fromFlags makes targets of the flags, of which at least one is given.
func (o *options) fromFlags(flags []string) ([]targets.Target, error) {
	given := func(flag string) bool { return slices.Contains(flags, flag) }
	client, server := given("client"), given("server") || given("server-address")
	switch {
	case !client && !server:
		return nil, fmt.Errorf("--%s belongs to a target: give --client, --server or --server-address too, or write it into %s", flags[0], defaultConfig)
	case given("server") && given("server-address"):
		return nil, errors.New("--server and --server-address exclude each other: one server at a time; for more, write a " + defaultConfig)
	case given("name") && client && server:
		return nil, errors.New("--name is for one target: leave it out, or write a " + defaultConfig)
	}
	for _, flag := range flags {
		forServers := flag == "idle-timeout" || flag == "path" || flag == "read-timeout" && gateway(o.server)
		forClients := flag == "classify" || flag == "no-output" || flag == "session" || strings.HasSuffix(flag, "-timeout") && !forServers
		if forClients && !client || forServers && !server {
			return nil, fmt.Errorf("--%s is for a %s, and none is given; leave it out", flag, map[bool]string{true: "client", false: "server"}[forClients])
		}
	}
	var all []targets.Target
	if client {
		t, err := o.clientTarget(given("classify"))
		if err != nil {
			return nil, err
		}
		all = append(all, t)
	}
	if server {
		t, err := o.serverTarget(given("server"))
		if err != nil {
			return nil, err
		}
		all = append(all, t)
	}
	for _, t := range all {
		if err := t.Validate(); err != nil {
			return nil, located(err, "", t)
		}
	}
	return all, nil
}

// gateway reports whether the command is that of a gateway, which also waits for the server behind it.
func gateway(command string) bool {
	args, err := targets.SplitCommand(command)
	t := targets.Target{Role: targets.ServerRole, Command: &targets.Command{Args: args}}
	return err == nil && t.IsGateway()
}

func (o *options) clientTarget(classified bool) (targets.Target, error) {
	t := o.target(targets.ClientRole)
	t.Promises.Idle = 0
	args, err := targets.SplitCommand(o.client)
	if err != nil {
		return t, fmt.Errorf("--client: %w", err)
	}
	t.Command = &targets.Command{Args: args, NoOutput: o.noOutput, Session: o.session}
	if classified {
		known := false
		if t.Command.Classify, known = targets.Preset(o.classify); !known {
			return t, fmt.Errorf("--classify: unknown preset %q; known: %s", o.classify, strings.Join(targets.PresetNames(), ", "))
		}
	}
	return t, nil
}

func (o *options) serverTarget(command bool) (targets.Target, error) {
	t := o.target(targets.ServerRole)
	promised := t.Promises
	t.Promises = fixtures.Deadlines{Idle: promised.Idle}
	t.Address, t.Path = o.address, o.path
	if command {
		args, err := targets.SplitCommand(o.server)
		if err != nil {
			return t, fmt.Errorf("--server: %w", err)
		}
		t.Command = &targets.Command{Args: args}
	}
	if t.IsGateway() {
		t.Promises.Read = promised.Read
	}
	return t, nil
}

func (o *options) target(role targets.Role) targets.Target {
	return targets.Target{Name: cmp.Or(o.name, string(role)), Role: role, Protocol: fixtures.Protocol(o.protocol), TLS: o.tls, Promises: o.promises}
}

// chosen are the targets of these names, in their own order; without names all.
func chosen(all []targets.Target, names []string) ([]targets.Target, error) {
	if len(names) == 0 {
		return all, nil
	}
	var known []string
	for _, t := range all {
		known = append(known, t.Name)
	}
	for _, name := range names {
		if !slices.Contains(known, name) {
			return nil, fmt.Errorf("--target: no target is called %q; there are: %s", name, strings.Join(known, ", "))
		}
	}
	return slices.DeleteFunc(all, func(t targets.Target) bool { return !slices.Contains(names, t.Name) }), nil
}

// located says of a mistake in a target where it was made: in the configuration, or by which flag.
func located(err error, config string, t targets.Target) error {
	mistake, ok := errors.AsType[*targets.ConfigError](err)
	if !ok {
		return err
	}
	if config != "" {
		mistake.File, mistake.Key = config, "target "+t.Name+": "+mistake.Key
		return mistake
	}
	flag := mistake.Key
	if name, ok := strings.CutPrefix(flag, "timeouts."); ok {
		flag = name + "-timeout"
	}
	if flag == "command" {
		flag = string(t.Role)
	}
	if flag == "address" {
		flag = "server-address"
	}
	return fmt.Errorf("--%s: %s", flag, mistake.Msg)
}
