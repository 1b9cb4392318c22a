package suites

import (
	"slices"

	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/proxy"
	"github.com/faultwire/faultwire/suites/cases"
	"github.com/faultwire/faultwire/targets"
)

// security is what the reference side speaks TLS with; nil if the target does not.
func security(t *targets.Target, c cases.Case) *fixtures.Security {
	if !t.TLS {
		return nil
	}
	return &fixtures.Security{Credentials: t.Credentials, Certificate: c.Shown}
}

// throughTLS reports whether the case means under TLS what it means without. Faults at bytes do not: those of the stream are records
// then, and the handshake's come first. Nor does one direction end alone, nor is it sure what a deadline covers before there is
// a secure connection.
func throughTLS(c cases.Case, t *targets.Target) bool {
	if c.Theme() == "tls" {
		return true
	}
	faults := c.Faults(effective(t.Promises, 1), t)
	if len(faults) > 0 && c.Timed && c.Deadline != "" && c.Deadline != fixtures.ConnectDeadline {
		return false
	}
	for _, f := range faults {
		if f.Trigger != nil || !slices.Contains(indifferent, f.Type) || f.Attributes["at"] > 0 {
			return false
		}
	}
	for _, conn := range c.Exchange.Conns {
		for _, step := range conn.Steps {
			if step.Do == fixtures.ActCloseWrite {
				return false
			}
		}
	}
	return true
}

// indifferent are the faults that do not care what flows.
var indifferent = []string{
	proxy.Latency(0, 0).Type, proxy.Bandwidth(1).Type, proxy.Refuse().Type, proxy.ConnectBlackhole().Type, proxy.AcceptThenReset().Type, proxy.AcceptThenClose().Type, proxy.AcceptDelay(0).Type,
}
