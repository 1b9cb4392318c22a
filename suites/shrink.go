package suites

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/proxy"
)

// shrink makes the find's schedule as small as it gets. again is the find of a smaller schedule, if that breaks the same promise by the
// same outcome as often as is asked of it; else nil. What goes first is faults, by delta debugging (Zeller and Hildebrandt, 2002), then
// plays, messages and what makes them special; then each fault becomes one of a simpler type, on any connection, as far as that will do;
// then sizes, offsets and delays are bisected to the edge. In the end delays step back from it, so that a machine a little slower or
// faster shows the same.
func shrink(f *find, again func(schedule) *find) *find {
	s := shrinker{find: f, again: again, tried: map[string]bool{}}
	for before := ""; before != s.find.schedule.key(); {
		before = s.find.schedule.key()
		s.faults()
		s.plainer()
		s.messages()
		s.simpler()
		s.sizes()
		s.offsets()
		s.delays()
	}
	s.pad()
	return s.find
}

// A shrinker holds the smallest find so far.
type shrinker struct {
	find  *find
	again func(schedule) *find
	tried map[string]bool // schedules, by key
}

// key tells schedules apart.
func (s schedule) key() string {
	return fmt.Sprintf("%v %v %v %v %q %q %v %+v", s.Messages, s.Session, s.Calls, s.Conns, s.Demand, s.Shown, s.target.Name, s.lines())
}

// take takes the schedule for the find's if it does the same. What was tried once is not tried again.
func (s *shrinker) take(smaller schedule) bool {
	key := smaller.key()
	if s.tried[key] || key == s.find.schedule.key() || smaller.Plan.Facing(side(smaller.target)).Validate() != nil {
		return false
	}
	s.tried[key] = true
	found := s.again(smaller)
	if found == nil {
		return false
	}
	s.find = found
	return true
}

// faults leaves out what it does not take.
func (s *shrinker) faults() {
	fewest(s.find.schedule.Plan.Faults, func(faults []proxy.Fault) bool {
		smaller := s.find.schedule
		smaller.Plan.Faults = faults
		return s.take(smaller)
	})
}

// fewest calls same with fewer and fewer of the elements, as long as it returns true for some: all but a part of them, and parts become
// smaller, down to one.
func fewest[V any](all []V, same func([]V) bool) {
	if len(all) == 0 || same(nil) {
		return
	}
	for parts := 2; len(all) > 1; {
		reduced := false
		size := (len(all) + parts - 1) / parts
		for from := 0; from < len(all); from += size {
			rest := slices.Concat(all[:from], all[min(from+size, len(all)):])
			if len(rest) > 0 && same(rest) {
				all, reduced = rest, true
				break
			}
		}
		switch {
		case reduced:
			parts = max(2, parts-1)
		case size == 1:
			return
		default:
			parts = min(len(all), 2*parts)
		}
	}
}

// plainer leaves out what makes the schedule special beside its messages and faults. Only schedules in virtual time have a play, an end
// of patience or a narrow way.
func (s *shrinker) plainer() {
	for _, less := range []func(*schedule){
		func(s *schedule) { s.Conns, s.Calls, s.Demand = nil, nil, success },
		func(s *schedule) { s.Cancel = fixtures.Span{} },
		func(s *schedule) { s.Room = 0 },
	} {
		smaller := s.find.schedule
		less(&smaller)
		s.take(smaller)
	}
}

// messages leaves out messages, and of those that stay what makes them special.
func (s *shrinker) messages() {
	if all := s.find.schedule; len(all.Messages) > 1 && all.Calls == nil && all.Conns == nil { // which name them by number
		numbers := make([]int, len(all.Messages))
		for i := range numbers {
			numbers[i] = i
		}
		fewest(numbers, func(some []int) bool {
			messages, whole := only(all.Messages, some)
			if !whole || len(messages) == 0 {
				return false
			}
			smaller := s.find.schedule
			smaller.Messages = messages
			smaller.Session = smaller.Session && len(messages) > 1
			return s.take(smaller)
		})
	}
	if s.find.schedule.Session && len(s.find.schedule.Messages) == 1 {
		smaller := s.find.schedule
		smaller.Session = false
		s.take(smaller)
	}
	if s.find.schedule.Shown != fixtures.Valid {
		smaller := s.find.schedule
		smaller.Shown = fixtures.Valid
		s.take(smaller)
	}
	for i := range s.find.schedule.Messages {
		m := s.find.schedule.Messages[i]
		plainest := fixtures.Message{Size: m.Size, Of: m.Of}
		framed := plainest
		framed.HTTP.Framing = m.HTTP.Framing
		framed.HTTP.Chunk = m.HTTP.Chunk
		kind := m
		kind.Kind = fixtures.Random
		for _, plainer := range []fixtures.Message{plainest, framed, kind} {
			if s.takeMessage(i, plainer) {
				break
			}
		}
	}
}

