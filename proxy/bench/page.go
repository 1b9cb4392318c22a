package main

import (
	"fmt"
	"io"
	"math"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A header is what the page says of the run.
type header struct {
	Command   string
	Rounds    int
	Began     time.Time
	Took      time.Duration
	Toxiproxy string // its version; "" without one
}

// writePage writes the results as markdown.
func writePage(out io.Writer, h header, r *results) {
	fmt.Fprintf(out, "# Benchmarks\n\n    %s\n\n", h.Command)
	fmt.Fprintf(out, "%s, %s; %d CPUs, %s, %s/%s, %s", h.Began.UTC().Format(time.DateOnly), h.Took.Round(time.Second),
		runtime.NumCPU(), kernel(), runtime.GOOS, runtime.GOARCH, runtime.Version())
	if h.Toxiproxy != "" {
		fmt.Fprintf(out, "; toxiproxy-server %s", h.Toxiproxy)
	}
	fmt.Fprintf(out, `.

Medians of %d rounds, in which the systems take turns in rotating order, over loopback. Clients and servers share one
process; each proxy is a process of its own, started for each figure. A ratio is the median of the rounds' own ratios,
faultwire to the other, its extremes in brackets; ratios hold better than figures on another machine. *splice* is a bare
io.Copy between two TCP connections.

| figure | direct | splice | faultwire | toxiproxy | to splice | to toxiproxy | goal |
|---|--:|--:|--:|--:|--:|--:|---|
`, h.Rounds)
	for _, w := range r.rows {
		cells := []string{w.name}
		for _, s := range everywhere {
			cells = append(cells, number(w.of(s)))
		}
		cells = append(cells, spread(w.ratios("splice")), spread(w.ratios("toxiproxy")), w.verdict())
		fmt.Fprintf(out, "| %s |\n", strings.Join(cells, " | "))
	}
	fmt.Fprint(out, "\n## How\n\n")
	for i, m := range r.measures {
		if i == 0 || r.measures[i-1].name != m.name {
			fmt.Fprintf(out, "- **%s**: %s\n", m.name, m.about)
		}
	}
	if len(r.failures) > 0 {
		fmt.Fprint(out, "\n## Not measured\n\n")
		for _, f := range r.failures {
			fmt.Fprintf(out, "- %s\n", f)
		}
	}
}

// verdict says of each goal whether it was reached.
func (w row) verdict() string {
	var said []string
	for _, b := range w.goals {
		sense, v := "≤", w.of(faultwire.name)
		if w.more {
			sense = "≥"
		}
		goal := fmt.Sprintf("%s %g", sense, b.value)
		if b.than != "" {
			goal += " × " + b.than
			v = median(w.ratios(b.than))
		}
		switch {
		case math.IsNaN(v):
			goal += ": –"
		case w.reached(b, v):
			goal += ": reached"
		default:
			goal += ": **missed**"
		}
		said = append(said, goal)
	}
	return strings.Join(said, "; ")
}

// spread is the median of ratios, and the least and the greatest.
func spread(ratios []float64) string {
	if len(ratios) == 0 {
		return "–"
	}
	return fmt.Sprintf("%s (%s–%s)", number(median(ratios)), number(slices.Min(ratios)), number(slices.Max(ratios)))
}

// number writes three digits that matter, or all before the point. A whole number, mostly a count, has no other.
func number(v float64) string {
	switch a := math.Abs(v); {
	case math.IsNaN(v):
		return "–"
	case v == math.Trunc(v) || a >= 100:
		return strconv.FormatFloat(v, 'f', 0, 64)
	case a >= 10:
		return strconv.FormatFloat(v, 'f', 1, 64)
	case a >= 1:
		return strconv.FormatFloat(v, 'f', 2, 64)
	default:
		return strconv.FormatFloat(v, 'f', 3, 64)
	}
}

func kernel() string {
	release, err := os.ReadFile("/proc/sys/kernel/osrelease")
	if err != nil {
		return "kernel unknown"
	}
	return "kernel " + strings.TrimSpace(string(release))
}
