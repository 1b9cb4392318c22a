package proxy

import (
	"slices"
	"sync"
	"time"
)

// A Notice is one thing a relay's user may wait for, instead of sleeping.
type Notice struct {
	Seq    int           `json:"seq"` // from 1, without gaps
	At     time.Duration `json:"at_ns"`
	What   string        `json:"what"`            // "connected", "dial_failed", "fired", "closed", "armed"
	Conn   int           `json:"conn,omitempty"`  // the connection's number, from 1; 0 where there is none
	Fault  string        `json:"fault,omitempty"` // the fault that fired
	Stream Stream        `json:"stream,omitempty"`
	Offset int64         `json:"offset,omitempty"` // payload bytes of the stream delivered before the fault struck
	Error  string        `json:"error,omitempty"`  // why the upstream could not be dialled
}

// maxNotices bounds the notices kept; the oldest are forgotten.
const maxNotices = 4096

// A Board keeps the latest notices and lets others wait for the next. It may outlive the relay that posts to it, and be given
// to another one after it (see [Config]): the numbers go on.
type Board struct {
	mu    sync.Mutex
	last  int // the newest one's Seq
	kept  []Notice
	fresh chan struct{} // closed, and replaced, with each notice
}

// NewBoard is a board without notices.
func NewBoard() *Board { return &Board{fresh: make(chan struct{})} }

func (b *Board) post(n Notice) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.last++
	n.Seq = b.last
	if len(b.kept) >= 2*maxNotices {
		b.kept = slices.Delete(b.kept, 0, len(b.kept)-maxNotices)
	}
	b.kept = append(b.kept, n)
	close(b.fresh)
	b.fresh = make(chan struct{})
}

// Since is [Relay.Notices], whichever relay posted them.
func (b *Board) Since(seq int) (notices []Notice, more <-chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	i, _ := slices.BinarySearchFunc(b.kept, seq+1, func(n Notice, s int) int { return n.Seq - s })
	return slices.Clone(b.kept[i:]), b.fresh
}

// Notices are those that came after the one with number seq, the oldest first; 0 asks for all that are kept. more is closed
// when the next one comes.
func (r *Relay) Notices(seq int) (notices []Notice, more <-chan struct{}) {
	return r.rec.board.Since(seq)
}
