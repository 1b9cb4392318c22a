package targets

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// A capture keeps the first head and the last tail bytes of what is written to it, and counts the rest. It never fails and
// never blocks, so that no amount of output stops a target.
type capture struct {
	head, tail int

	mu    sync.Mutex
	first []byte
	last  []byte // up to twice tail: trimmed seldom, not at every write
	total int64
}

func (c *capture) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := len(p)
	c.total += int64(n)
	room := min(c.head-len(c.first), n)
	c.first = append(c.first, p[:room]...)
	p = p[room:]
	if len(p) > c.tail {
		p = p[len(p)-c.tail:]
	}
	c.last = append(c.last, p...)
	if len(c.last) > 2*c.tail {
		c.last = append(c.last[:0], c.last[len(c.last)-c.tail:]...)
	}
	return n, nil
}

// kept returns what was kept and how many bytes were not. A log says where they are missing; a message is a prefix.
func (c *capture) kept() (text []byte, lost int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	last := c.last[max(0, len(c.last)-c.tail):]
	lost = c.total - int64(len(c.first)) - int64(len(last))
	text = bytes.Clone(c.first)
	if lost > 0 && c.tail > 0 {
		text = fmt.Appendf(text, "\n… %d bytes left out …\n", lost)
	}
	return append(text, last...), lost
}

// A lineWatch closes seen when a line written to it matches. Its lines are cut at maxLine bytes.
type lineWatch struct {
	match *regexp.Regexp
	seen  chan struct{}

	mu   sync.Mutex // stdout and stderr are two writers
	done bool
}

const maxLine = 64 << 10

func newLineWatch(match *regexp.Regexp) *lineWatch {
	return &lineWatch{match: match, seen: make(chan struct{})}
}

// stream returns a writer for one of the streams that are watched. A line counts without its end too: a prompt has none.
func (w *lineWatch) stream() *watchedStream { return &watchedStream{watch: w} }

type watchedStream struct {
	watch *lineWatch
	line  []byte
}

func (s *watchedStream) Write(p []byte) (int, error) {
	w := s.watch
	w.mu.Lock()
	defer w.mu.Unlock()
	for rest := p; len(rest) > 0 && !w.done; {
		part, after, ended := bytes.Cut(rest, []byte{'\n'})
		s.line = append(s.line, part[:min(len(part), maxLine-len(s.line))]...)
		if w.match.Match(s.line) {
			w.done = true
			close(w.seen)
		}
		if ended {
			s.line = s.line[:0]
		}
		rest = after
	}
	return len(p), nil
}

// longestLine is how much of a line is quoted, in bytes.
const longestLine = 500

// lastLines are the last n lines of text that say anything.
func lastLines(text []byte, n int) []string {
	var lines []string
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimRight(line, " \t\r\n"); len(line) > longestLine {
			line = strings.ToValidUTF8(line[:longestLine], "") + "…"
		}
		if line != "" {
			lines = append(lines, line)
		}
	}
	return lines[max(0, len(lines)-n):]
}

// namesError matches a line such as "ConnectionResetError: …" or "java.io.EOFException: …".
var namesError = regexp.MustCompile(`^\S*(?:[eE]rror|Exception)\b:? ?`)

// tellingLine is the last line of stderr that names an error, else the last line.
func tellingLine(stderr []byte) string {
	lines := lastLines(stderr, 50)
	for _, line := range slices.Backward(lines) {
		if namesError.MatchString(line) {
			return line
		}
	}
	if len(lines) == 0 {
		return ""
	}
	return lines[len(lines)-1]
}
