package reports

import (
	"cmp"
	"regexp"
	"slices"
)

// A reasonCount is why so many pairs were not tested.
type reasonCount struct {
	N      int
	Reason string
	id     string // of the first case
	more   bool   // there are others in other words
}

// varying is what differs between reasons that come to the same: which fault did not strike, and numbers.
var varying = regexp.MustCompile(`^never fired: [^;]*|\d+`)

// A tally counts reasons. Those that come to the same are one, in the words of the first.
type tally struct {
	all []reasonCount
	at  map[string]int
}

// add counts n pairs, the first of which may be a case's alone.
func (t *tally) add(reason string, n int, id string) {
	reason = cmp.Or(oneLine(reason), "no reason given")
	shape := varying.ReplaceAllString(reason, "…")
	if t.at == nil {
		t.at = map[string]int{}
	}
	i, known := t.at[shape]
	if !known {
		i, t.at[shape] = len(t.all), len(t.all)
		t.all = append(t.all, reasonCount{Reason: reason, id: oneLine(id)})
	}
	t.all[i].N += n
	t.all[i].more = t.all[i].more || reason != t.all[i].Reason
}

// sorted are the reasons, the commonest first.
func (t *tally) sorted() []reasonCount {
	all := slices.Clone(t.all)
	for i := range all {
		if all[i].more {
			all[i].Reason += ", and the like"
		}
	}
	slices.SortStableFunc(all, func(a, b reasonCount) int { return cmp.Or(cmp.Compare(b.N, a.N), cmp.Compare(a.Reason, b.Reason)) })
	return all
}
