package suites

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/suites/cases"
	"github.com/faultwire/faultwire/targets"
)

// oneExchange is why a client that is run once for each exchange is spared what needs several.
const oneExchange = "needs several exchanges in one session, and the client is run once for each; see session: in the README"

// inSession reports whether the client plays the case in a session: because it knows nothing else, or because the case does.
func inSession(t *targets.Target, c cases.Case) bool {
	return t.Command != nil && t.Command.Session || len(c.Exchange.Calls) > 0
}

// A session is where a client plays several exchanges.
type session struct {
	stage   *fixtures.Stage
	service *fixtures.Service
	wire    *wire
	started func()
}

// observeSession lets the target play the case's exchanges in one session, up to the first that it does not survive. Each is
// measured from its request.
func (e *Engine) observeSession(ctx context.Context, t *targets.Target, c cases.Case, s session, o cases.Observation) (cases.Observation, error) {
	scale := e.options.Scale
	defer s.started()
	client, err := t.Open(ctx, s.wire.given(), time.Duration(scale*float64(startPatience)))
	if err != nil {
		return o, err
	}
	defer client.End()
	o, watching, err := e.ask(ctx, t, c, s, client, o)
	if watching != nil {
		defer watching.stop()
	}
	if err != nil {
		return o, err
	}
	if watching != nil {
		o.Usage = watching.end(ctx)
	}
	e.settle()
	o.Trace = s.wire.Trace() // before the end of the session closes everything
	o.Process = client.End()
	if err := s.wire.Close(); err != nil {
		return o, err
	}
	o.Reference = s.service.Stop()
	if s.wire.toxics != nil {
		o.Trace.Fired = append(o.Trace.Fired, struck(s.wire.plan, o)...)
	}
	return o, nil
}

// ask plays the case's exchanges, up to the first that the client does not survive, and says what came of them. What is watched is
// watched from the middle on; it is the caller's to stop.
func (e *Engine) ask(ctx context.Context, t *targets.Target, c cases.Case, s session, client targets.Session, o cases.Observation) (cases.Observation, *watcher, error) {
	scale := e.options.Scale
	bodies := s.stage.Messages(c.Exchange)
	jobs := []targets.Job{job(c, t, bodies, nil)}
	if len(c.Exchange.Calls) > 0 {
		jobs = nil
		for i := range c.Exchange.Calls {
			jobs = append(jobs, job(c, t, bodies, &c.Exchange.Calls[i]))
		}
	}
	var watching *watcher
	for i, job := range jobs {
		if c.Watch != nil && i == len(jobs)/2 {
			watched, can := client.(targets.Watched)
			if !can {
				return o, nil, errors.New("a session without a process cannot be watched")
			}
			watching = watch(ctx, watched, *c.Watch, scale, s.stage.Events) // nil if it has ended, which the exchange will tell
		}
		if i > 0 {
			call := c.Exchange.Calls[i]
			if call.After != "" {
				waits(ctx, s.stage.Events.Happened(call.After), s.stage.Patience)
			}
			waits(ctx, nil, call.Pause.In(o.Timing))
		}
		started := func() {}
		if i == 0 {
			started = s.started // much is loaded only when it is needed first: a process is starting until it connects
		}
		begun, since := s.wire.Elapsed(), time.Now()
		said, hung := e.exchange(ctx, s.wire, started, o.Timing, func(ctx context.Context) targets.Said {
			job.Nudge = e.nudges(ctx, c, s.stage)
			return client.Exchange(ctx, job)
		})
		if said.Err != nil {
			return o, watching, said.Err
		}
		o.Outcome, o.Detail, o.Blind, o.Elapsed = said.Outcome, said.Detail, said.NoOutput, s.wire.Elapsed()-begun
		if hung {
			o.Outcome = fixtures.Hang
		}
		if said.Starved != nil {
			o.Starved = max(o.Starved, said.Starved(since))
		}
		o.Wanted, o.Received, o.Damage = 0, 0, ""
		if !job.Push {
			o.Wanted, o.Received, o.Damage = against(wants(t, c.Exchange, bodies, i), bodies, said)
		}
		if len(c.Exchange.Calls) > 0 {
			o.Calls = append(o.Calls, cases.Call{Began: begun, Outcome: o.Outcome, Detail: o.Detail, Elapsed: o.Elapsed, Wanted: o.Wanted, Received: o.Received, Damage: o.Damage})
		}
		if o.Outcome == fixtures.Hang || o.Outcome == fixtures.Crash || o.Outcome == fixtures.Unsupported {
			break
		}
	}
	if watching != nil {
		watching.took()
	}
	if o.Outcome != fixtures.OK { // only what went well may stay open for the next
		patient, cancel := context.WithTimeout(ctx, time.Duration(scale*float64(endPatience)))
		_ = s.wire.ClientsEnded(patient)
		cancel()
	}
	return o, watching, nil
}

// wants is what the client is to receive in exchange i of the session.
func wants(t *targets.Target, x fixtures.Exchange, bodies [][]byte, i int) (want []byte) {
	if len(x.Calls) > 0 {
		return t.Speech().Printed(x.Messages, bodies, x.Calls[i].Message)
	}
	if t.Protocol == fixtures.HTTPProtocol {
		return t.Speech().Printed(x.Messages, bodies, 0)
	}
	for i := range bodies {
		want = append(want, t.Speech().Printed(x.Messages, bodies, i)...)
	}
	return want
}

// against compares what a client received with what it should have: a count of bytes and, unless it hides them, their digest.
func against(want []byte, all [][]byte, said targets.Said) (wanted, received int64, damage string) {
	wanted = int64(len(want))
	switch {
	case said.NoOutput:
		return wanted, 0, ""
	case said.Digest == nil:
		return wanted, int64(len(said.Received)), fixtures.Diff(want, said.Received)
	case said.Digest.Bytes != wanted:
		return wanted, said.Digest.Bytes, fmt.Sprintf("%d of %d bytes", said.Digest.Bytes, wanted)
	case said.Digest.SHA256 == digest(want):
		return wanted, wanted, ""
	}
	for i, body := range all {
		if said.Digest.SHA256 == digest(body) {
			return wanted, wanted, fmt.Sprintf("%d bytes, but they are the reply to exchange %d", wanted, i+1)
		}
	}
	return wanted, wanted, fmt.Sprintf("%d bytes, as there should be, but not the right ones (by their SHA-256)", wanted)
}

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
