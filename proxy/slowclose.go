package proxy

import (
	"time"

	"github.com/Shopify/toxiproxy/v2/toxics"
)

// slowCloseToxic passes on the end of the stream delay later.
type slowCloseToxic struct{ shell }

func (t *slowCloseToxic) Pipe(stub *toxics.ToxicStub) {
	t.pipe(stub, func() bool {
		if t.end {
			t.a.reached(t.offset)
			if !t.wait(stub, t.came.Add(time.Duration(t.a.Attributes["delay"])*time.Millisecond)) {
				return false
			}
		}
		return t.send(stub, int64(len(t.held)))
	})
}
