package proxy

import (
	"time"

	"github.com/Shopify/toxiproxy/v2/toxics"
)

// slicerToxic cuts the stream into pieces of average_size ± size_variation bytes, delay µs apart. Where it cuts is drawn by
// the number of the cut, however the stream comes in. For pieces that the receiver is certain to see as such there is slice.
type slicerToxic struct {
	shell
	clear   time.Time // when the next piece may go
	decided int64     // the last cut that is in the decision log
}

func (t *slicerToxic) Pipe(stub *toxics.ToxicStub) {
	t.pipe(stub, func() bool {
		n, inside := t.next()
		if !inside || n == 0 {
			return t.send(stub, n)
		}
		every, variation := t.a.Attributes["average_size"], t.a.Attributes["size_variation"]
		cut := t.a.cut(t.offset, every, variation/2) // two cuts make a size
		if variation > 1 && cut > t.decided && cut-t.offset <= n {
			t.decided = cut
			t.a.decided(cut, drift(t.a, cut, every))
		}
		if t.clear.After(time.Now()) && !t.wait(stub, t.clear) {
			return false
		}
		whole := cut-t.offset <= n
		if !t.send(stub, min(n, cut-t.offset)) {
			return false
		}
		if delay := time.Duration(t.a.Attributes["delay"]) * time.Microsecond; whole && delay > 0 {
			t.clear = time.Now().Add(delay)
		}
		return true
	})
}

// drift is how far a cut lies from where it would without variation.
func drift(a *armed, cut, every int64) int64 {
	i := (cut - a.origin + every/2) / every
	return cut - a.origin - i*every
}
