package proxy

import (
	"time"

	"github.com/Shopify/toxiproxy/v2/toxics"
)

// coalesceToxic gathers chunks until it has size bytes, or until delay after the first of them came, and passes them on as
// one. A write of at most 64 KiB is one segment on loopback, which the receiver then reads at once.
type coalesceToxic struct {
	shell
	full bool // what is held has been gathered
}

func (t *coalesceToxic) Pipe(stub *toxics.ToxicStub) {
	t.pipe(stub, func() bool {
		n, inside := t.next()
		if inside && n == int64(len(t.held)) && !t.end && !t.full {
			return t.gather(stub)
		}
		n = min(n, maxChunk)
		if inside {
			n = min(n, t.a.Attributes["size"])
		}
		t.full = false
		return t.send(stub, n)
	})
}

// gather adds what comes in time to what is held; false if interrupted.
func (t *coalesceToxic) gather(stub *toxics.ToxicStub) bool {
	p := t.a.flow.pair
	due := t.came.Add(time.Duration(t.a.Attributes["delay"]) * time.Millisecond)
	if due.Before(time.Now()) { // it had to wait for its turn; whether there is more already must not matter
		t.full = true
		return true
	}
	alarm := p.relay.clock.at(due)
	defer alarm.stop()
	for int64(len(t.held)) < t.a.Attributes["size"] {
		c := t.queued()
		if c == nil {
			select {
			case <-alarm.rings:
				t.full = true
				return true
			case <-stub.Interrupt:
				return false
			case c = <-stub.Input:
			}
		}
		if c == nil {
			stub.Close()
			return false
		}
		if len(c.Data) == 0 {
			t.end = true
			return true
		}
		t.held = append(t.held, c.Data...)
	}
	t.full = true
	return true
}
