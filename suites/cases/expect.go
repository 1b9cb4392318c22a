package cases

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/onsi/gomega/types"

	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/targets"
)

// An Expectation judges observations. It is a Gomega matcher on an [Observation].
type Expectation interface {
	types.GomegaMatcher
	// Judge returns what is wrong, or nil if the observation keeps the expectation.
	Judge(Observation) *Broken
}

// Broken is one promise that was not kept.
type Broken struct {
	Promise  Promise
	Expected string
	Seen     string
	Advice   string // what the shape of what was seen suggests; may be empty
}

// String is the finding as a failure message.
func (b *Broken) String() string {
	s := fmt.Sprintf("broken promise: %s\nexpected: %s\nseen:     %s", b.Promise, b.Expected, b.Seen)
	if b.Advice != "" {
		s += "\nadvice:   " + b.Advice
	}
	return s
}

// JudgeFunc makes an [Expectation] of a function.
type JudgeFunc func(Observation) *Broken

// Judge calls the function.
func (j JudgeFunc) Judge(o Observation) *Broken { return j(o) }

// Match implements Gomega's matcher, for an [Observation].
func (j JudgeFunc) Match(actual any) (bool, error) {
	o, ok := actual.(Observation)
	if !ok {
		return false, fmt.Errorf("expected a cases.Observation, got %T", actual)
	}
	return j(o) == nil, nil
}

// FailureMessage is the finding.
func (j JudgeFunc) FailureMessage(actual any) string { return j(actual.(Observation)).String() }

// NegatedFailureMessage says that nothing is wrong.
func (j JudgeFunc) NegatedFailureMessage(actual any) string {
	return "expected the promise to be broken, but it was kept"
}

// And expects all of the expectations; the first broken one is reported.
func And(all ...Expectation) Expectation {
	return JudgeFunc(func(o Observation) *Broken {
		for _, e := range all {
			if b := e.Judge(o); b != nil {
				return b
			}
		}
		return nil
	})
}

// Sound is what every case expects before and behind its own expectation: the target neither hung nor died, and claimed
// no success that it did not have; a server still serves others during the fault and a fresh client after it.
func (c Case) Sound() Expectation {
	return And(JudgeFunc(neverHung), JudgeFunc(neverDied), c.honest(), c.Expect, HaveServedTheBystander(), HaveServedAFollowUp())
}

// Alive is the part of [Case.Sound] that no target may break, whatever the case's own level: it did not die, claimed no success
// that it did not have, and still works.
func (c Case) Alive() Expectation {
	return And(JudgeFunc(neverDied), c.honest(), HaveServedAFollowUp())
}

// honest expects no success that was none, unless nobody is bound to notice.
func (c Case) honest() Expectation {
	if c.Level == May || c.Excused {
		return And()
	}
	return JudgeFunc(neverLied)
}

func neverHung(o Observation) *Broken {
	if o.Outcome != fixtures.Hang {
		return nil
	}
	return &Broken{NeverHang, "an end, by the declared deadline", join("still waiting when the guard ended it", o.Detail), ""}
}

func neverDied(o Observation) *Broken {
	if o.Died {
		return &Broken{Recover, "the server goes on: a fresh client served afterwards", join("the server's process ended by itself", o.ended()),
			"One client must not be the last: accept() belongs in a loop, and what goes wrong with one connection must end that one alone."}
	}
	if o.Outcome == fixtures.Crash {
		return &Broken{SayWhat, "an outcome, reported", join("the program died", o.Detail), ""}
	}
	return nil
}

func neverLied(o Observation) *Broken {
	for i := range o.Calls {
		if b := lied(o.call(i)); b != nil {
			return b
		}
	}
	return lied(o)
}

func lied(o Observation) *Broken {
	if o.Role == targets.ServerRole || o.Outcome != fixtures.OK || o.Damage == "" || o.Blind {
		return nil
	}
	return &Broken{NeverLie, fmt.Sprintf("success only with all %d bytes, intact", o.Wanted),
		fmt.Sprintf("success reported, but what it received is wrong: %s", o.Damage), partial(o.Damage)}
}

