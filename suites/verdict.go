package suites

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/proxy"
	"github.com/faultwire/faultwire/reports"
	"github.com/faultwire/faultwire/suites/cases"
	"github.com/faultwire/faultwire/targets"
)

// retakes is how often an observation that the witness voided is taken again, the last few times with nothing else going on in this
// process. Nothing else is ever taken again.
const (
	retakes      = 6
	retakesAlone = 5
)

// unconfirmedLate is how late the witness may be where a slice was not confirmed: more, and it was the machine that did not let
// the target read.
const unconfirmedLate = 20 * time.Millisecond

// verdict observes the pair and judges what was seen.
func (e *Engine) verdict(ctx context.Context, p Pair) reports.Result {
	if why := e.beyond(p); why != "" {
		return reports.Result{Verdict: reports.Skip, Reason: why}
	}
	b := e.benches[p.Target.Name]
	if e.late() {
		return reports.Result{Verdict: reports.Skip, Reason: reports.NotRun}
	}
	if why := b.blocked(ctx, e); why != "" {
		return reports.Result{Verdict: reports.Skip, Reason: why}
	}
	o, retaken, instead := e.attested(ctx, p, func() (cases.Observation, string, error) { return e.inTurn(ctx, b, p.Case) })
	if instead != nil {
		return *instead
	}
	r := e.judge(p, o)
	r.Retaken = retaken
	return r
}

// attested is an observation of the pair that the witness lets stand, and how often it took another; or the result that there is instead
// of one.
func (e *Engine) attested(ctx context.Context, p Pair, take func() (o cases.Observation, lost string, err error)) (cases.Observation, int, *reports.Result) {
	none := func(r reports.Result) (cases.Observation, int, *reports.Result) { return cases.Observation{}, 0, &r }
	for retaken := 0; ; retaken++ {
		if retaken > 0 {
			e.stand.calm(ctx)
		}
		leave, err := e.admit(ctx, p.Case, retaken)
		if err != nil {
			return none(interrupted())
		}
		if retaken == 0 && e.late() {
			leave()
			return none(reports.Result{Verdict: reports.Skip, Reason: reports.NotRun})
		}
		o, lost, err := take()
		leave()
		switch {
		case lost != "":
			return none(reports.Result{Verdict: reports.Skip, Reason: lost})
		case ctx.Err() != nil:
			return none(interrupted())
		case err != nil:
			return none(reports.Result{Verdict: reports.Error, Reason: err.Error(), Attachments: startEvidence(err)})
		}
		late, what := lateness(p, o), "a timer or the wire beside the case was %v late"
		if late == 0 {
			late, what = starved(p, o), "it waited %v for a processor, and was late for that alone"
		}
		if late == 0 {
			return o, retaken, nil
		}
		if retaken == retakes {
			return none(reports.Result{Verdict: reports.Error, Retaken: retaken,
				Reason: fmt.Sprintf("machine too busy: "+what+", %d times over; give the machine less to do, or raise --time-scale", late.Round(time.Millisecond), retaken+1)})
		}
	}
}

// admit is when an observation may be taken for the first time, or again.
func (e *Engine) admit(ctx context.Context, c cases.Case, retaken int) (leave func(), err error) {
	if retaken > retakes-retakesAlone {
		return e.pool.enterAlone(), nil
	}
	return e.pool.enter(ctx, c)
}

// beyond says why the pair cannot be judged, as far as that is known before anything runs; empty if it can.
func (e *Engine) beyond(p Pair) string {
	if why := undeclared(p.Case, p.Target); why != "" {
		return why
	}
	for _, m := range p.Case.Exchange.Messages {
		if !p.Target.Speech().Carries(m, p.Target.Role == targets.ServerRole) {
			return fmt.Sprintf("needs a message of %d bytes, which %s does not carry here", m.Size, p.Target.Protocol)
		}
	}
	if why := unfit(p.Case, p.Target); why != "" {
		return why
	}
	if why := e.beyondToxiproxy(p); why != "" {
		return why
	}
	return e.benches[p.Target.Name].crowded(p.Case, e.options.Scale)
}

func interrupted() reports.Result {
	return reports.Result{Verdict: reports.Skip, Reason: "interrupted"}
}

// late reports whether the run's time is over.
func (e *Engine) late() bool { return !e.enough.IsZero() && time.Now().After(e.enough) }

