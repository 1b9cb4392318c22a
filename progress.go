package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"unicode/utf8"

	"golang.org/x/term"

	"github.com/faultwire/faultwire/reports"
)

// A progress is one line at a terminal that says how far the run is. Anywhere else it is silent.
type progress struct {
	total int
	out   io.Writer

	mu      sync.Mutex
	done    int
	against int // results that are no pass and no skip
	shown   int // columns the line takes
}

func newProgress(out io.Writer, total int) *progress { return &progress{out: out, total: total} }

// say writes a line that stays.
func (p *progress) say(line string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.show("")
	fmt.Fprintln(p.out, line)
}

// count takes note of a result.
func (p *progress) count(r reports.Result) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done++
	if r.Verdict != reports.Pass && r.Verdict != reports.Skip {
		p.against++
	}
	found := ""
	if p.against > 0 {
		found = fmt.Sprintf(", %d not passed", p.against)
	}
	p.show(fmt.Sprintf("%d of %d%s  %s", p.done, p.total, found, r.Case.ID))
}

// clear takes the line away.
func (p *progress) clear() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.show("")
}

// show replaces the line. Blanks and carriage returns do it on every terminal.
func (p *progress) show(line string) {
	wide := width(p.out)
	if wide == 0 || line == "" && p.shown == 0 {
		return
	}
	line = cut(line, wide-1)
	n := utf8.RuneCountInString(line)
	fmt.Fprintf(p.out, "\r%s%s", line, strings.Repeat(" ", max(0, p.shown-n)))
	if n == 0 {
		fmt.Fprint(p.out, "\r")
	}
	p.shown = n
}

// cut shortens a line to so many columns.
func cut(line string, columns int) string {
	if utf8.RuneCountInString(line) <= columns || columns < 1 {
		return line
	}
	return string([]rune(line)[:columns-1]) + "…"
}

// width is the number of columns of the terminal behind w; 0 if there is none.
func width(w io.Writer) int {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return 0
	}
	columns, _, err := term.GetSize(int(f.Fd()))
	if err != nil || columns <= 0 {
		return 80
	}
	return columns
}

// coloured reports whether w shows colours and the user has nothing against them (no-color.org).
func coloured(w io.Writer) bool {
	return width(w) > 0 && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}