// partial says what is wrong with a client that takes a part for the whole; empty if the damage is another.
func partial(damage string) string {
	if strings.HasPrefix(damage, "truncated") || strings.HasPrefix(damage, "nothing at all") {
		return "It takes a part for the whole. One read may bring any part of a message: read on until all of it has come, and report an end, " +
			"a reset or a deadline before that as an error."
	}
	return ""
}

// HaveDelivered expects the exchange to have succeeded, every byte back in order and intact.
func HaveDelivered() Expectation {
	return JudgeFunc(func(o Observation) *Broken {
		if o.Outcome == fixtures.OK {
			return nil
		}
		promise := Reassemble
		if o.Role == targets.ServerRole && o.Outcome == fixtures.Corrupt {
			promise = NeverLie
		}
		return &Broken{promise, "every byte back, and success reported", o.said(), ""}
	})
}

// HaveComeThroughTheWire expects a client to have connected to the address that it was given, and a gateway to that of the server behind it.
func HaveComeThroughTheWire() Expectation {
	return JudgeFunc(func(o Observation) *Broken {
		if o.Behind != nil && len(o.Behind.Trace.Conns) == 0 {
			return &Broken{NeverLie, "the reply of the server behind it", "a reply, but no connection came there", ""}
		}
		if o.Role == targets.ServerRole || len(o.Trace.Conns) > 0 || o.Trace.Forgotten > 0 {
			return nil
		}
		seen := "no connection came there"
		if o.Process != nil && len(o.Process.Elsewhere) > 0 {
			seen += "; it connected to " + strings.Join(o.Process.Elsewhere, ", ")
		}
		return &Broken{NeverLie, "a connection to the address that it is given", seen, ""}
	})
}

// HaveRecovered is HaveDelivered after a fault that is over.
func HaveRecovered() Expectation {
	return JudgeFunc(func(o Observation) *Broken {
		if o.Outcome == fixtures.OK {
			return nil
		}
		return &Broken{Recover, "the fault is over: every byte back, and success reported", o.said(), ""}
	})
}

// HaveFoundTheOther expects the client to have been served at the address of a name that serves, though another does not.
func HaveFoundTheOther() Expectation {
	return JudgeFunc(func(o Observation) *Broken {
		if o.Outcome == fixtures.OK {
			return nil
		}
		return &Broken{Recover, "an address of the name that serves found, and success reported", o.said(),
			"A name may stand for several addresses, localhost for ::1 and 127.0.0.1: try each in turn until one answers."}
	})
}

// OnFirstCallOrAgain expects it of the first exchange of the session, or else that it was asked again by another connection, with success and all
// that there is to receive. It is for faults that strike one connection only.
func OnFirstCallOrAgain(e Expectation) Expectation {
	return JudgeFunc(func(o Observation) *Broken {
		if len(o.Calls) > 0 {
			first, asking := o.Calls[0], 0
			for _, c := range o.Trace.Conns {
				if c.Accepted <= first.Began+first.Elapsed && c.Upstream.In > 0 {
					asking++
				}
			}
			if first.Outcome == fixtures.OK && first.Damage == "" && asking > 1 {
				return nil
			}
		}
		return OnCall(1, e).Judge(o)
	})
}

// AsServer expects it of what a peer was asked.
func AsServer(of Expectation) Expectation {
	return JudgeFunc(func(o Observation) *Broken {
		if o.Toward == nil {
			return nil
		}
		b := of.Judge(*o.Toward)
		if b != nil {
			b.Seen = "as a server: " + b.Seen
		}
		return b
	})
}

