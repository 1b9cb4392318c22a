package proxy

import (
	"errors"
	"fmt"
	"slices"
)

// Errors of live changes. They are wrapped with the fault's name.
var (
	ErrFaultExists = errors.New("there is a fault of that name already")
	ErrNoFault     = errors.New("there is no fault of that name")
)

// Plan is the plan in force.
func (r *Relay) Plan() Plan {
	r.mu.Lock()
	defer r.mu.Unlock()
	p := r.config.Plan
	p.Faults = slices.Clone(p.Faults)
	return p
}

// Add puts one more fault into the plan, for the connections that are open and for new ones. For those that are open it
// begins now: their bytes are counted from here on. The error is an [InvalidFault] or wraps [ErrFaultExists].
func (r *Relay) Add(f Fault) error {
	plan := r.Plan()
	if plan.has(f.ID()) {
		return fmt.Errorf("%w: %s", ErrFaultExists, f.ID())
	}
	plan.Faults = append(plan.Faults, f)
	return r.Arm(plan)
}

// Update replaces the fault of the same name, as if the old one were removed and the new one added. The error is an
// [InvalidFault] or wraps [ErrNoFault].
func (r *Relay) Update(f Fault) error {
	plan := r.Plan()
	i := slices.IndexFunc(plan.Faults, func(g Fault) bool { return g.ID() == f.ID() })
	if i < 0 {
		return fmt.Errorf("%w: %s", ErrNoFault, f.ID())
	}
	plan.Faults[i] = f
	return r.Arm(plan)
}

// Remove takes the fault out of the plan and lets go of what it held; removing a timeout closes the connections it holds, as
// Toxiproxy does. The error wraps [ErrNoFault].
func (r *Relay) Remove(id string) error {
	plan := r.Plan()
	if !plan.has(id) {
		return fmt.Errorf("%w: %s", ErrNoFault, id)
	}
	plan.Faults = slices.DeleteFunc(plan.Faults, func(g Fault) bool { return g.ID() == id })
	return r.Arm(plan)
}

// Arm replaces the whole plan. Faults that are in both plans, unchanged, go on undisturbed.
func (r *Relay) Arm(plan Plan) error {
	if err := plan.Validate(); err != nil {
		return err
	}
	r.mu.Lock()
	r.config.Plan = plan
	r.mu.Unlock()
	r.rec.board.post(Notice{At: r.rec.now(), What: "armed"})
	return nil
}

func (p Plan) has(id string) bool {
	return slices.ContainsFunc(p.Faults, func(f Fault) bool { return f.ID() == id })
}
