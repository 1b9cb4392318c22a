package proxy

import (
	"slices"
	"time"

	"github.com/faultwire/faultwire/proxy/sockdiag"
)

// watchConnects notes the first client of an address where nothing accepts, or where SYNs are lost. Such a client is seen by
// its socket in SYN-SENT alone. A refused one is gone before it can be seen, so refuse counts as struck from the start. It
// returns whether a client was seen before done.
func (r *Relay) watchConnects(f Fault, done <-chan struct{}) bool {
	if f.Type == "refuse" {
		r.rec.struck(f, 0, f.Stream, 0)
		return false
	}
	diag, err := sockdiag.Open()
	if err != nil { // no way to see it; the fault is there all the same
		r.rec.struck(f, 0, f.Stream, 0)
		return false
	}
	defer diag.Close()
	door, _ := addrPort(r.addr)
	here := sockdiag.Filter{States: []sockdiag.State{sockdiag.SynSent}, RemotePort: door.Port()}
	ours := func(s sockdiag.Socket) bool {
		return door.Addr().IsUnspecified() || s.Remote.Addr() == door.Addr().Unmap()
	}
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for looked := r.rec.now(); ; {
		now := r.rec.now()
		if waiting, err := diag.List(here); err == nil && slices.ContainsFunc(waiting, ours) {
			r.rec.signed(r.rec.now() - looked)
			r.rec.struck(f, 0, f.Stream, 0)
			return true
		}
		looked = now
		select {
		case <-tick.C:
		case <-done:
			return false
		}
	}
}
