package suites

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/faultwire/faultwire/reports"
	"github.com/faultwire/faultwire/suites/cases"
	"github.com/faultwire/faultwire/targets"
)

// known applies the target's known failures, the most specific that names the case: what fails is expected; a case named by its
// own ID that passes makes its entry stale, and that fails. An entry that has expired is as none, but that it was there is said.
func known(r reports.Result, p Pair) reports.Result {
	if p.Case.ID == controlCase.ID { // a pattern for all cases is not one for a target that does not work at all
		return r
	}
	pattern, expired := "", ""
	for _, candidate := range mostSpecific(p.Target.KnownFailures, p.Case.ID) {
		if !p.Target.KnownFailures[candidate].Expired(time.Now()) {
			pattern = candidate
			break
		}
		expired = cmp.Or(expired, candidate)
	}
	if pattern == "" {
		if expired != "" && (r.Verdict == reports.Fail || r.Verdict == reports.Warn) {
			k := p.Target.KnownFailures[expired]
			said := fmt.Sprintf("this was a known failure until %s: %s", k.Until.Format(time.DateOnly), k.Reason)
			r.Note = strings.TrimPrefix(r.Note+"; "+said, "; ")
		}
		return r
	}
	reason := p.Target.KnownFailures[pattern].Reason
	switch {
	case r.Verdict == reports.Fail || r.Verdict == reports.Warn:
		r.Verdict, r.Reason = reports.XFail, reason
	case r.Verdict == reports.Pass && pattern == p.Case.ID:
		r.Verdict = reports.Fail
		r.Finding = &reports.Finding{Promise: reports.NoPromise, Expected: "a failure, known: " + reason, Seen: "it passes",
			Advice: "take it out of known_failures"}
	}
	return r
}

// mostSpecific are the patterns that name the case, its own ID first, then the longest.
func mostSpecific(all map[string]targets.Known, id string) (patterns []string) {
	for pattern := range all {
		if Matches(pattern, id) {
			patterns = append(patterns, pattern)
		}
	}
	slices.SortFunc(patterns, func(a, b string) int {
		switch id {
		case a:
			return -1
		case b:
			return 1
		}
		return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a, b))
	})
	return patterns
}

// checkKnown refuses a known failure that no case of the catalogue is named by: a typing error, or a case that is gone.
func checkKnown(t *targets.Target) error {
	all := cases.All()
	for _, pattern := range patterns(t) {
		if slices.ContainsFunc(all, func(c cases.Case) bool { return Matches(pattern, c.ID) }) {
			continue
		}
		msg := "no case matches; correct it, or take it out"
		if near := near(all, pattern); len(near) > 0 {
			msg += "; near it: " + strings.Join(near, ", ")
		}
		k := t.KnownFailures[pattern]
		return &targets.ConfigError{File: k.File, Line: k.Line, Key: "target " + t.Name + ": known_failures." + pattern, Msg: msg}
	}
	return nil
}

// patterns are those of the target's known failures, in the order of their file.
func patterns(t *targets.Target) (all []string) {
	for pattern := range t.KnownFailures {
		all = append(all, pattern)
	}
	slices.SortFunc(all, func(a, b string) int {
		return cmp.Or(cmp.Compare(t.KnownFailures[a].Line, t.KnownFailures[b].Line), cmp.Compare(a, b))
	})
	return all
}

// Expired says of each known failure of the targets that is past its date that it no longer counts.
func (e *Engine) Expired() (said []string) {
	for i := range e.options.Targets {
		t := &e.options.Targets[i]
		for _, pattern := range patterns(t) {
			if k := t.KnownFailures[pattern]; k.Expired(time.Now()) {
				mistake := targets.ConfigError{File: k.File, Line: k.Line, Key: "target " + t.Name + ": known_failures." + pattern,
					Msg: fmt.Sprintf("has expired on %s and no longer counts: %s", k.Until.Format(time.DateOnly), k.Reason)}
				said = append(said, mistake.Error())
			}
		}
	}
	return said
}
