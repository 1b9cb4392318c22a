package proxy

import (
	"math"
	"time"
)

// never is an offset that no stream reaches.
const never = math.MaxInt64

// A span is the part of a stream that a fault strikes, as seen by one reader of that stream. A fault that was added to a
// connection under way counts bytes and time from there.
type span struct {
	from, until int64 // offsets; from is never until the match was found or the time has come
	length      int64 // until - from, where from is not known yet
	match       *matcher
	lead        int64     // bytes between the match and the fault
	starts      time.Time // zero: it is no matter of time
	lasts       time.Duration
	ends        time.Time // zero: not begun, or without end
}

func newSpan(f Fault, origin int64, began time.Time) span {
	s := span{from: origin, until: never}
	if u := f.Until; u != nil {
		s.lasts = time.Duration(u.For) * time.Millisecond
		if u.Byte > 0 {
			s.until = origin + u.Byte
		}
	}
	t := f.trigger()
	switch {
	case t.Match != nil:
		s.from, s.lead, s.match = never, t.Byte, newMatcher(t.Match, origin)
		if s.until != never {
			s.length, s.until = s.until-origin-t.Byte, never
		}
	case t.Time != nil:
		s.from, s.starts = never, began.Add(time.Duration(*t.Time)*time.Millisecond)
		if f.Type == "corrupt" { // it ends by its own count
			s.length, s.until = s.until-origin, never
		}
	default:
		s.from = origin + t.Byte
	}
	return s
}

// look brings the span up to date with the bytes p at the given offset, which came at the given time.
func (s *span) look(offset int64, p []byte, at time.Time) {
	if s.match != nil {
		if behind, found := s.match.find(offset, p); found {
			s.match, s.from = nil, behind+s.lead
			if s.length > 0 {
				s.until = s.from + s.length
			}
		}
	}
	if !s.starts.IsZero() && s.from == never && !at.Before(s.starts) {
		s.from = offset
		if s.length > 0 {
			s.until = s.from + s.length
		}
		if s.lasts > 0 {
			s.ends = s.starts.Add(s.lasts)
		}
	}
}

// next says how many of the bytes p at the given offset come before the span's next edge, and whether they lie inside. at is
// when they came.
func (s *span) next(offset int64, p []byte, at time.Time) (n int64, inside bool) {
	s.look(offset, p, at)
	n = int64(len(p))
	if offset < s.from {
		return min(n, s.from-offset), false
	}
	if s.lasts > 0 && s.ends.IsZero() {
		s.ends = at.Add(s.lasts)
	}
	if offset >= s.until || !s.ends.IsZero() && !at.Before(s.ends) {
		return n, false
	}
	return min(n, s.until-offset), true
}
