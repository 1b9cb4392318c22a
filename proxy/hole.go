package proxy

import "sync"

// A hole is a blackhole of a client's datagrams. It counts those of its own direction and swallows both.
type hole struct {
	*stage
	open bool // for the other direction
}

func newHole(f Fault) *hole {
	s := newStage(f)
	return &hole{stage: s, open: s.from == 1 && s.starts.IsZero()}
}

// holes are a client's. Both of its courses ask them.
type holes struct {
	mu  sync.Mutex
	all []*hole
}

// swallowed is the blackhole that swallows the datagram; nil if none does.
func (c *caller) swallowed(s Stream, p parcel) *stage {
	if len(c.holes.all) == 0 {
		return nil
	}
	c.holes.mu.Lock()
	defer c.holes.mu.Unlock()
	for _, h := range c.holes.all {
		if h.covers(s, p) {
			return h.stage
		}
	}
	return nil
}

// covers reports whether the hole is open for the datagram, and keeps that for the other direction.
func (h *hole) covers(s Stream, p parcel) bool {
	switch {
	case s == h.Stream:
		h.open = h.inside(p.number, p.came)
	case !h.starts.IsZero(), h.open: // by the clock, whatever flows; or by what has flowed
		return h.inside(h.from, p.came)
	}
	return h.open
}
