package targets

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
)

func TestCaptureKeepsTheFirstAndTheLast(t *testing.T) {
	const text = "0123456789abcdefghijklmnopqrstuvwxyz"
	for _, x := range []struct {
		head, tail, write int
		want              string
		lost              int64
	}{
		{8, 8, 16, "0123456789abcdef", 0},
		{8, 8, 8, "01234567", 0},
		{8, 4, 36, "01234567\n… 24 bytes left out …\nwxyz", 24},
		{8, 0, 36, "01234567", 28},
		{0, 8, 36, "\n… 28 bytes left out …\nstuvwxyz", 28},
	} {
		for _, chunk := range []int{1, 3, 7, 36} {
			t.Run(fmt.Sprintf("%d+%d of %d by %d", x.head, x.tail, x.write, chunk), func(t *testing.T) {
				g := NewWithT(t)
				c := &capture{head: x.head, tail: x.tail}
				for rest := text[:x.write]; rest != ""; {
					n := min(chunk, len(rest))
					g.Expect(c.Write([]byte(rest[:n]))).To(Equal(n))
					rest = rest[n:]
				}
				kept, lost := c.kept()
				g.Expect(string(kept)).To(Equal(x.want))
				g.Expect(lost).To(Equal(x.lost))
			})
		}
	}
}

func TestLineWatchSeesALine(t *testing.T) {
	for name, x := range map[string]struct {
		writes []string
		seen   bool
	}{
		"whole":            {[]string{"ready\n"}, true},
		"cut":              {[]string{"rea", "dy\n"}, true},
		"among others":     {[]string{"starting\nready\nset\n"}, true},
		"without its end":  {[]string{"ready"}, true},
		"over two lines":   {[]string{"rea\ndy\n"}, false},
		"behind much else": {[]string{strings.Repeat("x", 3*maxLine), "\nready\n"}, true},
		"too far right":    {[]string{strings.Repeat("x", maxLine), "ready\n"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			w := newLineWatch(regexp.MustCompile(`ready$`))
			one, other := w.stream(), w.stream()
			for _, s := range x.writes {
				g.Expect(one.Write([]byte(s))).To(Equal(len(s)))
				g.Expect(other.Write([]byte("noise\n"))).To(Equal(6))
			}
			if x.seen {
				g.Expect(w.seen).To(BeClosed())
			} else {
				g.Expect(w.seen).NotTo(BeClosed())
			}
		})
	}
}

func TestTellingLine(t *testing.T) {
	for text, want := range map[string]string{
		"":                                     "",
		"curl: (52) Empty reply from server\n": "curl: (52) Empty reply from server",
		"Traceback:\n  x = 1\nConnectionResetError: [Errno 104]\n":          "ConnectionResetError: [Errno 104]",
		"Traceback:\n  raise EOFError\nEOFError\nbye\n":                     "EOFError",
		"Error: read ECONNRESET\n    at x {\n  code: 1\n}\n\nNode.js v20\n": "Error: read ECONNRESET",
	} {
		NewWithT(t).Expect(tellingLine([]byte(text))).To(Equal(want))
	}
}
