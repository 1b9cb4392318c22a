package reports

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A Part is a run that went into a report of several.
type Part struct {
	Tool        string        `json:"tool"`
	Command     []string      `json:"command,omitempty"`
	Host        Host          `json:"host"`
	Shard       string        `json:"shard,omitempty"`
	Seed        uint64        `json:"seed"`
	Scale       float64       `json:"time_scale"`
	Started     time.Time     `json:"started"`
	Took        time.Duration `json:"took_ns"`
	Targets     []string      `json:"targets"`
	Interrupted bool          `json:"interrupted,omitempty"`
}

// parts are the runs that r is made of: itself, unless it was merged.
func (r *Run) parts() []Part {
	if len(r.Parts) > 0 {
		return r.Parts
	}
	p := Part{Tool: r.Tool, Command: r.Command, Host: r.Host, Shard: r.Shard, Seed: r.Seed, Scale: r.Scale, Started: r.Started, Took: r.Took,
		Interrupted: r.Interrupted}
	for _, t := range r.Targets {
		p.Targets = append(p.Targets, t.Name)
	}
	return []Part{p}
}

// A MissingShard says of shards of a run that they are not among what is merged.
type MissingShard struct {
	Targets []string // of the run
	Shards  []string // such as 2/8
}

func (e *MissingShard) Error() string {
	const most = 3
	names := slices.Clone(e.Targets)
	if more := len(names) - most; more > 0 {
		names = append(names[:most], fmt.Sprintf("and %d more", more))
	}
	return fmt.Sprintf("of the run of %s there is no shard %s", strings.Join(names, ", "), strings.Join(e.Shards, ", "))
}

// Merge makes one report of several: of the shards of a run, of different targets, or of both. A pair that several have must have the
// same verdict in all. order is the catalogue's IDs. What differs between the runs is left empty; [Run.Parts] has it.
//
// That a shard is missing is an error, a [MissingShard], unless partial is set; then the report says that it was interrupted.
func Merge(runs []*Run, order []string, partial bool) (*Run, error) {
	if len(runs) == 0 {
		return nil, errors.New("nothing to merge")
	}
	first := runs[0]
	all := &Run{Schema: SchemaVersion, Catalogue: first.Catalogue, Strict: first.Strict, SelfTest: true}
	for _, r := range runs {
		switch {
		case r.Catalogue != all.Catalogue:
			return nil, fmt.Errorf("the reports have different catalogues, %s and %s: run all with one Faultwire", all.Catalogue, r.Catalogue)
		case r.Strict != all.Strict:
			return nil, errors.New("one of the runs was --strict and another was not: what fails would mean two things")
		}
		all.SelfTest = all.SelfTest && r.SelfTest
		all.Interrupted = all.Interrupted || r.Interrupted
		all.Waits += r.Waits
		all.Parts = append(all.Parts, r.parts()...)
	}
	if missing := missingShard(all.Parts); missing != nil && !partial {
		return nil, missing
	} else if missing != nil {
		all.Interrupted = true
	}
	all.Tool = common(all.Parts, func(p Part) string { return p.Tool })
	all.Tool = cmp.Or(all.Tool, "faultwire") // the word by which a report is known as ours
	all.Seed = common(all.Parts, func(p Part) uint64 { return p.Seed })
	all.Scale = common(all.Parts, func(p Part) float64 { return p.Scale })
	all.Host = Host{
		Name:   common(all.Parts, func(p Part) string { return p.Host.Name }),
		OS:     common(all.Parts, func(p Part) string { return p.Host.OS }),
		Arch:   common(all.Parts, func(p Part) string { return p.Host.Arch }),
		Kernel: common(all.Parts, func(p Part) string { return p.Host.Kernel }),
		CPUs:   common(all.Parts, func(p Part) int { return p.Host.CPUs }),
		Go:     common(all.Parts, func(p Part) string { return p.Host.Go }),
	}
	all.Started, all.Took = span(all.Parts)
	for _, r := range runs {
		for _, t := range r.Targets {
			if err := all.addTarget(t, r.Shard != ""); err != nil {
				return nil, err
			}
		}
	}
	if err := all.addResults(runs, order); err != nil {
		return nil, err
	}
	return all, nil
}

// common is what all parts have, else nothing.
func common[T comparable](parts []Part, of func(Part) T) T {
	var none T
	for _, p := range parts {
		if of(p) != of(parts[0]) {
			return none
		}
	}
	return of(parts[0])
}