// OnCall expects it of the nth exchange of the session, counted from 1.
func OnCall(n int, of Expectation) Expectation {
	return JudgeFunc(func(o Observation) *Broken {
		if n > len(o.Calls) {
			return &Broken{Recover, fmt.Sprintf("%d exchanges in one session", n), fmt.Sprintf("it ended with exchange %d: %s", len(o.Calls), o.said()), ""}
		}
		b := of.Judge(o.call(n - 1))
		if b != nil {
			b.Seen = fmt.Sprintf("exchange %d: %s", n, b.Seen)
		}
		return b
	})
}

// OnEveryCall expects it of each exchange of the session.
func OnEveryCall(of Expectation) Expectation {
	return JudgeFunc(func(o Observation) *Broken {
		for i := range o.Calls {
			if b := OnCall(i+1, of).Judge(o); b != nil {
				return b
			}
		}
		return nil
	})
}

// call is the observation as that of the session's exchange i alone.
func (o Observation) call(i int) Observation {
	c := o.Calls[i]
	o.Outcome, o.Detail, o.Elapsed, o.Wanted, o.Received, o.Damage = c.Outcome, c.Detail, c.Elapsed, c.Wanted, c.Received, c.Damage
	return o
}

// HaveTimedOut expects the client to have reported a timeout, and nothing else.
func HaveTimedOut() Expectation { return haveSaid("a timeout reported", fixtures.Timeout) }

// HaveBeenReset expects the client to have reported a reset.
func HaveBeenReset() Expectation { return haveSaid("a reset reported", fixtures.Reset) }

// HaveBeenClosed expects the client to have reported an end that came too early.
func HaveBeenClosed() Expectation {
	return haveSaid("an end of the stream, too early, reported", fixtures.Closed)
}

// HaveBeenRefused expects the client to have reported a refused connect.
func HaveBeenRefused() Expectation {
	return haveSaid("a refused connection reported", fixtures.Refused)
}

// HaveRejected expects the client to have reported that its peer broke the protocol.
func HaveRejected() Expectation {
	return haveSaid("a malformed message reported", fixtures.Malformed, fixtures.Corrupt, fixtures.Other)
}

// HaveFailed expects the client to have reported an error that is not a timeout. It is for faults that can strike a writer,
// where the kernel itself may say reset, broken pipe or end.
func HaveFailed() Expectation {
	return haveSaid("an error that is not a timeout", fixtures.Reset, fixtures.Closed, fixtures.Refused, fixtures.Other, fixtures.Malformed, fixtures.Corrupt)
}

// HaveEnded expects the client to have reported an error, whichever.
func HaveEnded() Expectation {
	return haveSaid("an error reported", fixtures.Timeout, fixtures.Reset, fixtures.Closed, fixtures.Refused, fixtures.Other, fixtures.Malformed, fixtures.Corrupt)
}

// HaveBeenTurnedDown expects the client to have reported what the server said, not that the connection failed.
func HaveBeenTurnedDown() Expectation {
	return haveSaid("the reply's status reported", fixtures.Other)
}

// HaveCompletedOr expects the exchange to have ended well, or as outcome says.
func HaveCompletedOr(outcome fixtures.Outcome) Expectation {
	return haveSaid(fmt.Sprintf("every byte back, or a %s reported", outcome), fixtures.OK, outcome)
}

func haveSaid(expected string, wanted ...fixtures.Outcome) Expectation {
	return JudgeFunc(func(o Observation) *Broken {
		switch {
		case slices.Contains(wanted, o.Outcome):
			return nil
		case !o.Speaks && o.Outcome == fixtures.Other:
			return nil // an error, by a program that does not say which
		case o.Outcome == fixtures.OK && o.Damage == "" && slices.Contains(wanted, fixtures.Timeout):
			return &Broken{NeverHang, expected, fmt.Sprintf("success after %s: it waited longer than it promises", round(o.Elapsed)), ""}
		case o.Outcome == fixtures.OK:
			return &Broken{NeverLie, expected, "success reported", ""}
		}
		return &Broken{SayWhat, expected, o.said(), ""}
	})
}

