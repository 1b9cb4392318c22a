package cases

import (
	"time"

	"github.com/faultwire/faultwire/proxy"
)

// Drip brings the target so many bytes drop by drop: no wait is long, by the read deadline, but together they take so long as they should
// last. A byte at a time is as slow as it gets: where that is too fast, the waits are longer.
func Drip(bytes int64, lasting time.Duration, t Timing) proxy.Fault {
	gaps := max(1, min(bytes, int64(lasting/(t.Read/6))+1))
	return proxy.Slicer(max(1, bytes/(gaps+1)), 0, lasting/time.Duration(gaps)).TowardsTarget()
}
