package proxy

import (
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
)

// A Plan is a seed and the faults it decides for. The zero Plan is a wire without faults.
type Plan struct {
	Seed   uint64  `json:"seed" yaml:"seed"`
	Faults []Fault `json:"faults" yaml:"faults"`
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
	connects := 0
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
		if kinds[f.Type].runs == onConnect {
			connects++
			if f.Connection != 0 && (f.Type == "refuse" || f.Type == "connect_blackhole") {
				errs = append(errs, &InvalidFault{f.ID(), "connection", fmt.Sprintf("%s strikes every connection", f.Type)})
			}
		}
	}
	if connects > 1 {
		errs = append(errs, errors.New("plan: more than one fault strikes the connect"))
	}
	return errors.Join(errs...)
}

// of returns the faults that strike connection n, in order. Toxicity is decided here, once a connection.
func (p Plan) of(n int) []Fault {
	var struck []Fault
	for _, f := range p.Faults {
		if f.Connection != 0 && f.Connection != n {
			continue
		}
		if f.Toxicity < 1 && p.draw(f, n, 0) >= f.Toxicity {
			continue
		}
		struck = append(struck, f)
	}
	return struck
}

// draw is a number in [0, 1) that is a pure function of the seed, the fault's name, the connection's number and the place of
// the draw: 0 for toxicity, from 1 on along the stream.
func (p Plan) draw(f Fault, conn int, place int64) float64 {
	h := fnv.New64a()
	fmt.Fprintf(h, "%s %d %d", f.ID(), conn, place)
	return rand.New(rand.NewPCG(p.Seed, h.Sum64())).Float64()
}
