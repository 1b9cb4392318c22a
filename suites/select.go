package suites

import (
	"context"
	"fmt"
	"regexp"
	"runtime"
	"slices"
	"strings"

	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/suites/cases"
	"github.com/faultwire/faultwire/targets"
)

// A Pair is the unit of a run: one case, one target.
type Pair struct {
	Case   cases.Case
	Target *targets.Target
}

// Name is the pair's name: the target's, a space, the case's ID.
func (p Pair) Name() string { return p.Target.Name + " " + p.Case.ID }

// An UnknownPattern is a pattern that selects nothing: a usage error, for a run that silently tests nothing proves nothing.
type UnknownPattern struct {
	Pattern string
	Near    []string // IDs that resemble it
}

func (e *UnknownPattern) Error() string {
	s := fmt.Sprintf("no case matches %q; see `faultwire list`", e.Pattern)
	if len(e.Near) > 0 {
		s += "; near it: " + strings.Join(e.Near, ", ")
	}
	return s
}

// Cases returns the cases that the patterns name, in the catalogue's order; without patterns all of them. Cases that are for
// full runs come only if full is set, or if a pattern is their exact ID. The error is an [UnknownPattern].
func Cases(patterns []string, full bool) ([]cases.Case, error) {
	all := cases.All()
	for _, p := range patterns {
		if !slices.ContainsFunc(all, func(c cases.Case) bool { return Matches(p, c.ID) }) {
			return nil, &UnknownPattern{Pattern: p, Near: near(all, p)}
		}
	}
	var chosen []cases.Case
	for _, c := range all {
		named := slices.ContainsFunc(patterns, func(p string) bool { return Matches(p, c.ID) })
		if (len(patterns) == 0 || named) && (full || !c.Full || slices.Contains(patterns, c.ID)) {
			chosen = append(chosen, c)
		}
	}
	return chosen, nil
}

// Matches reports whether the pattern names the ID: * stands for anything within a segment, ** across segments, everything
// else, brackets too, for itself. An ID without its [axis=value] names the whole family.
func Matches(pattern, id string) bool {
	var expr strings.Builder
	for i := 0; i < len(pattern); i++ {
		switch {
		case strings.HasPrefix(pattern[i:], "**"):
			expr.WriteString(".*")
			i++
		case pattern[i] == '*':
			expr.WriteString(`[^.]*`)
		default:
			expr.WriteString(regexp.QuoteMeta(pattern[i : i+1]))
		}
	}
	return regexp.MustCompile(`^(` + expr.String() + `)(\[[^\]]*\])?$`).MatchString(id)
}

// near finds families whose name holds a word of the pattern; those of its protocol first.
func near(all []cases.Case, pattern string) []string {
	var found []string
	protocol, _, _ := strings.Cut(pattern, ".")
	for _, same := range []bool{true, false} {
		for _, word := range strings.FieldsFunc(pattern, func(r rune) bool { return strings.ContainsRune(".-*[]=", r) }) {
			for _, c := range all {
				id, _, _ := strings.Cut(c.ID, "[")
				if len(word) > 3 && strings.HasPrefix(id, protocol+".") == same && strings.Contains(id, "."+word) && !slices.Contains(found, id) && len(found) < 5 {
					found = append(found, id)
				}
			}
		}
	}
	return found
}

// applies reports whether the case is for targets like t.
func applies(c cases.Case, t *targets.Target) bool {
	if !c.Role.Includes(t.Role) || !slices.Contains(c.Speaks, t.Protocol) || c.Origin != nil && !t.IsGateway() {
		return false
	}
	if t.TLS {
		return throughTLS(c, t)
	}
	return c.Theme() != "tls"
}

// unfit says why the case cannot be run with a target of this kind; empty if it can.
func unfit(c cases.Case, t *targets.Target) string {
	switch {
	case c.Watch != nil && unwatched(t) != "":
		return unwatched(t)
	case len(c.Exchange.Calls) > 0 && !t.Sessions():
		return oneExchange
	case c.Cancel.Times > 0 && t.Client == nil:
		return "needs a client in this process: to cancel one that is a process is to kill it"
	case c.Told != "" && t.Command == nil:
		return "is about the end of a process: it needs a command"
	case c.Beside != nil:
		if err := TwoAddresses(context.Background()); err != nil {
			return fmt.Sprintf("needs a name with two addresses: %v", err)
		}
	case c.Nudged && (t.Command == nil || runtime.GOOS == "windows"):
		return "is about the signals that a process gets: it needs a command"
	}
	return ""
}

// undeclared says why a case cannot be run without a deadline that the target does not declare; empty if it can. Without a
// connect, read or write deadline the case runs with patience instead.
func undeclared(c cases.Case, t *targets.Target) string {
	switch d := c.Deadline; d {
	case fixtures.TotalDeadline, fixtures.IdleDeadline:
		if t.Promises.Of(d) == 0 {
			return fmt.Sprintf("the target declares no %s deadline", d)
		}
	}
	return ""
}
