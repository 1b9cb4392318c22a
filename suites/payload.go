package suites

import (
	"encoding/json"

	"github.com/faultwire/faultwire/proxy"
	"github.com/faultwire/faultwire/suites/cases"
)

// headLimit is how many bytes of each connection are kept in each direction, as evidence.
const headLimit = 64 << 10

// A head is a line of payload.jsonl: the first bytes of one direction of a connection, as they passed the edge of the wire beside
// the target.
type head struct {
	Conn   int          `json:"conn"`
	Stream proxy.Stream `json:"stream"`
	Toward bool         `json:"toward,omitempty"` // of a peer's second wire, through which it is asked
	Data   []byte       `json:"data"`             // base64
}

// payload takes the heads of the streams out of the observation.
func payload(o *cases.Observation) (lines []byte) {
	take := func(conns []proxy.ConnTrace, toward bool) {
		for i := range conns {
			c := &conns[i]
			for _, h := range []head{{c.N, proxy.Upstream, toward, c.Upstream.Head}, {c.N, proxy.Downstream, toward, c.Downstream.Head}} {
				line, err := json.Marshal(h)
				if err == nil && len(h.Data) > 0 {
					lines = append(append(lines, line...), '\n')
				}
			}
			c.Upstream.Head, c.Downstream.Head = nil, nil
		}
	}
	take(o.Trace.Conns, false)
	if o.Toward != nil {
		take(o.Toward.Trace.Conns, true)
	}
	return lines
}
