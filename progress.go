package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"golang.org/x/term"

	"github.com/faultwire/faultwire/reports"
	"github.com/faultwire/faultwire/suites"
)

// How often a progress says how far the run is: at a terminal, and where a line stays.
const (
	liveEvery = 200 * time.Millisecond
	lineEvery = 10 * time.Second
)

// A liveLine says how far something is. At a terminal that is one line, which replaces itself; anywhere else, and where CI says that it
// is, a line now and then, so that no log fills with what was true for a moment. It never writes more than whole lines.
type liveLine struct {
	out   io.Writer
	live  bool
	every time.Duration // 0 is never
	quiet bool
	tell  func() string // how far it is; called under mu

	began time.Time
	stop  func()

	mu    sync.Mutex
	shown int // columns the line takes
}

func newLiveLine(out io.Writer, quiet bool) *liveLine {
	l := &liveLine{out: out, quiet: quiet, every: lineEvery, stop: func() {},
		live: width(out) > 0 && os.Getenv("CI") == "" && os.Getenv("TERM") != "dumb"}
	if l.live {
		l.every = liveEvery
	}
	return l
}

// A progress is how far a run is.
type progress struct {
	*liveLine
	total   int
	running func() int
	left    *suites.Estimate
	strict  bool
	verbose bool
	atMost  time.Duration // what the estimate was at the beginning

	done    int // under mu
	failing int
}

// newProgress is the progress of a run of the engine's.
func (o *options) newProgress(out io.Writer, e *suites.Engine) *progress {
	p := &progress{
		liveLine: newLiveLine(out, o.quiet), total: len(e.Pairs()), running: e.Running, left: e.Estimate(), strict: o.strict, verbose: o.verbose,
	}
	p.tell = p.far
	p.atMost = p.left.Left()
	if !p.live && p.verbose {
		p.every = 0 // it says enough
	}
	return p
}

// begin begins to say how far the run is, until end.
func (l *liveLine) begin() {
	l.began = time.Now()
	if l.quiet || l.every == 0 {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	var saying sync.WaitGroup
	saying.Go(func() {
		tick := time.NewTicker(l.every)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				l.update()
			case <-ctx.Done():
				return
			}
		}
	})
	l.stop = func() { cancel(); saying.Wait() }
}

// end ends what begin began, and takes the line away.
func (l *liveLine) end() {
	l.stop()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.show("")
}

// say writes a line that stays.
func (l *liveLine) say(line string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.show("")
	fmt.Fprintln(l.out, line)
}

// update says how far it is.
func (l *liveLine) update() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if line := l.tell(); l.live {
		l.show(line)
	} else {
		fmt.Fprintln(l.out, line)
	}
}

// count takes note of a result.
func (p *progress) count(r reports.Result) {
	p.left.Done(r.Target, r.Case.ID)
	p.mu.Lock()
	p.done++
	if r.Gates(p.strict) || r.Verdict == reports.Error {
		p.failing++
	}
	p.mu.Unlock()
	if p.verbose {
		line := fmt.Sprintf("%-5s  %s  %s  %d ms", strings.ToUpper(string(r.Verdict)), r.Target, r.Case.ID, r.Took.Milliseconds())
		if r.Verdict == reports.Skip || r.Verdict == reports.XFail {
			line += "  " + reports.OneLine(r.Reason)
		}
		p.say(line)
	}
}

// far is how far the run is.
func (p *progress) far() string {
	line := fmt.Sprintf("%d of %d done, %d failing, %d running", p.done, p.total, p.failing, p.running())
	if left := p.remaining(time.Since(p.began)); left > 0 {
		line += ", " + about(left) + " left"
	}
	return line
}

// remaining is how long the rest takes, at the pace of what is done, once that is enough to tell.
func (p *progress) remaining(passed time.Duration) time.Duration {
	left := p.left.Left()
	if ended := p.atMost - left; ended > p.atMost/10 {
		left = time.Duration(float64(left) * float64(passed) / float64(ended))
	}
	return left
}

// about is a duration that is not known exactly.
func about(d time.Duration) string {
	switch {
	case d < 10*time.Second:
		return fmt.Sprintf("about %d s", max(1, int(d.Round(time.Second).Seconds())))
	case d < 2*time.Minute:
		return fmt.Sprintf("about %d s", int(d.Round(5*time.Second).Seconds()))
	}
	return fmt.Sprintf("about %d min", int(d.Round(time.Minute).Minutes()))
}

// show replaces the line. Blanks and carriage returns do it on every terminal.
func (l *liveLine) show(line string) {
	if !l.live || line == "" && l.shown == 0 {
		return
	}
	line = cut(line, width(l.out)-1)
	n := utf8.RuneCountInString(line)
	fmt.Fprintf(l.out, "\r%s%s", line, strings.Repeat(" ", max(0, l.shown-n)))
	if n == 0 {
		fmt.Fprint(l.out, "\r")
	}
	l.shown = n
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

// coloured reports whether what goes to w is to have colours: by choice, which is one of auto, always and never. By itself it has them
// at a terminal, unless the user has something against them (no-color.org).
func coloured(w io.Writer, choice string) bool {
	switch choice {
	case "always":
		return true
	case "never":
		return false
	}
	return width(w) > 0 && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}
