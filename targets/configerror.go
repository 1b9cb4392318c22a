package targets

import (
	"fmt"
	"strings"
)

// A ConfigError is a mistake in the configuration: in a file, or in a target made from flags, when File is empty.
type ConfigError struct {
	File string
	Line int    // from 1; 0 if unknown
	Key  string // the path of the key, such as targets[0].timeouts.read
	Msg  string // what is wrong and what to do
	Err  error  // the cause, if another error is
}

// Error is "file:line: key: message", without what is unknown.
func (e *ConfigError) Error() string {
	var b strings.Builder
	if e.File != "" {
		b.WriteString(e.File)
		if e.Line > 0 {
			fmt.Fprintf(&b, ":%d", e.Line)
		}
		b.WriteString(": ")
	}
	if e.Key != "" {
		b.WriteString(e.Key + ": ")
	}
	return b.String() + e.Msg
}

func (e *ConfigError) Unwrap() error { return e.Err }

// didYouMean is "; did you mean x?" if one of the known words is close to word, else empty.
func didYouMean(word string, known []string) string {
	best, least := "", 1+max(1, len(word)/3)
	for _, k := range known {
		if d := distance(strings.ToLower(word), k); d < least {
			best, least = k, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf("; did you mean %q?", best)
}

// distance is how many letters must be added, removed, replaced or swapped with their neighbour to make b of a.
func distance(a, b string) int {
	above, row := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		last := above
		above, row = row, make([]int, len(b)+1)
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(above[j]+1, row[j-1]+1, above[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], last[j-2]+1)
			}
		}
	}
	return row[len(b)]
}
