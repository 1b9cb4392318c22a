package suites

import (
	"context"
	"errors"

	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/proxy"
	"github.com/faultwire/faultwire/proxy/remote"
	"github.com/faultwire/faultwire/suites/cases"
	"github.com/faultwire/faultwire/targets"
)

// beyondToxiproxy says why the pair cannot be judged over a Toxiproxy; empty if it can. A toxic may be lacking; or the case
// rests on what Toxiproxy does not pass on as it was: an end, or a full buffer.
func (e *Engine) beyondToxiproxy(p Pair) string {
	if e.options.Toxiproxy == nil {
		return ""
	}
	if p.Target.Protocol == fixtures.UDPProtocol {
		return streamsOnly
	}
	if p.Target.Role == targets.PeerRole {
		return "needs a wire each way, and they are Faultwire's own; test it without Toxiproxy"
	}
	plan := e.plan(p.Case, p.Target, effective(p.Target.Promises, e.options.Scale))
	if err := remote.Takes(plan); errors.Is(err, errors.ErrUnsupported) {
		return err.Error()
	}
	x := p.Case.Exchange
	if p.Case.Nudged {
		return strikesUntold
	}
	size := 0
	for _, m := range x.Messages {
		size += m.Size
	}
	for _, f := range plan.Faults {
		if f.Type == "bandwidth" && f.Stream != towards(p.Target.Role) && size > unpressed {
			return "needs " + f.String() + ", to be felt by the target; " + deepBuffers
		}
	}
	if x.Bystander != nil && (x.BystanderAfter == "" || x.BystanderAfter == "fault") {
		return strikesUntold
	}
	for _, c := range x.Conns {
		for _, step := range c.Steps {
			if why := stepBeyondToxiproxy(step, p.Target.Role); why != "" {
				return why
			}
		}
	}
	return ""
}

func stepBeyondToxiproxy(step fixtures.Step, role targets.Role) string {
	switch step.Do {
	case fixtures.ActCloseWrite:
		return "needs a half-close to pass; Toxiproxy ends both directions on a FIN"
	case fixtures.ActReset:
		return "needs a reset to pass; Toxiproxy makes a FIN of an RST"
	case fixtures.ActExpectEnd:
		return "needs a FIN told from an RST; Toxiproxy makes a FIN of an RST"
	case fixtures.ActStopReading:
		return "needs back-pressure; " + deepBuffers
	case fixtures.ActHold:
		if role == targets.ClientRole { // it is to see that the client does not wait for an end, which a half-close would get it
			return "needs a server that stays whatever the client does; Toxiproxy ends both directions on a FIN"
		}
	case fixtures.ActAwait:
		if step.Event == "fault" {
			return strikesUntold
		}
	}
	return ""
}

const (
	unpressed     = 64 << 10 // bytes that fit into the buffers of any socket, so that no sender is held back
	deepBuffers   = "Toxiproxy's sockets hold as much as the kernel lets them"
	strikesUntold = "needs to know when the fault strikes; Toxiproxy does not tell"
)

// towards is the stream that flows to a target.
func towards(r targets.Role) proxy.Stream {
	if r == targets.ServerRole {
		return proxy.Upstream
	}
	return proxy.Downstream
}

// struck says which toxics of a plan have struck, and which connections. Toxiproxy does not tell. But a toxic without a trigger
// strikes once a byte of its stream has come to it; limit_data once as many have as it lets pass, and slow_close once the
// sender has ended. What comes from the target the trace of the relay beside it says, what comes towards it the record of
// the reference that sent it. When a toxic struck is not known, only from when on it was there.
func struck(plan proxy.Plan, o cases.Observation) (all []proxy.Strike) {
	for _, f := range plan.Faults {
		enough := max(1, f.Attributes["bytes"])
		strikes := func(bytes int64, ended bool) bool {
			if f.Type == "slow_close" {
				return ended
			}
			return bytes >= enough
		}
		strike := proxy.Strike{Fault: f.ID(), Stream: f.Stream, Offset: f.Attributes["bytes"]}
		for i, c := range o.Trace.Conns {
			strike.Conn, strike.At = c.N, c.Accepted
			from := c.Upstream
			if f.Stream == proxy.Downstream {
				from = c.Downstream
			}
			bytes, ended := from.In, from.End != ""
			if f.Stream == towards(o.Role) { // both sides number their connections as they came, and Toxiproxy keeps the order
				if i >= len(o.Reference.Conns) {
					break
				}
				r := o.Reference.Conns[i]
				bytes, ended = r.Sent, r.Outcome == fixtures.OK
			}
			if strikes(bytes, ended) {
				all = append(all, strike)
			}
		}
	}
	return all
}

const halfClosesReason = "the client ends its own direction before it has the reply, and Toxiproxy then ends both; " +
	"test it without Toxiproxy"

// halfCloses asks a client once, by our own wire and with a reply that is late, whether it half-closes before it has the reply.
// Through a Toxiproxy even a sound one then gets none, or by a race.
func (e *Engine) halfCloses(ctx context.Context, b *bench) bool {
	late := controlCase
	late.Wire = func(t cases.Timing, _ cases.Request) []proxy.Fault {
		return []proxy.Fault{proxy.Latency(min(t.Read, t.Total)/4, 0).TowardsTarget()}
	}
	o, _, instead := e.attested(ctx, Pair{late, b.target}, e.once(ctx, &bench{target: b.target}, late))
	if instead != nil || o.Outcome != fixtures.OK || o.Damage != "" || len(o.Trace.Conns) == 0 {
		return false
	}
	c := o.Trace.Conns[0]
	return c.Upstream.End == "fin" && c.Downstream.LastOut != nil && c.Upstream.EndAt < *c.Downstream.LastOut
}