// inTurn observes the case. A shared server is given one case at a time, and none once it has stopped working; lost says so.
func (e *Engine) inTurn(ctx context.Context, b *bench, c cases.Case) (o cases.Observation, lost string, err error) {
	if b.target.Address == "" {
		o, err = e.observe(ctx, b, c, true)
		return o, "", err
	}
	b.turn.Lock()
	defer b.turn.Unlock()
	if b.lost != "" {
		return o, b.lost, nil
	}
	if e.late() { // it has waited for its turn
		return o, reports.NotRun, nil
	}
	if o, err = e.observe(ctx, b, c, true); err == nil {
		b.noteFollowUp(ctx, e, c, o)
	}
	return o, "", err
}

// once takes an observation that nothing is tried after.
func (e *Engine) once(ctx context.Context, b *bench, c cases.Case) func() (cases.Observation, string, error) {
	return func() (cases.Observation, string, error) {
		o, err := e.observe(ctx, b, c, false)
		return o, "", err
	}
}

// observe runs the case once.
func (e *Engine) observe(ctx context.Context, b *bench, c cases.Case, followUp bool) (cases.Observation, error) {
	w, err := e.stand.call()
	if err != nil {
		return cases.Observation{}, err
	}
	var o cases.Observation
	began := time.Now()
	switch b.target.Role {
	case targets.ClientRole:
		o, err = e.observeClient(ctx, b, c, w)
	case targets.PeerRole:
		o, err = e.observePeer(ctx, b, c, followUp)
	default:
		o, err = e.observeServer(ctx, b, c, followUp)
	}
	w.dismiss()
	since := heardFrom(b.target, o)
	o.Late, o.LateInAll = w.late(since)
	if o.LateWithin = w.within(since, o.Timing.Read); b.target.Role == targets.ServerRole {
		o.LateWithin = w.within(since, o.Timing.Idle)
	}
	o.Attended = time.Since(began)
	return o, err
}

// heardFrom is when the witness begins to count: what the start of a client's process costs, up to its first sign on the wire, is no
// lateness.
func heardFrom(t *targets.Target, o cases.Observation) (since time.Time) {
	if t.Command != nil && t.Role != targets.ServerRole && o.Trace.FirstSign != nil {
		return o.Trace.Began.Add(*o.Trace.FirstSign)
	}
	return since
}

// lateness is how late the witness and the wire were beside the case, if that is more than the case tolerates, else 0. What
// measures time tolerates a fifth of its window at once. Many short delays add up: no case tolerates that half of a client's read
// deadline was lost to them, or half of its total one, or two thirds of a server's idle one. Who is slow to read slices takes his
// time; but on a machine that is late meanwhile it is the machine that takes it.
func lateness(p Pair, o cases.Observation) time.Duration {
	worst, total, within := max(o.Late, o.Trace.Late), o.LateInAll+o.Trace.Late, o.LateWithin+o.Trace.Late
	tolerable, lost := o.Timing.Total/2, o.Timing.Read/2
	if len(o.Calls) > 1 { // each has a total deadline of its own
		tolerable = o.Attended
	}
	if o.Role == targets.ServerRole {
		// How soon the wire could dial a server is the server's doing, and nothing bounds the whole.
		worst, total, within = o.Late, o.LateInAll, o.LateWithin
		tolerable, lost = o.Attended, o.Timing.Idle*2/3
	}
	if o.Trace.Unconfirmed > 0 {
		tolerable = min(tolerable, unconfirmedLate)
	}
	if stretched := o.Trace.Stretched; stretched > brief(p.Target, o) {
		tolerable = min(tolerable, stretched/4)
	}
	switch {
	case total > tolerable:
		return total
	case within > lost:
		return within
	}
	if p.Case.Timed {
		d := p.Case.Deadline
		if d == "" {
			d = fixtures.ReadDeadline
		}
		if low, high := cases.Window(o.Timing.Of(d), o.Scale); worst > (high-low)/5 {
			return worst
		}
	}
	return 0
}

// starved is how long a client that is late had to wait for a processor, if it would not have been late without: then it is the machine
// that was. It may have had other things to do meanwhile, so that this alone says nothing.
func starved(p Pair, o cases.Observation) time.Duration {
	if o.Starved == 0 || p.Case.Sound().Judge(o) == nil {
		return 0
	}
	sooner := o
	sooner.Elapsed, sooner.Calls = max(0, o.Elapsed-o.Starved), slices.Clone(o.Calls)
	for i := range sooner.Calls {
		sooner.Calls[i].Elapsed = max(0, o.Calls[i].Elapsed-o.Starved)
	}
	if p.Case.Sound().Judge(sooner) != nil {
		return 0
	}
	return o.Starved
}

