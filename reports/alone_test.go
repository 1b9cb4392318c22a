package reports_test

import (
	"fmt"
	"time"

	"github.com/faultwire/faultwire/reports"
)

func ExampleResult_Text() {
	result := reports.Result{
		Target: "my-client", Verdict: reports.Fail, Took: 550 * time.Millisecond,
		Case: reports.Case{
			ID: "tcp.timeout.stall-before-reply", Title: "reports a timeout when no reply comes",
			Level: "must", Basis: "practice", Clause: "never hang",
			Why: "Without a deadline a read waits for ever.",
			Fix: "Go: conn.SetReadDeadline\nPython: sock.settimeout",
		},
		Finding: &reports.Finding{Promise: "never hang", Expected: "a timeout reported", Seen: "still waiting"},
		Replay:  "go test -run '^TestMyClient$/^tcp.timeout.stall-before-reply$'",
	}
	fmt.Println(result.Text())

	result = reports.Result{Target: "my-client", Verdict: reports.Error, Case: result.Case, Reason: "machine too busy"}
	fmt.Println()
	fmt.Println(result.Text())
	// Output:
	// my-client tcp.timeout.stall-before-reply
	// reports a timeout when no reply comes
	//
	//       Rule       MUST · practice (no standard demands it) · never hang
	//       Expected   a timeout reported
	//       Seen       still waiting
	//       Why        Without a deadline a read waits for ever.
	//       Fix        Go: conn.SetReadDeadline
	//                  Python: sock.settimeout
	//       Run alone  go test -run '^TestMyClient$/^tcp.timeout.stall-before-reply$'
	//
	// my-client tcp.timeout.stall-before-reply
	// reports a timeout when no reply comes
	//
	//       Reason     machine too busy
}
