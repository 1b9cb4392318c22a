package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v3"

	"github.com/faultwire/faultwire/proxy/control"
	"github.com/faultwire/faultwire/reports"
)

// proxyOptions are what the proxy command is told: toxiproxy-server's flags, and ours.
type proxyOptions struct {
	host, port, config string
	seed               uint64
	lenient, version   bool
}

func proxyCommand() *cobra.Command {
	var o proxyOptions
	c := &cobra.Command{
		Use:   "proxy",
		Short: "Serve Toxiproxy's HTTP API on Faultwire's wire",
		Long: "Serve Toxiproxy's HTTP API, so that its clients work unchanged, on a wire that is exact: a FIN, a half-close and an RST\n" +
			"pass as they are, faults strike at a byte, a time or a match, and a seed repeats what it decided.\n\n" +
			"Beyond Toxiproxy's: PUT and GET /proxies/NAME/plan, GET /proxies/NAME/events?since=0&wait=2s, /proxies/NAME/trace.\n" +
			"What changes in tests that were written for Toxiproxy is told in proxy/control/MIGRATING.md.",
		Example: "  faultwire proxy\n  faultwire proxy -host 127.0.0.1 -port 8474 -config toxiproxy.json",
		Args:    noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			if o.version {
				fmt.Fprintf(c.OutOrStdout(), "faultwire proxy, compatible with toxiproxy-server version %s\n", control.Compatible)
				return nil
			}
			return o.serve(c.Context(), c.ErrOrStderr())
		},
	}
	f := c.Flags()
	f.SortFlags = false
	f.StringVar(&o.host, "host", "localhost", "`host` for the API to listen on")
	f.StringVar(&o.port, "port", "8474", "`port` for the API to listen on; 0 takes a free one")
	f.StringVar(&o.config, "config", "", "`file` with the proxies to make at the start: JSON as Toxiproxy's, or YAML")
	f.Uint64Var(&o.seed, "seed", 1, "what plans without a seed draw from")
	f.BoolVar(&o.lenient, "lenient", false, "warn where Toxiproxy accepts what Faultwire refuses: unknown attributes, a toxicity of 7, negative times")
	f.BoolVar(&o.version, "version", false, "print the version")
	return c
}

// singleDashed gives toxiproxy-server's flags, which have one dash, the two that ours have.
func singleDashed(args []string) []string {
	if len(args) == 0 || args[0] != "proxy" {
		return args
	}
	out := []string{"proxy"}
	for _, a := range args[1:] {
		if len(a) > 2 && a[0] == '-' && a[1] != '-' {
			a = "-" + a
		}
		out = append(out, a)
	}
	return out
}

// serve runs until ctx is done, which is how it is meant to end.
func (o *proxyOptions) serve(ctx context.Context, log io.Writer) error {
	say := func(format string, args ...any) { fmt.Fprintf(log, format+"\n", args...) }
	definitions, err := o.definitions()
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", net.JoinHostPort(o.host, o.port))
	if err != nil {
		return fmt.Errorf("the API: %w; choose another --host or --port", err)
	}
	remote := true
	if a, ok := l.Addr().(*net.TCPAddr); ok {
		remote = !a.IP.IsLoopback()
	}
	if remote {
		say("warning: the API listens on %s: other machines can reach it, and it has no password", l.Addr())
	}
	api := control.New(control.Options{Seed: o.seed, Lenient: o.lenient, Remote: remote, Warn: func(text string) { say("warning: %s", text) }})
	defer api.Close()
	made, err := api.Populate(definitions)
	if err != nil {
		_ = l.Close()
		return fmt.Errorf("%s: %w", o.config, err)
	}
	for _, p := range made {
		say("proxy %s: %s to %s", p.Name, p.Listen, p.Upstream)
	}
	server := &http.Server{Handler: api.Handler(), ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 15 * time.Second,
		BaseContext: func(net.Listener) context.Context { return ctx }}
	release := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer release()
	say("Toxiproxy's API on http://%s", l.Addr())
	if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return &ended{reports.ExitError, err}
	}
	return nil
}

// definitions reads the proxies to make at the start.
func (o *proxyOptions) definitions() ([]control.Definition, error) {
	if o.config == "" {
		return nil, nil
	}
	text, err := os.ReadFile(o.config)
	if err != nil {
		return nil, fmt.Errorf("--config: %w", err)
	}
	var document yaml.Node
	if err := yaml.Unmarshal(text, &document); err != nil { // JSON is YAML
		return nil, fmt.Errorf("%s: %w", o.config, err)
	}
	if len(document.Content) == 0 || document.Content[0].Kind != yaml.SequenceNode {
		return nil, fmt.Errorf("%s:1: expected a list of proxies: [{name: …, listen: …, upstream: …}]", o.config)
	}
	var all []control.Definition
	for _, n := range document.Content[0].Content {
		for i := 0; n.Kind == yaml.MappingNode && i < len(n.Content); i += 2 {
			switch key := n.Content[i]; key.Value {
			case "name", "listen", "upstream", "enabled", "toxics":
			default:
				return nil, fmt.Errorf("%s:%d: %s: unknown key; known are name, listen, upstream, enabled, toxics", o.config, key.Line, key.Value)
			}
		}
		var plain any
		var d control.Definition
		if err := n.Decode(&plain); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", o.config, n.Line, err)
		}
		asJSON, err := json.Marshal(plain)
		if err == nil {
			err = json.Unmarshal(asJSON, &d)
		}
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", o.config, n.Line, err)
		}
		all = append(all, d)
	}
	return all, nil
}
