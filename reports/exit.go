package reports

// The exit codes that a run decides. Of several that apply the first of 130, 4, 1, 3, 0 wins.
const (
	ExitOK            = 0
	ExitNonconformant = 1   // a requirement that gates was not kept, or a control exchange failed
	ExitNoVerdict     = 3   // nothing ran, or everything was skipped
	ExitError         = 4   // the harness failed at something: the run is incomplete
	ExitInterrupted   = 130 // as a shell says it of SIGINT
)

// Exit is the run's exit code. Usage errors and reports that cannot be written are the caller's to add.
func (r *Run) Exit() int {
	count := r.Count("")
	switch {
	case r.Interrupted:
		return ExitInterrupted
	case count[Error] > 0 || len(r.controls(Error)) > 0:
		return ExitError
	case r.gating() > 0 || len(r.controls(Fail)) > 0:
		return ExitNonconformant
	case count[Skip] == len(r.Results):
		return ExitNoVerdict
	}
	return ExitOK
}

// Count counts the verdicts of one target's pairs; of all if target is empty. The control exchange is not a pair.
func (r *Run) Count(target string) map[Verdict]int {
	count := map[Verdict]int{}
	for _, res := range r.Results {
		if target == "" || res.Target == target {
			count[res.Verdict]++
		}
	}
	return count
}

func (r *Run) gating() (n int) {
	for _, res := range r.Results {
		if res.Gates(r.Strict) {
			n++
		}
	}
	return n
}

// controls are the targets whose control exchange ended with the verdict.
func (r *Run) controls(v Verdict) (found []Target) {
	for _, t := range r.Targets {
		if t.Control != nil && t.Control.Verdict == v {
			found = append(found, t)
		}
	}
	return found
}

// A group is one target and its results.
type group struct {
	Target
	results []Result
}

// groups are the targets in their order, with their results. A result that names no known target makes a group of its
// own: it must not be lost.
func (r *Run) groups() []group {
	var groups []group
	at := map[string]int{}
	add := func(t Target) int {
		if i, known := at[t.Name]; known {
			return i
		}
		at[t.Name] = len(groups)
		groups = append(groups, group{Target: t})
		return len(groups) - 1
	}
	for _, t := range r.Targets {
		add(t)
	}
	for _, res := range r.Results {
		i := add(Target{Name: res.Target})
		groups[i].results = append(groups[i].results, res)
	}
	return groups
}