// only are some of the messages, by number in ascending order. They are not whole if one of them leads to what is not among them.
func only(all []fixtures.Message, numbers []int) (some []fixtures.Message, whole bool) {
	for _, n := range numbers {
		m := all[n]
		if to := m.HTTP.Location; to > 0 {
			if m.HTTP.Location = slices.Index(numbers, to); m.HTTP.Location <= 0 {
				return nil, false
			}
		}
		some = append(some, m)
	}
	return some, true
}

func (s *shrinker) takeMessage(i int, m fixtures.Message) bool {
	smaller := s.find.schedule
	smaller.Messages = slices.Clone(smaller.Messages)
	smaller.Messages[i] = m
	return s.take(smaller)
}

// change takes the schedule in which one fault is another.
func (s *shrinker) change(i int, f proxy.Fault) bool {
	f.Name = s.find.schedule.Plan.Faults[i].Name
	smaller := s.find.schedule
	smaller.Plan.Faults = slices.Clone(smaller.Plan.Faults)
	smaller.Plan.Faults[i] = f
	return s.take(smaller)
}

// simplest are types of faults, the ones that are easiest to understand first. What stands in none of its places is as complicated as
// the last.
var simplest = []string{"close", "reset_peer", "stall", "latency", "slice", "refuse", "accept_then_close", "accept_then_reset"}

// simpler makes each fault one of a simpler type, if that does the same, and leaves out its jitter, its chance, what it waits for and
// which connection it is for.
func (s *shrinker) simpler() {
	for i := range s.find.schedule.Plan.Faults {
		for _, f := range substitutes(s.find.schedule.Plan.Faults[i]) {
			if s.change(i, f) {
				break
			}
		}
		for _, less := range []func(proxy.Fault) proxy.Fault{
			func(f proxy.Fault) proxy.Fault { f.Connection = 0; return f },
			func(f proxy.Fault) proxy.Fault { f.Connection = min(f.Connection, 1); return f },
			func(f proxy.Fault) proxy.Fault { f.Toxicity = 1; return f },
			func(f proxy.Fault) proxy.Fault { f.Until = nil; return f },
			func(f proxy.Fault) proxy.Fault { f.Trigger = nil; return f },
			func(f proxy.Fault) proxy.Fault { return retriggered(f, func(t *proxy.Trigger) { t.Opposite = 0 }) },
			func(f proxy.Fault) proxy.Fault { return without(f, "jitter") },
			func(f proxy.Fault) proxy.Fault { return without(f, "variation") },
			func(f proxy.Fault) proxy.Fault { return without(f, "size_variation") },
		} {
			s.change(i, less(s.find.schedule.Plan.Faults[i]))
		}
	}
}

// substitutes are simpler faults that may do the same, the simplest first: where it strikes, or, if it strikes nowhere, from the beginning.
func substitutes(f proxy.Fault) (all []proxy.Fault) {
	at := int64(0)
	switch {
	case f.Trigger != nil:
		at = f.Trigger.Byte
	case f.Type == "limit_data":
		at = f.Attributes["bytes"]
	case f.Type == "slice":
		at = cmp.Or(f.Attributes["at"], f.Attributes["every"])
	case f.Type == "slicer":
		at = f.Attributes["average_size"]
	}
	delay := max(f.Attributes["latency"], f.Attributes["delay"], f.Attributes["timeout"])
	if f.Type == "slicer" {
		delay = 0
	}
	if f.Until != nil {
		delay = max(delay, f.Until.For)
	}
	rank := func(kind string) int {
		if i := slices.Index(simplest, kind); i >= 0 {
			return i
		}
		return len(simplest)
	}
	for _, kind := range simplest[:rank(f.Type)] {
		simple := proxy.Fault{Type: kind, Stream: f.Stream, Toxicity: 1, Connection: f.Connection}
		switch kind {
		case "close", "reset_peer", "stall":
			simple.Trigger = &proxy.Trigger{Byte: at}
		case "latency":
			if delay == 0 {
				continue
			}
			simple.Attributes = map[string]int64{"latency": delay}
		case "slice":
			if f.Type == "stall" || at == 0 {
				continue
			}
			simple.Attributes = map[string]int64{"at": at}
		default: // what decides of the connect is not made of anything else
			continue
		}
		all = append(all, simple)
	}
	if f.Type == "slice" && f.Attributes["every"] > 0 {
		all = append(all, proxy.SplitAt(f.Attributes["every"]).On(f.Stream).OnConnection(f.Connection))
	}
	return all
}

func retriggered(f proxy.Fault, change func(*proxy.Trigger)) proxy.Fault {
	if f.Trigger != nil {
		t := *f.Trigger
		change(&t)
		f.Trigger = &t
	}
	return f
}

func without(f proxy.Fault, attribute string) proxy.Fault {
	f.Attributes = maps.Clone(f.Attributes)
	delete(f.Attributes, attribute)
	return f
}

// least finds the smallest value from low up, below high, that still does the same, as if all above did: by bisection, behind some steps
// that find small ones sooner.
func least(low, high int64, same func(int64) bool) {
	for _, round := range []int64{low, 1, 2, 4, 10, 100, 1000, 10_000, 100_000} {
		if round < low || round >= high {
			continue
		}
		if same(round) {
			high = round
			break
		}
		low = round + 1
	}
	for low < high {
		if middle := low + (high-low)/2; same(middle) {
			high = middle
		} else {
			low = middle + 1
		}
	}
}

