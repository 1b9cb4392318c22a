package suites

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/reports"
	"github.com/faultwire/faultwire/suites/cases"
	"github.com/faultwire/faultwire/targets"
)

// What an attempt came to that broke no promise.
type unbroken int

const (
	keptAll       unbroken = iota // it kept the five
	provesNothing                 // it proves nothing
	waited                        // for longer than it never promised
)

func (h *hunt) count(what unbroken) {
	switch what {
	case provesNothing:
		h.told.Void++
		return
	case waited:
		h.told.Waited++
	}
	h.told.Schedules++
}

// attempt tries the schedule once. Alone it has the lane of those that are timed, whose witness is stricter. The error is that of a machine
// that cannot run it at all.
func (e *Engine) attempt(ctx context.Context, s schedule, number int, alone bool) (*find, unbroken, error) {
	c := s.toTarget()
	c.Timed = alone
	if slices.ContainsFunc(s.Messages, func(m fixtures.Message) bool {
		return !s.target.Speech().Carries(m, s.target.Role == targets.ServerRole)
	}) {
		return nil, provesNothing, nil
	}
	p := Pair{c, s.target}
	began := time.Now()
	b := e.benches[s.target.Name]
	o, _, instead := e.attested(ctx, p, func() (cases.Observation, string, error) { return e.inTurn(ctx, b, c) })
	switch {
	case instead != nil && instead.Verdict == reports.Error && instead.Retaken == 0:
		return nil, provesNothing, errors.New(instead.Reason)
	case instead != nil:
		return nil, provesNothing, nil
	}
	r := e.judge(p, o)
	switch {
	case r.Verdict == reports.Error:
		return nil, provesNothing, errors.New(r.Reason)
	case r.Verdict == reports.Skip && strings.HasPrefix(r.Reason, "void: "):
		return nil, provesNothing, nil
	case r.Verdict == reports.Warn:
		return nil, waited, nil
	case r.Verdict != reports.Fail:
		return nil, keptAll, nil
	}
	broken := &cases.Broken{Promise: cases.Promise(r.Finding.Promise), Expected: r.Finding.Expected, Seen: r.Finding.Seen, Advice: r.Finding.Advice}
	return &find{schedule: s, number: number, outcome: o.Outcome, broken: broken, result: e.complete(r, p, began)}, keptAll, nil
}

// mostVoid is how many attempts may prove nothing before more are given up: each was taken again and again before.
const mostVoid = 3

// recur tries a find's schedule again, n times, first once and then as many at once as may be timed, and says how often it showed, and what
// was seen then, or at first.
func (e *Engine) recur(ctx context.Context, f *find, n int) (shown int, last *find, err error) {
	last = f
	for tried, void := 0, 0; tried < n && void < mostVoid && ctx.Err() == nil && err == nil; {
		at := 1
		if tried > 0 {
			at = n - tried
		}
		for _, a := range e.attempts(ctx, f, at) {
			switch {
			case a.err != nil:
				err = a.err
			case a.what == provesNothing:
				void++
				continue
			case f.same(a.find):
				shown++
				last = a.find
			}
			tried++
		}
	}
	return shown, last, err
}

// An attempted is what an attempt came to.
type attempted struct {
	find *find
	what unbroken
	err  error
}

// attempts tries a find's schedule so many times at once.
func (e *Engine) attempts(ctx context.Context, f *find, n int) []attempted {
	made := make([]attempted, n)
	var all sync.WaitGroup
	for i := range made {
		all.Go(func() { made[i].find, made[i].what, made[i].err = e.attempt(ctx, f.schedule, f.number, true) })
	}
	all.Wait()
	return made
}

// findOf is the find as who asked for it gets it.
func (e *Engine) findOf(f *find, shown, of int) *Find {
	r := f.result
	if like := kin(f.schedule); like != nil {
		r.Case.Why, r.Case.Fix = like.Why, fmt.Sprintf("%s\nMore: faultwire explain %s", like.Fix, like.ID)
	}
	repro := f.schedule.repro(e.options.Seed, e.options.Scale)
	repro.Promise, repro.Outcome = string(f.broken.Promise), string(f.outcome)
	return &Find{Number: f.number, Result: r, Repro: repro, Shown: shown, Of: of, Lines: f.schedule.lines()}
}
