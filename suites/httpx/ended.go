package httpx

import (
	"fmt"
	"time"

	"github.com/faultwire/faultwire/suites/cases"
)

// endedIn expects the server to have ended the client within so many idle deadlines.
func endedIn(n int) cases.Expectation {
	return cases.JudgeFunc(func(o cases.Observation) *cases.Broken {
		limit := time.Duration(n)*o.Timing.Idle + o.LateInAll
		if o.Elapsed <= limit {
			return nil
		}
		return &cases.Broken{Promise: cases.Recover, Expected: fmt.Sprintf("an end within %v", limit), Seen: fmt.Sprintf("still taken for a client after %v", o.Elapsed.Round(time.Millisecond))}
	})
}
