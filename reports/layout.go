package reports

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"
)

const (
	indent     = 6       // of what belongs to a heading: "FAIL" and two spaces
	labelWidth = 11      // of a story's labels
	shownLimit = 4 << 10 // bytes of one text at a terminal: a target must not fill the scrollback
)

// ANSI's select graphic rendition.
const (
	bold   = "1"
	dim    = "2"
	red    = "31"
	green  = "32"
	yellow = "33"
)

func hue(v Verdict) string {
	switch v {
	case Pass:
		return green
	case Fail:
		return red
	case Warn, Error:
		return yellow
	}
	return dim
}

func (p *page) paint(colour, s string) string {
	if !p.Color {
		return s
	}
	return "\x1b[" + colour + "m" + s + "\x1b[0m"
}

// line writes one line as it is, whatever its length.
func (p *page) line(indent int, s string) {
	if s != "" {
		p.out.WriteString(strings.Repeat(" ", indent))
		p.out.WriteString(s)
	}
	p.out.WriteByte('\n')
}

// wrapped writes text within the width.
func (p *page) wrapped(indent int, text string) { p.beside(strings.Repeat(" ", indent), indent, text) }

// head opens what is told in full.
func (p *page) head(colour, word, rest string) {
	p.line(0, p.paint(bold+";"+colour, word)+"  "+rest)
}

// entry writes a label and its text beside it, if there is any. What is there to be copied is kept in one line.
func (p *page) entry(label, text string) {
	if text == "" {
		return
	}
	padded := fmt.Sprintf("%-*s", labelWidth, label)
	if label == "Run alone" || label == "Evidence" {
		p.line(indent, p.paint(dim, padded)+text)
		return
	}
	p.beside(strings.Repeat(" ", indent)+p.paint(dim, padded), indent+labelWidth, text)
}

// beside writes text within the width, to the right of a label that is left columns wide.
func (p *page) beside(label string, left int, text string) {
	for i, line := range wrap(shorten(text, shownLimit), p.Width-left) {
		if i == 0 {
			p.line(0, label+line)
		} else {
			p.line(left, line)
		}
	}
}

// hanging is what the rest of a long line stands under: its margin and a leading "Go: " or "Go  ".
var hanging = regexp.MustCompile(`^ *([A-Z]\S*(: +|  +))?`)

// wrap breaks text into lines of at most width columns, where there is a space to break at.
func wrap(text string, width int) (lines []string) {
	for line := range strings.SplitSeq(strings.ReplaceAll(text, "\t", "    "), "\n") {
		line = strings.TrimRight(line, " ")
		margin := columns(hanging.FindString(line))
		if margin > width/2 {
			margin = 0
		}
		for columns(line) > width {
			head, rest, found := breakAt(line, margin, width)
			if !found {
				break
			}
			lines = append(lines, head)
			line = strings.Repeat(" ", margin) + rest
		}
		lines = append(lines, line)
	}
	return lines
}

// breakAt breaks at the last space within width columns, else at the first behind them, but not within the margin.
func breakAt(line string, margin, width int) (head, rest string, found bool) {
	at, column := -1, 0
	for i, r := range line {
		if r == ' ' && column >= margin {
			if column > width && at >= 0 {
				break
			}
			at = i
			if column > width {
				break
			}
		}
		column++
	}
	if at < 0 {
		return line, "", false
	}
	return strings.TrimRight(line[:at], " "), strings.TrimLeft(line[at:], " "), true
}

func columns(s string) int { return utf8.RuneCountInString(s) }
