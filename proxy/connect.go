package proxy

import (
	"time"

	"github.com/faultwire/faultwire/proxy/sockdiag"
)

// watchConnects notes the first client of an address where nothing accepts. Such a client is seen by its socket in SYN-SENT
// alone. A refused one is gone before it can be seen, so refuse counts as struck from the start.
func (r *Relay) watchConnects(f Fault) {
	if f.Type == "refuse" {
		r.rec.struck(f, 0, f.Stream, 0)
		<-r.ctx.Done()
		return
	}
	diag, err := sockdiag.Open()
	if err != nil { // no way to see it; the fault is there all the same
		r.rec.struck(f, 0, f.Stream, 0)
		<-r.ctx.Done()
		return
	}
	defer diag.Close()
	here := sockdiag.Filter{States: []sockdiag.State{sockdiag.SynSent}, RemotePort: addrPort(r.addr).Port()}
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for looked := r.rec.now(); ; {
		now := r.rec.now()
		if waiting, err := diag.List(here); err == nil && len(waiting) > 0 {
			r.rec.signed(r.rec.now() - looked)
			r.rec.struck(f, 0, f.Stream, 0)
			<-r.ctx.Done()
			return
		}
		looked = now
		select {
		case <-tick.C:
		case <-r.ctx.Done():
			return
		}
	}
}