// sizes makes messages small. What strikes at a byte of one that has become too short for it strikes as far in, in proportion.
func (s *shrinker) sizes() {
	for i := range s.find.schedule.Messages {
		least(min(1, int64(s.find.schedule.Messages[i].Size)), int64(s.find.schedule.Messages[i].Size), func(size int64) bool {
			m := s.find.schedule.Messages[i]
			before := m.Size
			m.Size = int(size)
			if s.takeMessage(i, m) {
				return true
			}
			smaller := s.find.schedule
			smaller.Messages = slices.Clone(smaller.Messages)
			smaller.Messages[i] = m
			smaller.Plan.Faults = slices.Clone(smaller.Plan.Faults)
			for j, f := range smaller.Plan.Faults {
				smaller.Plan.Faults[j] = nearer(f, float64(size)/float64(before))
			}
			return s.take(smaller)
		})
	}
}

// nearer is the fault with its offsets so many times as far in.
func nearer(f proxy.Fault, by float64) proxy.Fault {
	for _, d := range dimensions {
		if d.offset && d.of(f) > 0 {
			f = d.with(f, int64(float64(d.of(f))*by))
		}
	}
	return f
}

// offsets bisects where faults strike.
func (s *shrinker) offsets() { s.bisect(true) }

// delays bisects how long they take.
func (s *shrinker) delays() { s.bisect(false) }

func (s *shrinker) bisect(offsets bool) {
	for i := range s.find.schedule.Plan.Faults {
		for _, d := range dimensions {
			if v := d.of(s.find.schedule.Plan.Faults[i]); d.offset == offsets && v > 0 {
				least(0, v, func(v int64) bool { return s.change(i, d.with(s.find.schedule.Plan.Faults[i], v)) })
			}
		}
	}
}

// pad steps back from the edge that bisection has found: a tenth, and ten milliseconds at least. Nothing is padded that then does not do
// the same.
func (s *shrinker) pad() {
	for i := range s.find.schedule.Plan.Faults {
		for _, d := range dimensions {
			f := s.find.schedule.Plan.Faults[i]
			if v := d.of(f); !d.offset && v > 0 {
				s.change(i, d.with(f, v+max(10*d.perMillisecond, v/10)))
			}
		}
	}
}

// A dimension is a number of faults that can be more or less.
type dimension struct {
	offset         bool  // a number of bytes; else a time
	perMillisecond int64 // of a time: its unit
	of             func(proxy.Fault) int64
	with           func(proxy.Fault, int64) proxy.Fault
}

var dimensions = []dimension{
	{offset: true,
		of: func(f proxy.Fault) int64 {
			if f.Trigger == nil {
				return 0
			}
			return f.Trigger.Byte
		},
		with: func(f proxy.Fault, v int64) proxy.Fault {
			return retriggered(f, func(t *proxy.Trigger) { t.Byte = v })
		}},
	{offset: true,
		of: func(f proxy.Fault) int64 {
			if f.Trigger == nil {
				return 0
			}
			return f.Trigger.Opposite
		},
		with: func(f proxy.Fault, v int64) proxy.Fault {
			return retriggered(f, func(t *proxy.Trigger) { t.Opposite = v })
		}},
	anAttribute("bytes", true, 0), anAttribute("at", true, 0), anAttribute("every", true, 0), anAttribute("average_size", true, 0), anAttribute("size", true, 0),
	anAttribute("latency", false, 1), anAttribute("timeout", false, 1), aDelay(),
	{perMillisecond: 1,
		of: func(f proxy.Fault) int64 {
			if f.Until == nil {
				return 0
			}
			return f.Until.For
		},
		with: func(f proxy.Fault, v int64) proxy.Fault {
			u := *f.Until
			u.For = v
			f.Until = &u
			return f
		}},
	{perMillisecond: 1,
		of: func(f proxy.Fault) int64 {
			if f.Trigger == nil || f.Trigger.Time == nil {
				return 0
			}
			return *f.Trigger.Time
		},
		with: func(f proxy.Fault, v int64) proxy.Fault {
			return retriggered(f, func(t *proxy.Trigger) { t.Time = &v })
		}},
}

func anAttribute(name string, offset bool, perMillisecond int64) dimension {
	return dimension{offset: offset, perMillisecond: perMillisecond,
		of:   func(f proxy.Fault) int64 { return f.Attributes[name] },
		with: func(f proxy.Fault, v int64) proxy.Fault { return set(f, name, v) },
	}
}

// aDelay is the attribute of that name, which a slicer has in microseconds.
func aDelay() dimension {
	d := anAttribute("delay", false, 1)
	d.of = func(f proxy.Fault) int64 {
		if f.Type == "slicer" {
			return 0
		}
		return f.Attributes["delay"]
	}
	return d
}

// set is the fault with another value of an attribute that it has, 0 too.
func set(f proxy.Fault, attribute string, v int64) proxy.Fault {
	f.Attributes = maps.Clone(f.Attributes)
	f.Attributes[attribute] = v
	return f
}
