package targets

import (
	"context"
	"maps"
	"net"
	"regexp"
	"slices"

	"github.com/faultwire/faultwire/fixtures"
)

// NewGateway makes a gateway in this process: an HTTP server that has no page of its own, and asks the server behind it, the origin, by
// connections that dial makes (RFC 9110 §3.7; "reverse proxy" is the same).
type NewGateway func(dial func(context.Context) (net.Conn, error)) Server

// originPlaceholder is by what a command is known to be a gateway.
var originPlaceholder = regexp.MustCompile(`(^|[^{])\{origin_[a-z]+\}`)

// IsGateway reports whether the target is a server that asks another: a Gateway, or a command that is told where that one is.
func (t *Target) IsGateway() bool {
	if t.Command == nil {
		return t.Gateway != nil
	}
	told := slices.Concat(t.Command.Args, slices.Collect(maps.Values(t.Command.Env)))
	return t.Role == ServerRole && slices.ContainsFunc(told, originPlaceholder.MatchString)
}

// startGateway starts the gateway before its origin.
func (t *Target) startGateway() (*Instance, error) {
	front := *t
	front.Server = t.Gateway(func(ctx context.Context) (net.Conn, error) {
		if t.Network != nil {
			return t.Network.Dial(ctx, t.Origin)
		}
		return new(net.Dialer).DialContext(ctx, "tcp", t.Origin)
	})
	return front.startServer()
}

// originValues are where the server behind a gateway is.
func (t *Target) originValues(v values) error {
	if t.Origin == "" {
		return nil
	}
	host, port, err := net.SplitHostPort(t.Origin)
	v["origin_host"], v["origin_port"], v["origin_addr"], v["origin_url"] = host, port, t.Origin, "http://"+t.Origin
	return err
}

// checkGateway says what is wrong with a gateway in this process.
func (t *Target) checkGateway() *ConfigError {
	if t.Gateway != nil && t.Protocol != fixtures.HTTPProtocol {
		return bad("protocol", "of a gateway is http")
	}
	return nil
}
