package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"regexp"
	"strings"
	"sync"

	"github.com/faultwire/faultwire/proxy"
)

// An upstream is a server that the command uses, behind a wire.
type upstream struct {
	name  string
	addr  string // host:port
	plan  proxy.Plan
	relay *proxy.Relay
}

type upstreams []*upstream

// An upstream's name is part of a file's, a variable's and a placeholder's.
var upstreamName = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,62}$`)

// wires are the upstreams and their plans, as the flags have them.
func (t *trial) wires() (upstreams, error) {
	var all upstreams
	variables := map[string]string{} // whose they are
	for _, given := range t.upstreams {
		u, err := parseUpstream(given)
		if err != nil {
			return nil, err
		}
		if other := variables[u.variable()]; other == u.name {
			return nil, fmt.Errorf("--upstream: %q is given twice; give each upstream a name of its own", u.name)
		} else if other != "" {
			return nil, fmt.Errorf("--upstream: %q and %q would share the variable %sADDR; rename one", other, u.name, u.variable())
		}
		variables[u.variable()] = u.name
		all = append(all, u)
	}
	if len(all) == 0 {
		return nil, errors.New("--upstream: none is given; name a server that the command uses, such as --upstream db=127.0.0.1:5432")
	}
	planned := map[*upstream]bool{}
	for _, given := range t.plans {
		u, file, err := all.planned(given)
		if err != nil {
			return nil, err
		}
		if planned[u] {
			return nil, fmt.Errorf("--plan: %s has one already; write all of its faults into one file", u.name)
		}
		planned[u] = true
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("--plan: %w; correct its path", err)
		}
		if u.plan, err = proxy.ParsePlan(file, text); err != nil {
			return nil, err
		}
	}
	for _, u := range all {
		if t.seeded {
			u.plan.Seed = t.seed
		}
		if u.plan.Faults == nil {
			u.plan.Faults = []proxy.Fault{} // null is no plan
		}
	}
	return all, nil
}

func parseUpstream(given string) (*upstream, error) {
	name, addr, _ := strings.Cut(given, "=")
	if !upstreamName.MatchString(name) {
		return nil, fmt.Errorf("--upstream: %q is no NAME=HOST:PORT with a name of lower-case letters, digits, - and _; write --upstream db=127.0.0.1:5432", given)
	}
	host, port, err := net.SplitHostPort(addr)
	if err == nil && host == "" {
		err = errors.New("the host is missing")
	}
	if err == nil {
		var n int
		if n, err = net.LookupPort("tcp", port); err == nil && n == 0 {
			err = errors.New("nothing can listen on port 0")
		}
	}
	if err != nil {
		return nil, fmt.Errorf("--upstream: %s: %q is no HOST:PORT: %w; write %s=127.0.0.1:5432", name, addr, err, name)
	}
	return &upstream{name: name, addr: addr}, nil
}

// planned says for which upstream a plan is given, and its file.
func (all upstreams) planned(given string) (*upstream, string, error) {
	var names []string
	for _, u := range all {
		names = append(names, u.name)
		if file, ok := strings.CutPrefix(given, u.name+"="); ok {
			return u, file, nil
		}
	}
	if len(all) == 1 {
		return all[0], given, nil
	}
	return nil, "", fmt.Errorf("--plan: %q is for which upstream? Write NAME=FILE with one of %s", given, strings.Join(names, ", "))
}

// listen starts the relays.
func (all upstreams) listen() (err error) {
	for _, u := range all {
		if u.relay, err = proxy.Listen(proxy.Config{Upstream: u.addr, Plan: u.plan}); err != nil {
			return fmt.Errorf("the wire to %s: %w", u.name, err)
		}
	}
	return nil
}

func (all upstreams) close() {
	for _, u := range all {
		if u.relay != nil {
			_ = u.relay.Close() // nobody is left to connect
		}
	}
}

// quiet waits until nothing is under way any more, but not for what a fault holds.
func (all upstreams) quiet() {
	ctx, cancel := context.WithTimeout(context.Background(), quietTime)
	defer cancel()
	var waiting sync.WaitGroup
	for _, u := range all {
		waiting.Go(func() { _ = u.relay.Quiet(ctx) })
	}
	waiting.Wait()
}

// variable is how the upstream's variables begin.
func (u *upstream) variable() string {
	return "FAULTWIRE_" + strings.ToUpper(strings.ReplaceAll(u.name, "-", "_")) + "_"
}

// values are what the placeholders stand for.
func (all upstreams) values() map[string]string {
	v := map[string]string{}
	for _, u := range all {
		addr := u.relay.Addr().String()
		host, port, _ := net.SplitHostPort(addr) // the relay's own: it has both
		v[u.name], v[u.name+".host"], v[u.name+".port"] = addr, host, port
	}
	return v
}

// environment is the command's: the inherited one, the addresses of the wires, and the variables given.
func (all upstreams) environment(given []string) ([]string, error) {
	env, v := os.Environ(), all.values()
	var known []string
	for _, u := range all {
		env = append(env, u.variable()+"ADDR="+v[u.name], u.variable()+"HOST="+v[u.name+".host"], u.variable()+"PORT="+v[u.name+".port"])
		known = append(known, "{"+u.name+"}", "{"+u.name+".host}", "{"+u.name+".port}")
	}
	for _, pair := range given {
		name, value, ok := strings.Cut(pair, "=")
		if !ok || name == "" {
			return nil, fmt.Errorf("--env: %q is no NAME=VALUE", pair)
		}
		value, unknown := fill(value, v, true)
		if unknown != "" {
			return nil, fmt.Errorf("--env: %s: unknown placeholder %s; known: %s; the text itself is written {%s}", name, unknown,
				strings.Join(known, " "), unknown)
		}
		env = append(env, name+"="+value)
	}
	return env, nil
}

// fillAll fills the placeholders in arguments. Other braces may be the command's own: a shell's, or JSON's.
func (all upstreams) fillAll(args []string) (filled []string) {
	v := all.values()
	for _, arg := range args {
		arg, _ = fill(arg, v, false)
		filled = append(filled, arg)
	}
	return filled
}

var tryPlaceholder = regexp.MustCompile(`\{[a-z][a-z0-9_-]*(\.[a-z]+)?\}|\{\{[a-z][a-z0-9_-]*(\.[a-z]+)?\}\}`)

// fill fills the known placeholders in, and names the first that is not known. Of what is not known {{name}} loses its outer
// braces only if all braces in s are ours.
func fill(s string, values map[string]string, ours bool) (filled, unknown string) {
	filled = tryPlaceholder.ReplaceAllStringFunc(s, func(found string) string {
		name, literal := strings.Trim(found, "{}"), strings.HasPrefix(found, "{{")
		value, known := values[name]
		switch {
		case literal && (known || ours):
			return "{" + name + "}"
		case known:
			return value
		case !literal && unknown == "":
			unknown = found
		}
		return found
	})
	return filled, unknown
}