// HaveTakenAbout expects the exchange to have ended at the deadline: not before 0.95 of it, and not after 1.5 of it plus
// 100 ms. The defect to catch is a factor of two, either way.
func HaveTakenAbout(d fixtures.Deadline) Expectation {
	return JudgeFunc(func(o Observation) *Broken {
		limit := o.Timing.Of(d)
		if o.Undeclared || limit == 0 {
			return nil
		}
		low, high := Window(limit, o.Scale)
		if o.Elapsed+o.Blur >= low && o.Elapsed <= high {
			return nil
		}
		return &Broken{NeverHang, fmt.Sprintf("an end at the %s deadline: after %s to %s", d, round(low), round(high)),
			fmt.Sprintf("%s after %s", o.Outcome, round(o.Elapsed)), ""}
	})
}

// HaveTakenAtMost expects the exchange to have ended by the deadline, or before: not after 1.5 of it plus 100 ms.
func HaveTakenAtMost(d fixtures.Deadline) Expectation {
	return JudgeFunc(func(o Observation) *Broken {
		_, high := Window(o.Timing.Of(d), o.Scale)
		if o.Undeclared || o.Elapsed <= high {
			return nil
		}
		return &Broken{NeverHang, fmt.Sprintf("an end by the %s deadline: within %s", d, round(high)),
			fmt.Sprintf("%s after %s", o.Outcome, round(o.Elapsed)), ""}
	})
}

// Window is how long an operation with the given deadline may take: 0.95 of it to 1.5 of it plus 100 ms × scale.
func Window(deadline time.Duration, scale float64) (low, high time.Duration) {
	return deadline * 95 / 100, deadline*3/2 + time.Duration(scale*float64(100*time.Millisecond))
}

// HaveEndedBefore expects the exchange to have ended well before the deadline: what was to be said was known at once. Where
// the deadline is not declared, that of the whole exchange will do, and without that a second. A process that left no sign on
// the wire is not judged: nobody knows when, after its start, it began.
func HaveEndedBefore(d fixtures.Deadline) Expectation {
	return JudgeFunc(func(o Observation) *Broken {
		if o.Process != nil && o.Trace.FirstSign == nil {
			return nil
		}
		which, limit := d, o.Timing.Of(d)*95/100
		switch {
		case o.Declared.Of(d) > 0:
		case o.Declared.Total > 0:
			which, limit = fixtures.TotalDeadline, o.Declared.Total*95/100
		default:
			limit = max(limit, time.Duration(o.Scale*float64(time.Second)))
		}
		if o.Elapsed < limit {
			return nil
		}
		return &Broken{NeverHang, fmt.Sprintf("an end at once, before the %s deadline would pass (%s)", which, round(limit)),
			fmt.Sprintf("%s after %s", o.Outcome, round(o.Elapsed)), ""}
	})
}

// HaveClosedItsConnection expects the client to have closed every connection that it asked for something on. One that it has made ready for the next
// exchange may stay.
func HaveClosedItsConnection() Expectation {
	return JudgeFunc(func(o Observation) *Broken {
		unused := 0
		for _, c := range o.Reference.Conns {
			if c.Received == 0 {
				unused++
			}
		}
		for _, c := range o.Trace.Conns {
			if c.Upstream.End != "" {
				continue
			}
			if unused--; unused < 0 {
				return &Broken{Recover, "its connection closed", fmt.Sprintf("connection %d still open after the exchange", c.N), ""}
			}
		}
		return nil
	})
}

// HaveEndedInOrder expects the server to have closed with a FIN, not an RST, on every connection that is judged.
func HaveEndedInOrder() Expectation {
	return JudgeFunc(func(o Observation) *Broken {
		for _, c := range o.Reference.Conns {
			if !c.Scenery && c.PeerEnd != "fin" {
				seen := map[string]string{"rst": "an RST", "": "no end at all"}[c.PeerEnd]
				return &Broken{SayWhat, "the connection closed with a FIN", seen, ""}
			}
		}
		return nil
	})
}

