package targets

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/faultwire/faultwire/fixtures"
)

// contract is what a client's exit code says.
var contract = map[int]fixtures.Outcome{
	0:  fixtures.OK,
	10: fixtures.Timeout,
	11: fixtures.Reset,
	12: fixtures.Closed,
	13: fixtures.Refused,
	14: fixtures.Corrupt,
	15: fixtures.Malformed,
	89: fixtures.Unsupported,
}

// ExitOutcome is what a client's exit code says by the contract: 0 complete, 10 timeout, 11 reset, 12 closed too early, 13
// refused, 14 corrupt, 15 malformed peer, 89 unsupported. false if the contract does not know the code.
func ExitOutcome(code int) (fixtures.Outcome, bool) {
	o, ok := contract[code]
	return o, ok
}

// A Classifier says what the exit codes and the messages of an existing program mean. A message goes before a code, since
// programs have few codes and precise messages; and what neither knows is left to Base.
type Classifier struct {
	Stderr []Pattern
	Exits  map[int]fixtures.Outcome
	Base   *Classifier // what to ask next; nil means the contract
}

// A Pattern gives a meaning to text on stderr.
type Pattern struct {
	Match   *regexp.Regexp
	Outcome fixtures.Outcome
}

// outcomeOf is what an exit code and stderr come to. The contract's own codes are explicit: only a table that names one
// overrides it, no message does.
func (c *Classifier) outcomeOf(code int, stderr []byte) fixtures.Outcome {
	agreed, known := ExitOutcome(code)
	if known && (code == 0 || !c.names(code)) {
		return agreed
	}
	for ; c != nil; c = c.Base {
		if o, ok := lastMatch(c.Stderr, stderr); ok {
			return o
		}
		if o, ok := c.Exits[code]; ok {
			return o
		}
	}
	return fixtures.Other
}

func (c *Classifier) names(code int) bool {
	for ; c != nil; c = c.Base {
		if _, ok := c.Exits[code]; ok {
			return true
		}
	}
	return false
}

// lastMatch is the outcome of the pattern whose match ends last: what a program says last is what ended it. Of two that
// end together the earlier pattern counts.
func lastMatch(patterns []Pattern, text []byte) (found fixtures.Outcome, ok bool) {
	last := -1
	for _, p := range patterns {
		for _, at := range p.Match.FindAllIndex(text, -1) {
			if at[1] > last {
				last, found = at[1], p.Outcome
			}
		}
	}
	return found, last >= 0
}

// outcomeNamed is the outcome a configuration names. What only the harness can see is not among them.
func outcomeNamed(name string) (fixtures.Outcome, error) {
	var names []string
	for _, o := range []fixtures.Outcome{fixtures.OK, fixtures.Timeout, fixtures.Reset, fixtures.Closed, fixtures.Refused,
		fixtures.Corrupt, fixtures.Malformed, fixtures.Other, fixtures.Unsupported} {
		if name == string(o) {
			return o, nil
		}
		names = append(names, string(o))
	}
	return "", fmt.Errorf("unknown outcome %q%s; known: %s", name, didYouMean(name, names), strings.Join(names, ", "))
}
