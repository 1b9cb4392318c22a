package proxy

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"strings"
)

// A Literal is a run of bytes. Its text form is the bytes themselves as UTF-8, or, for what is no text, their hexadecimal
// digits behind "hex:": "hex:00ff10".
type Literal []byte

// MarshalText never fails.
func (l Literal) MarshalText() ([]byte, error) {
	if bytes.HasPrefix(l, []byte("hex:")) || !printable(l) {
		return []byte("hex:" + hex.EncodeToString(l)), nil
	}
	return l, nil
}

// UnmarshalText fails on "hex:" with anything but pairs of hexadecimal digits behind it.
func (l *Literal) UnmarshalText(text []byte) error {
	digits, isHex := strings.CutPrefix(string(text), "hex:")
	if !isHex {
		*l = bytes.Clone(text)
		return nil
	}
	b, err := hex.DecodeString(strings.ReplaceAll(digits, " ", ""))
	if err != nil {
		return fmt.Errorf("%q: behind hex: come pairs of hexadecimal digits", text)
	}
	*l = b
	return nil
}

// printable reports whether every byte survives a text file.
func printable(b []byte) bool {
	for _, r := range string(b) {
		if r == '\uFFFD' || r < ' ' && r != '\n' && r != '\r' && r != '\t' {
			return false
		}
	}
	return true
}

// A matcher finds the first occurrence of a literal in a stream that comes in any chunks.
type matcher struct {
	literal []byte
	tail    []byte // the last bytes seen, fewer than the literal has
	seen    int64  // offset up to which the stream was searched
}

func newMatcher(l Literal, from int64) *matcher { return &matcher{literal: l, seen: from} }

// find searches p, which begins at the given offset, and returns the offset behind the first occurrence. What was searched
// before may be given again.
func (m *matcher) find(offset int64, p []byte) (behind int64, found bool) {
	if skip := m.seen - offset; skip > 0 {
		p = p[min(skip, int64(len(p))):]
	}
	window := append(bytes.Clone(m.tail), p...)
	if i := bytes.Index(window, m.literal); i >= 0 {
		return m.seen - int64(len(m.tail)) + int64(i+len(m.literal)), true
	}
	m.seen += int64(len(p))
	m.tail = window[max(0, len(window)-len(m.literal)+1):]
	return 0, false
}
