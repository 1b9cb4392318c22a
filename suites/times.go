package suites

import (
	"time"

	"github.com/faultwire/faultwire/proxy"
	"github.com/faultwire/faultwire/reports"
	"github.com/faultwire/faultwire/suites/cases"
	"github.com/faultwire/faultwire/targets"
)

// spent tells where the time of an exchange on a single connection went. Without a reply all behind the request was waiting.
func spent(o cases.Observation) *reports.Times {
	if len(o.Calls) > 0 || o.Elapsed == 0 { // all of it was less than what ending costs, so nothing is known of its parts
		return nil
	}
	if len(o.Trace.Conns) == 0 && o.Trace.FirstSign != nil {
		return &reports.Times{Connect: o.Elapsed}
	}
	if len(o.Trace.Conns) != 1 {
		return nil
	}
	c := o.Trace.Conns[0]
	begun, connected := o.Trace.FirstSign, &c.Accepted
	sent, replied, answered := c.Upstream.LastIn, c.Downstream.FirstOut, c.Downstream.LastOut
	if o.Role == targets.ServerRole {
		begun, connected = &c.Accepted, c.Dialled
		sent, replied, answered = c.Upstream.LastOut, c.Downstream.FirstIn, c.Downstream.LastIn
	}
	if begun == nil {
		return nil
	}
	now, end := *begun, *begun+o.Elapsed
	until := func(m proxy.Moment) time.Duration {
		then := end
		if m != nil {
			then = max(now, min(*m, end))
		}
		took := then - now
		now = then
		return took
	}
	var t reports.Times
	t.Connect = until(connected)
	if sent != nil {
		t.Send = until(sent)
	}
	t.Wait = until(replied)
	t.Receive = until(answered)
	t.End = until(nil)
	return &t
}
