package cases

import (
	"time"

	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/proxy"
	"github.com/faultwire/faultwire/targets"
)

// A Call is what one exchange of a session came to.
type Call struct {
	Began    time.Duration    `json:"began_ns"` // on the trace's clock
	Outcome  fixtures.Outcome `json:"outcome"`
	Detail   string           `json:"detail,omitempty"`
	Elapsed  time.Duration    `json:"elapsed_ns"`
	Wanted   int64            `json:"wanted"`
	Received int64            `json:"received"`
	Damage   string           `json:"damage,omitempty"`
}

// An Observation is what was seen of one case run against one target. It is pure data: judging it needs nothing else.
type Observation struct {
	Role       targets.Role `json:"role"`
	Declared   Timing       `json:"declared"` // the deadlines the target declares
	Timing     Timing       `json:"timing"`
	Scale      float64      `json:"scale"`                // of time: stretches the graces
	Speaks     bool         `json:"speaks"`               // a client that tells kinds of error apart; always true for servers
	Undeclared bool         `json:"undeclared,omitempty"` // the case's deadline is not declared: nothing bounds the target but patience

	// What the exchange came to. For a client target it is what the target said; for a server, what the reference client
	// got out of it.
	Outcome fixtures.Outcome `json:"outcome"`
	Detail  string           `json:"detail,omitempty"`
	Elapsed time.Duration    `json:"elapsed_ns"`         // from the target's first sign on the wire to its end, less the exit cost
	Began   time.Duration    `json:"began_ns,omitempty"` // from the start of a client to its first sign
	Blur    time.Duration    `json:"blur_ns,omitempty"`  // how much longer it may have been: the exit cost, as measured by the control, and what passed before the sign was seen

	Calls []Call `json:"calls,omitempty"` // clients: the exchanges of a session, as far as they came; the rest of this page is then the last one's

	// How late a witness beside the case was, which did what the case's wire and target do: at worst, and all in all.
	Late      time.Duration `json:"late_ns,omitempty"`
	LateInAll time.Duration `json:"late_in_all_ns,omitempty"`

	// How late it was, all in all, in the worst stretch that is as long as a client's read deadline, or a server's idle one.
	LateWithin time.Duration `json:"late_within_ns,omitempty"`
	Attended   time.Duration `json:"attended_ns"` // how long the witness was there

	// How long a client's process waited for a processor while others had it: the thread of it that waited longest, as far as that is seen.
	Starved time.Duration `json:"starved_ns,omitempty"`

	// What a client claims to have received, against what it should have. Damage is empty for an intact whole message.
	Wanted   int64  `json:"wanted"`
	Received int64  `json:"received"`
	Damage   string `json:"damage,omitempty"`
	OwnText  bool   `json:"own_text,omitempty"` // a client that sends something else than it was handed
	Heard    []byte `json:"heard,omitempty"`    // the first of them
	Blind    bool   `json:"blind,omitempty"`    // the client prints no body: whether bytes arrived intact was not seen

	Reference fixtures.Record      `json:"reference"`        // what the reference side saw
	Toward    *Observation         `json:"toward,omitempty"` // peers: what was seen of it as a server
	Behind    *Observation         `json:"behind,omitempty"` // gateways: what was seen of it where it asks
	Bystander *fixtures.ConnRecord `json:"bystander,omitempty"`
	FollowUp  *fixtures.ConnRecord `json:"follow_up,omitempty"` // servers: a fresh exchange after the case
	Trace     proxy.Trace          `json:"trace"`
	Process   *targets.Process     `json:"process,omitempty"`
	Usage     *Usage               `json:"usage,omitempty"` // of its processes, where the case watches them
	Died      bool                 `json:"died,omitempty"`  // a server's process ended by itself before it was told to
}
