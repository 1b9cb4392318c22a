package proxy

import (
	"time"

	"github.com/Shopify/toxiproxy/v2/toxics"
)

// bandwidthToxic lets at most rate KB/s pass, a KB being 1000 bytes. The first byte passes at once; then each piece waits
// until its predecessor would be through. Pieces are a few milliseconds' worth, so nothing bursts. A rate of 0 stops the
// stream.
type bandwidthToxic struct {
	shell
	clear time.Time // when what was passed is through
}

// A piece of bandwidth is what passes in this time, between the bounds: small enough to flow evenly, large enough not to
// cost more than moving it.
const (
	pieceTime = 5 * time.Millisecond
	minPiece  = 64
	maxPiece  = 16 << 10
)

// maxDebt is how much lateness of the relay's own is made up for by sending faster; of the sender's it is one piece's.
const maxDebt = 20 * time.Millisecond

func (t *bandwidthToxic) Pipe(stub *toxics.ToxicStub) {
	t.pipe(stub, func() bool {
		n, inside := t.next()
		if !inside || n == 0 {
			return t.send(stub, n)
		}
		rate := t.a.Attributes["rate"] * 1000 // bytes a second
		if rate == 0 {
			return t.await(stub, nil, nil)
		}
		n = min(n, max(minPiece, min(maxPiece, int64(float64(rate)*pieceTime.Seconds()))))
		now := time.Now()
		if idle := latest(t.came.Add(-pieceTime), now.Add(-maxDebt)); t.clear.Before(idle) {
			t.clear = idle
		}
		if t.clear.After(now) && !t.wait(stub, t.clear) {
			return false
		}
		if !t.send(stub, n) {
			return false
		}
		t.clear = t.clear.Add(time.Duration(float64(n) / float64(rate) * float64(time.Second)))
		return true
	})
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
