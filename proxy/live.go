package proxy

import (
	"errors"
	"fmt"
	"maps"
	"net"
	"reflect"
	"slices"
	"sync"
	"time"
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
	p := r.plan
	p.Faults = slices.Clone(p.Faults)
	return p
}

// Add puts one more fault into the plan, for the connections that are open and for new ones. For those that are open it
// begins now: their bytes and their time are counted from here on. The error is an [InvalidFault] or wraps [ErrFaultExists].
func (r *Relay) Add(f Fault) error {
	return r.change(func(plan *Plan) error {
		if plan.has(f.ID()) {
			return fmt.Errorf("%w: %s", ErrFaultExists, f.ID())
		}
		plan.Faults = append(plan.Faults, f)
		return nil
	})
}

// Update replaces the fault of the same name, as if the old one were removed and the new one added. The error is an
// [InvalidFault] or wraps [ErrNoFault].
func (r *Relay) Update(f Fault) error {
	return r.change(func(plan *Plan) error {
		i := slices.IndexFunc(plan.Faults, func(g Fault) bool { return g.ID() == f.ID() })
		if i < 0 {
			return fmt.Errorf("%w: %s", ErrNoFault, f.ID())
		}
		plan.Faults[i] = f
		return nil
	})
}

// Remove takes the fault out of the plan and lets go of what it held; removing a timeout closes the connections it holds, as
// Toxiproxy does, and removing a blackhole resets those of which it has swallowed something: no TCP goes on behind a gap.
// The error wraps [ErrNoFault].
func (r *Relay) Remove(id string) error {
	return r.change(func(plan *Plan) error {
		if !plan.has(id) {
			return fmt.Errorf("%w: %s", ErrNoFault, id)
		}
		plan.Faults = slices.DeleteFunc(plan.Faults, func(g Fault) bool { return g.ID() == id })
		return nil
	})
}

// Arm replaces the whole plan. Faults that are in both plans, unchanged, go on undisturbed. No byte is lost by a change of
// latency, bandwidth and the like; when Arm returns, what is read from any socket afterwards meets the new plan.
func (r *Relay) Arm(plan Plan) error {
	return r.change(func(p *Plan) error {
		*p = plan
		return nil
	})
}

// change changes the plan, and what is open by it.
func (r *Relay) change(how func(*Plan) error) error {
	r.arming.Lock()
	defer r.arming.Unlock()
	if r.ctx.Err() != nil {
		return net.ErrClosed
	}
	plan := r.Plan()
	old := plan
	old.Faults = slices.Clone(plan.Faults)
	if err := how(&plan); err != nil {
		return err
	}
	if err := r.config.check(plan); err != nil {
		return err
	}
	r.put(plan)
	if err := r.reopen(old, plan); err != nil {
		r.put(old)
		return errors.Join(err, r.reopen(plan, old))
	}
	r.rec.post(Notice{What: "armed"})
	return nil
}

// put makes the plan the one in force, for new connections and for those that are open.
func (r *Relay) put(plan Plan) {
	r.mu.Lock()
	r.plan = plan
	open := slices.Collect(maps.Keys(r.pairs))
	r.mu.Unlock()
	var changes sync.WaitGroup
	for _, p := range open {
		changes.Go(func() { p.change(plan) })
	}
	changes.Wait()
}

// reopen changes the way the address is held, if the plan wants another. The caller holds arming.
func (r *Relay) reopen(old, plan Plan) error {
	atDoor := func(p Plan) []Fault {
		return slices.DeleteFunc(slices.Clone(p.Faults), func(f Fault) bool {
			return f.Type != "refuse" && f.Type != "connect_blackhole" && f.Type != "syn_loss"
		})
	}
	if slices.EqualFunc(atDoor(old), atDoor(plan), func(f, g Fault) bool { return reflect.DeepEqual(f, g) }) {
		return nil
	}
	at := r.Addr()
	r.door.shut()
	where := at.String()
	if at.Network() == "unix" {
		where = "unix:" + where
	}
	return r.open(where)
}

// change makes the connection's faults those that the plan has for it. The flows go on meanwhile.
func (p *pair) change(plan Plan) {
	p.ops.Lock()
	defer p.ops.Unlock()
	if p.aborted.raised() {
		return
	}
	next := plan.of(p.n)
	p.seed = plan.Seed
	same := func(f Fault) func(Fault) bool { return func(g Fault) bool { return reflect.DeepEqual(f, g) } }
	for _, f := range p.faults {
		if !slices.ContainsFunc(next, same(f)) {
			p.flow(f.Stream).remove(f.ID())
		}
	}
	began := time.Now()
	for _, f := range next {
		if !slices.ContainsFunc(p.faults, same(f)) {
			flow := p.flow(f.Stream)
			a := flow.add(f, flow.read.Load(), began)
			switch {
			case kinds[f.Type].runs == atEdge && flow.running:
				flow.start(a, true)
			case kinds[f.Type].runs == inLink && flow.chained:
				flow.attach(a)
			}
		}
	}
	p.faults = next
}

// remove takes the fault out of the flow, and lets go of what it held. The caller holds pair.ops.
func (f *flow) remove(id string) {
	i := slices.IndexFunc(f.all, func(a *armed) bool { return a.ID() == id })
	if i < 0 {
		return
	}
	a := f.all[i]
	f.all = slices.Delete(slices.Clone(f.all), i, i+1)
	if kinds[a.Type].runs == inLink {
		if f.chained {
			f.detach(a)
		}
		without := slices.DeleteFunc(slices.Clone(*f.toxics.Load()), func(b *armed) bool { return a == b })
		f.toxics.Store(&without)
	}
	f.takeOff(a)
	a.gone.raise()
	if f.drop.Load() == a {
		f.pair.close()
	}
	if f.pair.hole.Load() == a && f.pair.swallowed.Load() {
		f.pair.reset()
	}
}

func (p Plan) has(id string) bool {
	return slices.ContainsFunc(p.Faults, func(f Fault) bool { return f.ID() == id })
}
