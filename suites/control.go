package suites

import (
	"context"

	"github.com/faultwire/faultwire/reports"
)

// Control is the verdict on the target's plain exchange, with no fault on the wire; it is run once. Unless it passed, all of
// the target's pairs are skipped as blocked: who asks for results one at a time must say so, or a target that does not
// work at all passes for a good one.
func (e *Engine) Control(ctx context.Context, target string) reports.Result {
	b := e.benches[target]
	b.blocked(ctx, e)
	return b.control
}