// HaveEndedWhenTold expects the server to have ended when it was told to, by SIGTERM, and not to have had to be killed.
func HaveEndedWhenTold() Expectation {
	return JudgeFunc(func(o Observation) *Broken {
		if o.Process == nil || !o.Process.Forced {
			return nil
		}
		return &Broken{Recover, "the end of the process, within two seconds of SIGTERM", "it went on, and had to be killed", ""}
	})
}

// HaveNoticed expects the client not to have reported success: what it got is not what was sent.
func HaveNoticed() Expectation {
	return JudgeFunc(func(o Observation) *Broken {
		if o.Outcome != fixtures.OK {
			return nil
		}
		return &Broken{NeverLie, "the damage noticed", "it was not noticed: success reported", ""}
	})
}

// HaveTrustedNobody expects the client not to have said a word, under TLS, to a server that it cannot trust.
func HaveTrustedNobody() Expectation {
	return JudgeFunc(func(o Observation) *Broken {
		for _, c := range o.Reference.Conns {
			if c.Received > 0 {
				return &Broken{NeverLie, "nothing sent to a server that cannot be trusted", fmt.Sprintf("it sent %d bytes", c.Received), ""}
			}
		}
		return nil
	})
}

// HaveNotified expects the target to have said, under TLS, that it ends (close_notify), before it did.
func HaveNotified() Expectation {
	return JudgeFunc(func(o Observation) *Broken {
		for _, c := range o.Reference.Conns {
			if !c.Scenery && c.PeerEnd != "" && !c.Notified {
				return &Broken{SayWhat, "close_notify before the end of the connection", "the connection ended without it", ""}
			}
		}
		return nil
	})
}

// HaveServedTheBystander expects another client to have been served while the fault was on.
func HaveServedTheBystander() Expectation {
	return served("another client served while the fault is on", func(o Observation) *fixtures.ConnRecord {
		if o.Bystander == nil || o.Bystander.Received > 0 || o.Bystander.Outcome != fixtures.Other {
			return o.Bystander
		}
		for _, c := range o.Reference.Conns { // the bystander never came: what kept it away says more
			if c.Outcome != fixtures.OK {
				return &c
			}
		}
		return o.Bystander
	})
}

// HaveServedAFollowUp expects a fresh client to have been served after the case.
func HaveServedAFollowUp() Expectation {
	return served("a fresh client served afterwards", func(o Observation) *fixtures.ConnRecord { return o.FollowUp })
}

func served(expected string, which func(Observation) *fixtures.ConnRecord) Expectation {
	return JudgeFunc(func(o Observation) *Broken {
		r := which(o)
		if r == nil || r.Outcome == fixtures.OK {
			return nil
		}
		return &Broken{Recover, expected, join(string(r.Outcome), r.Step, r.Detail), ""}
	})
}

// said is the outcome in words.
func (o Observation) said() string {
	words := map[fixtures.Outcome]string{
		fixtures.OK: "success", fixtures.Timeout: "a timeout", fixtures.Reset: "a reset", fixtures.Closed: "an early end",
		fixtures.Refused: "a refused connection", fixtures.Corrupt: "wrong bytes", fixtures.Malformed: "a malformed message",
		fixtures.Other: "an error of no known kind", fixtures.Unsupported: "that it does not support this",
	}[o.Outcome]
	who := "the client reported"
	if o.Role == targets.ServerRole {
		who = "its client got"
	}
	return join(fmt.Sprintf("%s %s after %s", who, words, round(o.Elapsed)), o.Detail)
}

func (o Observation) ended() string {
	p := o.Process
	switch {
	case p == nil:
		return ""
	case p.Signal != "":
		return "killed by " + p.Signal
	}
	return fmt.Sprintf("exit code %d", p.Exit)
}

func join(parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), ": ")
}

func round(d time.Duration) time.Duration {
	if d < 10*time.Millisecond {
		return d.Round(100 * time.Microsecond)
	}
	return d.Round(time.Millisecond)
}
