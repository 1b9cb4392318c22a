package reports

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// A failure is one that is told in full, and those that have little to add to it but their names: the same target's with the same
// advice on what was seen, or of the same family of cases with the same promise broken.
type failure struct {
	*Result
	likewise []*Result
}

// failed are what makes the run nonconformant, in its order, with what is alike told at once.
func (r *Run) failed() (all []*failure) {
	type cause struct{ target, family, advice string }
	known := map[cause]*failure{}
	for i := range r.Results {
		res := &r.Results[i]
		if !res.Gates(r.Strict) {
			continue
		}
		family, _, _ := strings.Cut(res.Case.ID, "[")
		causes := []cause{{target: res.Target, family: family + " " + res.promise()}}
		if advice := res.advice(); advice != "" {
			causes = append(causes, cause{target: res.Target, advice: advice})
		}
		var f *failure
		for _, c := range causes {
			f = cmp.Or(f, known[c])
		}
		if f == nil {
			f = &failure{Result: res}
			all = append(all, f)
		} else {
			f.likewise = append(f.likewise, res)
		}
		for _, c := range causes {
			if known[c] == nil {
				known[c] = f
			}
		}
	}
	for _, f := range all {
		f.choose()
	}
	return all
}

// choose lets that result stand for all whose case is about what is wrong: where what all break is found by the way, the case's own
// advice is about something else.
func (f *failure) choose() {
	about := func(res *Result) bool {
		promise, _, _ := strings.Cut(res.Case.Clause, ":")
		return strings.EqualFold(promise, res.promise()) && res.Case.Level == "must"
	}
	if about(f.Result) {
		return
	}
	if i := slices.IndexFunc(f.likewise, about); i >= 0 {
		first := f.Result
		f.Result = f.likewise[i]
		f.likewise = slices.Insert(slices.Delete(f.likewise, i, i+1), 0, first)
	}
}

// notKept says how many requirements are not, and in how many ways.
func (r *Run) notKept() string {
	n, ways := r.gating(), len(r.failed())
	said := plural(n, "requirement") + " not kept"
	switch ways {
	case n:
		return said
	case 1:
		return said + ", all in the same way"
	}
	return fmt.Sprintf("%s, in %d ways", said, ways)
}

func (res *Result) promise() string {
	if res.Finding == nil {
		return ""
	}
	return res.Finding.Promise
}

func (res *Result) advice() string {
	if res.Finding == nil {
		return ""
	}
	return res.Finding.Advice
}

// others names what is alike.
func (f *failure) others() string {
	var families []string
	for i := 0; i < len(f.likewise); {
		family, _, _ := strings.Cut(f.likewise[i].Case.ID, "[")
		line := oneLine(f.likewise[i].Case.ID)
		for i++; i < len(f.likewise); i++ {
			rest, same := strings.CutPrefix(f.likewise[i].Case.ID, family+"[")
			if !same {
				break
			}
			line += " [" + oneLine(rest)
		}
		families = append(families, line)
	}
	return strings.Join(families, ", ")
}
