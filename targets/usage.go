package targets

import "time"

// Usage is what all the processes of a target together hold and have used.
type Usage struct {
	Sockets   int           `json:"sockets"` // open sockets, of any kind. Other descriptors do not count: runtimes pool them
	Threads   int           `json:"threads"`
	Processes int           `json:"processes"` // without those that have ended
	Zombies   int           `json:"zombies"`   // have ended, and nobody has waited for them
	Busy      time.Duration `json:"busy_ns"`   // processor time that those there are have used
	RSS       int64         `json:"rss"`       // bytes

	wanted map[int]time.Duration // by thread: the processor time that it has used, and has waited for while others had it
}

// BusySince is for how long they have wanted a processor since then: all threads together, as far as they had one, or the one that had
// one, or waited for it, longest. What turns in a loop shows that on a busy machine, too, where it gets little; but many threads that each
// wait for a moment are not one that turns.
func (u Usage) BusySince(before Usage) time.Duration {
	longest := u.Busy - before.Busy
	for thread, wanted := range u.wanted {
		longest = max(longest, wanted-before.wanted[thread])
	}
	return max(0, longest)
}

// A Watched is a target's processes, to be looked at while they run.
type Watched interface {
	// Usage says what they use now; false where that cannot be seen: in this process, on another system than Linux, or when the
	// first of them has ended.
	Usage() (Usage, bool)
}

// Usage implements [Watched].
func (i *Instance) Usage() (Usage, bool) { return i.program.usage() }

// Usage implements [Watched].
func (s *processSession) Usage() (Usage, bool) { return s.p.usage() }

// LimitDescriptors lets the server's first process open only so many descriptors more than it has now, and reports whether it
// could.
func (i *Instance) LimitDescriptors(more int) bool { return i.program.limitDescriptors(more) }
