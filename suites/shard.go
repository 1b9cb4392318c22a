package suites

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
)

// A Shard is a part of a run: number Index of Of, counted from 1. The zero value is the whole. Which pairs it holds follows from the
// names of target and case alone, so that machines that know nothing of each other share a run, and each pair is run once.
type Shard struct{ Index, Of int }

// String is the form in which a shard is written, such as "2/8"; empty for the whole.
func (s *Shard) String() string {
	if s.Of == 0 {
		return ""
	}
	return fmt.Sprintf("%d/%d", s.Index, s.Of)
}

// Set reads a shard from its written form.
func (s *Shard) Set(text string) error {
	index, of, _ := strings.Cut(text, "/")
	i, err := strconv.Atoi(index)
	n, err2 := strconv.Atoi(of)
	if err != nil || err2 != nil || i < 1 || n < i {
		return fmt.Errorf("%q is no shard; write which, and of how many, such as 2/8", text)
	}
	s.Index, s.Of = i, n
	return nil
}

// Type is what flags are told it is.
func (s *Shard) Type() string { return "shard" }

// holds reports whether the pair is in the shard.
func (s *Shard) holds(p Pair) bool {
	if s.Of <= 1 {
		return true
	}
	sum := sha256.Sum256([]byte(p.Name()))
	return binary.BigEndian.Uint64(sum[:])%uint64(s.Of) == uint64(s.Index-1)
}