// span is when the first part began, and the time in which at least one was running.
func span(parts []Part) (began time.Time, took time.Duration) {
	parts = slices.SortedFunc(slices.Values(parts), func(a, b Part) int { return a.Started.Compare(b.Started) })
	until := parts[0].Started
	for _, p := range parts {
		end := p.Started.Add(p.Took)
		if p.Started.After(until) {
			until = p.Started
		}
		if end.After(until) {
			took, until = took+end.Sub(until), end
		}
	}
	return parts[0].Started, took
}

// missingShard says which shards are not among the parts; nil if none.
func missingShard(parts []Part) *MissingShard {
	there := map[string]map[int]bool{} // by what was sharded, and in how many
	for _, p := range parts {
		index, of, sharded := strings.Cut(p.Shard, "/")
		if i, err := strconv.Atoi(index); sharded && err == nil {
			key := of + " " + strings.Join(p.Targets, " ")
			if there[key] == nil {
				there[key] = map[int]bool{}
			}
			there[key][i] = true
		}
	}
	for _, key := range slices.Sorted(maps.Keys(there)) {
		of, names, _ := strings.Cut(key, " ")
		n, _ := strconv.Atoi(of)
		var missing []string
		for i := 1; i <= n; i++ {
			if !there[key][i] {
				missing = append(missing, fmt.Sprintf("%d/%d", i, n))
			}
		}
		if len(missing) > 0 {
			return &MissingShard{strings.Fields(names), missing}
		}
	}
	return nil
}

// addTarget adds a target, or what another run knows of it. A shard may come from a machine where its program is elsewhere.
func (r *Run) addTarget(t Target, shard bool) error {
	i := slices.IndexFunc(r.Targets, func(other Target) bool { return other.Name == t.Name })
	if i < 0 {
		t.Undeclared, t.Elsewhere = slices.Clone(t.Undeclared), slices.Clone(t.Elsewhere)
		r.Targets = append(r.Targets, t)
		return nil
	}
	known, how := &r.Targets[i], t.How
	if shard {
		how = known.How
	}
	for _, has := range []struct{ what, one, other string }{
		{"roles", known.Role, t.Role},
		{"protocols", known.Protocol, t.Protocol},
		{"commands or addresses", known.How, how},
	} {
		if has.one != has.other {
			return fmt.Errorf("the target %q has two %s, %s and %s: two things need two names", t.Name, has.what, has.one, has.other)
		}
	}
	if !maps.Equal(known.Promises, t.Promises) {
		return fmt.Errorf("the target %q promises two things, %v and %v", t.Name, known.Promises, t.Promises)
	}
	for _, where := range t.Elsewhere {
		if !slices.Contains(known.Elsewhere, where) {
			known.Elsewhere = append(known.Elsewhere, where)
		}
	}
	if t.Control != nil && (known.Control == nil || worst(t.Control.Verdict) > worst(known.Control.Verdict)) {
		known.Control = t.Control
	}
	return nil
}

// SeedOf is the seed that the result follows from.
func (r *Run) SeedOf(res *Result) uint64 {
	if res.Seed != nil {
		return *res.Seed
	}
	return r.Seed
}

// seeds are the run's seed, or those of the runs that it was merged of.
func (r *Run) seeds() string {
	var all []string
	for _, p := range r.parts() {
		if s := strconv.FormatUint(p.Seed, 10); !slices.Contains(all, s) {
			all = append(all, s)
		}
	}
	return strings.Join(all, ", ")
}

// worst ranks the verdicts on a control.
func worst(v Verdict) int { return slices.Index([]Verdict{Pass, Skip, Fail, Error}, v) }

// addResults adds the runs' results, by target, then in the catalogue's order.
func (r *Run) addResults(runs []*Run, order []string) error {
	type pair struct{ target, id string }
	at := map[pair]int{}
	for _, run := range runs {
		for _, res := range run.Results {
			p := pair{res.Target, res.Case.ID}
			if i, twice := at[p]; twice {
				if was := r.Results[i].Verdict; was != res.Verdict {
					return fmt.Errorf("%s %s has two verdicts, %s and %s: of each pair one is wanted", p.target, p.id, was, res.Verdict)
				}
				continue
			}
			at[p] = len(r.Results)
			if res.Seed == nil && run.Seed != r.Seed {
				res.Seed = &run.Seed
			}
			r.Results = append(r.Results, res)
		}
	}
	place := map[string]int{}
	for i, id := range order {
		place[id] = i - len(order)
	}
	slices.SortStableFunc(r.Results, func(a, b Result) int {
		group := func(res Result) int {
			return slices.IndexFunc(r.Targets, func(t Target) bool { return t.Name == res.Target })
		}
		return cmp.Or(cmp.Compare(group(a), group(b)), cmp.Compare(place[a.Case.ID], place[b.Case.ID]))
	})
	return nil
}
