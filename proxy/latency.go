package proxy

import (
	"time"

	"github.com/Shopify/toxiproxy/v2/toxics"
)

// jitterBlock is how many bytes share one drawn delay: an Ethernet segment's payload.
const jitterBlock = 1460

// latencyToxic delays each byte, and the end of the stream, by latency ± jitter since it came, so that what comes close
// together leaves close together. Order is kept: what is drawn to leave before its predecessor leaves with it. Jitter is drawn
// a block of the stream, chunks are cut at the blocks' edges.
type latencyToxic struct {
	shell
	decided int64 // blocks below it are in the decision log
}

// GetBufferSize is how many chunks may wait before this toxic; the flow's window bounds their bytes.
func (t *latencyToxic) GetBufferSize() int { return 1024 }

func (t *latencyToxic) Pipe(stub *toxics.ToxicStub) {
	t.pipe(stub, func() bool {
		n, inside := t.next()
		if inside {
			var delay time.Duration
			n, delay = t.delay(n)
			if !t.wait(stub, t.came.Add(delay)) {
				return false
			}
		}
		return t.send(stub, n)
	})
}

// delay is the delay of the next bytes, and how many of the n share it.
func (t *latencyToxic) delay(n int64) (int64, time.Duration) {
	d := time.Duration(t.a.Attributes["latency"]) * time.Millisecond
	jitter := time.Duration(t.a.Attributes["jitter"]) * time.Millisecond
	if jitter == 0 {
		return n, d
	}
	block := (t.offset - t.a.origin) / jitterBlock
	drift := time.Duration((2*t.a.draw(block) - 1) * float64(jitter))
	if block >= t.decided && !t.end {
		t.decided = block + 1
		t.a.decided(t.a.origin+block*jitterBlock, int64(drift))
	}
	left := t.a.origin + (block+1)*jitterBlock - t.offset
	return min(n, left), max(0, d+drift)
}
