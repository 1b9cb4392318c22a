package reports_test

import (
	"os"
	"time"

	"github.com/faultwire/faultwire/reports"
)

func ExampleRun_WriteSummary() {
	run := reports.Run{
		Seed: 7, Scale: 1, Took: 1900 * time.Millisecond,
		Targets: []reports.Target{{Name: "my-client"}},
		Results: []reports.Result{
			{Target: "my-client", Verdict: reports.Pass},
			{
				Target: "my-client", Verdict: reports.Fail,
				Case: reports.Case{
					ID: "tcp.connect.refused", Title: "says so when nobody listens",
					Level: "must", Basis: "norm", Clause: "POSIX connect, ECONNREFUSED",
					Why: "A refusal is quick and certain: whoever hears of it can try elsewhere at once.",
					Fix: "Python: let ConnectionRefusedError through, do not turn it into an empty reply",
				},
				Finding: &reports.Finding{Promise: "say what happened", Expected: "refused", Seen: "ok, with 0 bytes"},
				Replay:  "faultwire run --run tcp.connect.refused",
			},
		},
	}
	_ = run.WriteSummary(os.Stdout, reports.Look{Width: 80})
	// Output:
	// FAIL  my-client  tcp.connect.refused
	//       says so when nobody listens
	//
	//       Rule       MUST · norm · POSIX connect, ECONNREFUSED
	//       Promise    say what happened
	//       Expected   refused
	//       Seen       ok, with 0 bytes
	//       Why        A refusal is quick and certain: whoever hears of it can try
	//                  elsewhere at once.
	//       Fix        Python: let ConnectionRefusedError through, do not turn it into
	//                          an empty reply
	//       Run alone  faultwire run --run tcp.connect.refused
	//
	// my-client    1 pass    1 fail
	//
	// Nonconformant: 1 requirement not kept.
	// 2 cases in 1.9 s · seed 7
	// Next: fix the first failure above, tcp.connect.refused, then check it with its
	//       "Run alone" line.
}