// brief is how long the wire may take to slice a stream before it matters to a target. Most wait anew after each slice, up to a total
// deadline; but for a handshake of TLS, and for a header section of HTTP, there is one deadline.
func brief(t *targets.Target, o cases.Observation) time.Duration {
	whole := t.TLS || t.Protocol == fixtures.HTTPProtocol
	switch {
	case o.Role == targets.ServerRole && whole:
		return o.Timing.Idle / 2
	case whole:
		return o.Timing.Read / 2
	}
	return o.Timing.Total / 2
}

// judge turns the observation into a verdict.
func (e *Engine) judge(p Pair, o cases.Observation) reports.Result {
	r := reports.Result{Elapsed: o.Elapsed, Waits: asked(p.Case, p.Target, o.Timing, e.options.Scale)}
	if !p.Target.TLS { // whose handshake and goodbye are on the wire, too
		r.Times = spent(o)
	}
	for _, conn := range o.Reference.Conns {
		if conn.Wrong {
			r.Verdict, r.Reason = reports.Error, "the case makes no sense for this target: "+conn.Detail
			return withEvidence(r, o)
		}
	}
	planned := append(e.plan(p.Case, p.Target, o.Timing).Faults, p.Case.Beside...)
	why := void(p.Case, planned, o)
	if o.Toward != nil && why == "" {
		asked := *p.Target
		asked.Role = targets.ServerRole
		toward := p.Case.AsServer()
		why = void(toward, e.plan(toward, &asked, o.Timing).Faults, *o.Toward)
	}
	why = cmp.Or(why, voidBehind(p.Case, o))
	if why != "" {
		r.Verdict, r.Reason = reports.Skip, why
		return withEvidence(r, o)
	}
	if o.Outcome == fixtures.Unsupported { // a session ends with the first
		r.Verdict, r.Reason = reports.Skip, strings.TrimSuffix("unsupported by the target: "+o.Detail, ": ")
		return withEvidence(r, o)
	}
	broken := p.Case.Sound().Judge(o)
	undeclared := o.Undeclared || p.Case.ID == huntID && wentOn(o)
	waited := undeclared && broken != nil && broken.Promise == cases.NeverHang && !overdue(o) // for longer than it never promised
	intact := o.Outcome == fixtures.OK && o.Damage == ""
	switch {
	case p.Case.ID == huntID && untold(o, broken):
		r.Verdict, r.Reason = reports.Skip, "void: more moved on the wire than its trace keeps, and what was broken rests on when"
		broken = nil
	case broken == nil && p.Case.ID == huntID && idle(planned, o) != "":
		r.Verdict, r.Reason = reports.Skip, idle(planned, o)
	case broken == nil:
		r.Verdict, r.Note = reports.Pass, qualified(o)
	case waited && intact:
		r.Verdict, r.Note = reports.Pass, fmt.Sprintf("no %s deadline is declared: it waited as long as it took", undeclaredIn(p.Case, o))
		broken = nil
	case waited:
		r.Verdict = reports.Warn
		r.Reason = fmt.Sprintf("no %s deadline is declared, and it waits for ever; add one, or declare it", undeclaredIn(p.Case, o))
	case o.OwnText && intact:
		r.Verdict, r.Reason = reports.Skip, "void: the client sends a text of its own, for which this case's faults are not made"
		broken = nil
	case p.Case.Level == cases.Must || p.Case.Alive().Judge(o) != nil:
		r.Verdict = reports.Fail
	case p.Case.Level == cases.Should:
		r.Verdict = reports.Warn
		if !e.options.Strict {
			r.Reason = "should, but does not have to"
		}
	default:
		r.Verdict, r.Note = reports.Pass, "recorded: "+broken.Seen
	}
	if broken != nil {
		r.Finding = &reports.Finding{Promise: string(broken.Promise), Expected: broken.Expected, Seen: broken.Seen, Advice: broken.Advice}
	}
	r = known(asOf(e.options.Catalogue, r, p.Case), p)
	r = withEvidence(r, o)
	if p.Case.ID != controlCase.ID { // which every run begins with
		r.Attachments["repro.yaml"] = e.repro(p, o, broken)
	}
	return r
}

// overdue reports whether the target has taken longer than it promises for the whole of an exchange.
func overdue(o cases.Observation) bool {
	_, high := cases.Window(o.Declared.Total, o.Scale)
	return o.Declared.Total > 0 && o.Elapsed > high
}

