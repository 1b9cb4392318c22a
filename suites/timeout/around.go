package timeout

import (
	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/proxy"
	"github.com/faultwire/faultwire/suites/cases"
)

const collisions = 6

var _ = cases.Register(cases.Case{
	ID:       "tcp.timeout.around-deadline",
	Title:    "either completes or times out when replies come as its deadline passes, and never mixes them up",
	Level:    cases.Must,
	Role:     cases.Client,
	Speaks:   cases.Streams,
	Basis:    cases.Practice(cases.NeverLie, "whatever the race between a reply and the deadline comes to, a reply is whole and belongs to its request"),
	Since:    "0.1",
	Deadline: fixtures.ReadDeadline,
	Wire: func(t cases.Timing, _ cases.Request) []proxy.Fault {
		always := proxy.Latency(t.Read/8, 0).TowardsTarget().OnConnection(1) // the first reply is late: what is made of it shows in the second
		always.Name = "more latency"
		return []proxy.Fault{proxy.Latency(t.Read, t.Read/10).TowardsTarget(), always}
	},
	Exchange: fixtures.Exchange{Messages: numbered(collisions, 3000)}.Calling(), // of three segments, each as late as it happens to be
	Expect:   cases.OnEveryCall(cases.HaveCompletedOr(fixtures.Timeout)),
	Why: "A reply that comes far too late is a clear case, and one in time is another. Between them lies the moment in which the " +
		"deadline passes while the reply is being read: half of it is there, the timer has fired, the connection is being " +
		"closed or, worse, kept. Either outcome is right. Half a reply, or the reply to the request before, is not.",
	Fix: fixStale,
})

// numbered are n messages of size bytes, no two alike.
func numbered(n, size int) []fixtures.Message {
	messages := make([]fixtures.Message, n)
	for i := range messages {
		messages[i] = fixtures.Message{Size: size, Of: i}
	}
	return messages
}
