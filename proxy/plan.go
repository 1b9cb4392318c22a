package proxy

import (
	"errors"
	"fmt"
	"slices"
)

// A Plan is a seed and the faults it decides for. The zero Plan is a wire without faults.
type Plan struct {
	Seed   uint64  `json:"seed"`
	Faults []Fault `json:"faults"`
}

// A Side is an end of the wire.
type Side int

// The sides.
const (
	ClientSide Side = iota
	ServerSide
)

// Facing resolves [TowardsTarget] and [FromTarget] for a target on the given side.
func (p Plan) Facing(target Side) Plan {
	towards := Downstream
	if target == ServerSide {
		towards = Upstream
	}
	faults := make([]Fault, len(p.Faults))
	for i, f := range p.Faults {
		switch f.Stream {
		case TowardsTarget:
			f.Stream = towards
		case FromTarget:
			f.Stream = towards.opposite()
		}
		faults[i] = f
	}
	p.Faults = faults
	return p
}

// Validate reports everything that is wrong with the plan.
func (p Plan) Validate() error {
	var errs []error
	names := map[string]bool{}
	alone := map[string]string{} // what there can be one of, and which it is
	for _, f := range p.Faults {
		if err := f.Validate(); err != nil {
			errs = append(errs, err)
			continue
		}
		if f.Stream == TowardsTarget || f.Stream == FromTarget {
			errs = append(errs, &InvalidFault{f.ID(), "stream", "is relative to a target; resolve it with Plan.Facing"})
		}
		if names[f.ID()] {
			errs = append(errs, &InvalidFault{f.ID(), "name", "used twice in one plan; give each fault a name of its own"})
		}
		names[f.ID()] = true
		if place := f.place(); place != "" {
			if other := alone[place]; other != "" {
				errs = append(errs, &InvalidFault{f.ID(), "type", fmt.Sprintf("%s is there already: %s can have one of them", other, place)})
			}
			alone[place] = f.ID()
		}
	}
	return errors.Join(errs...)
}

// place is what can have only one fault of this kind; empty if any number can be had.
func (f Fault) place() string {
	if kinds[f.Type].runs == onConnect {
		return fmt.Sprintf("the connect of connection %d", f.Connection)
	}
	return ""
}

// narrowLink is the rate up to which a link makes its sender wait often, in KB/s. A faster one needs large segments to be
// filled at all.
const narrowLink = 10_000

// holdsBack reports whether a fault keeps the stream's sender from sending as fast as it can. Then its segments must be
// small: with loopback's of 64 KB the kernel takes megabytes before a sender notices anything; see smallBuffers.
func (p Plan) holdsBack(s Stream) bool {
	return slices.ContainsFunc(p.Faults, func(f Fault) bool {
		return f.Stream == s && (f.Type == "stall" || f.Type == "bandwidth" && f.Attributes["rate"] <= narrowLink)
	})
}

// of returns the faults that strike connection n, in order. Toxicity is decided here, once a connection.
func (p Plan) of(n int) []Fault {
	var struck []Fault
	for _, f := range p.Faults {
		if f.Connection != 0 && f.Connection != n {
			continue
		}
		if f.Toxicity < 1 && draw(p.Seed, f.ID(), n, 0) >= f.Toxicity {
			continue
		}
		struck = append(struck, f)
	}
	return struck
}