// untold reports whether a client is said to have broken a promise by when things moved, of which the trace does not hold all. That it
// lied does not rest on that.
func untold(o cases.Observation, broken *cases.Broken) bool {
	if broken == nil || broken.Promise == cases.NeverLie || o.Role != targets.ClientRole {
		return false
	}
	return slices.ContainsFunc(o.Trace.Conns, func(c proxy.ConnTrace) bool { return c.Dropped > 0 })
}

// undeclaredIn names the deadline that the case is about; a hunt's are about those that bound an exchange.
func undeclaredIn(c cases.Case, o cases.Observation) string {
	switch {
	case c.Deadline != "":
		return string(c.Deadline)
	case o.Declared.Read > 0:
		return string(fixtures.TotalDeadline)
	}
	return string(fixtures.ReadDeadline) + " or " + string(fixtures.TotalDeadline)
}

// qualified says what weakens a pass; empty if nothing does.
func qualified(o cases.Observation) string {
	var notes []string
	if !o.Speaks && o.Outcome == fixtures.Other {
		notes = append(notes, "not distinguished: the program does not say which kind of error it met")
	}
	if o.Blind {
		notes = append(notes, "judged by exit code and wire alone: the program does not print what it received")
	}
	return strings.Join(notes, "; ")
}

// void says why the observation proves nothing: the client sent something else than the script it met was written for, a
// planned fault did not strike, or a cut was not seen to be seen. That the target died or stopped working is proof enough.
func void(c cases.Case, planned []proxy.Fault, o cases.Observation) string {
	if c.Alive().Judge(o) != nil && o.Role != targets.ClientRole {
		return ""
	}
	if o.OwnText && len(c.Exchange.Conns) > 0 {
		return "void: the client sent a text of its own, and this case is about the one it was given"
	}
	for _, conn := range o.Reference.Conns {
		if conn.Outcome == fixtures.Unsupported {
			return "void: " + conn.Detail
		}
	}
	if len(c.Exchange.Messages) > 1 && c.Exchange.Messages[0].HTTP.Location > 0 && requests(o) == 1 && (o.Outcome == fixtures.OK || o.Outcome == fixtures.Other) {
		return "void: the client does not follow redirects"
	}
	if c.ID != huntID { // where one fault may be in another's way, and what the others do is judged nevertheless
		if why := idle(planned, o); why != "" {
			return why
		}
	}
	if o.Trace.Unconfirmed > 0 {
		return "void: the target had not read a slice when the wire stopped waiting, so the cut may not have been seen"
	}
	return ""
}

// idle says which planned fault did not strike; empty if all did.
func idle(planned []proxy.Fault, o cases.Observation) string {
	struck := map[string]bool{}
	for _, s := range o.Trace.Fired {
		struck[s.Fault] = true
	}
	for _, f := range planned {
		if struck[f.ID()] {
			continue
		}
		var sent, back int64
		for _, c := range o.Trace.Conns {
			sent, back = sent+c.Upstream.In, back+c.Downstream.In
		}
		return fmt.Sprintf("never fired: %s; the client sent %d bytes and the server %d, over %s", f, sent, back, counted(len(o.Trace.Conns), "connection"))
	}
	return ""
}

// requests is how many requests of HTTP the reference side has read.
func requests(o cases.Observation) (n int) {
	for _, conn := range o.Reference.Conns {
		n += conn.Requests
	}
	return n
}

// withEvidence attaches what results.json has no room for.
func withEvidence(r reports.Result, o cases.Observation) reports.Result {
	r.Attachments = map[string][]byte{}
	var events []byte
	for i := range o.Trace.Conns {
		c := &o.Trace.Conns[i]
		for _, ev := range c.Events {
			line, err := json.Marshal(struct {
				Conn int `json:"conn"`
				proxy.Event
			}{c.N, ev})
			if err == nil {
				events = append(append(events, line...), '\n')
			}
		}
		c.Events = nil
	}
	r.Attachments["trace.jsonl"], r.Attachments["payload.jsonl"] = events, payload(&o)
	if o.Process != nil {
		r.Attachments["stdout"], r.Attachments["stderr"] = o.Process.Stdout, o.Process.Stderr
	}
	r.Observation = o
	return r
}

func startEvidence(err error) map[string][]byte {
	if s, ok := errors.AsType[*targets.StartError](err); ok && s.Process != nil {
		return map[string][]byte{"stdout": s.Process.Stdout, "stderr": s.Process.Stderr}
	}
	return nil
}
