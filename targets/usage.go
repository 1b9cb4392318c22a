package targets

import "time"

// Usage is what all the processes of a target together hold and have used.
type Usage struct {
	Sockets   int           `json:"sockets"` // open sockets, of any kind. Other descriptors do not count: runtimes pool them
	Threads   int           `json:"threads"`
	Processes int           `json:"processes"` // without those that have ended
	Zombies   int           `json:"zombies"`   // have ended, and nobody has waited for them
	Busy      time.Duration `json:"busy_ns"`   // processor time that those there are have used, and have waited for while others had it
	RSS       int64         `json:"rss"`       // bytes
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
