package main

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/reports"
	"github.com/faultwire/faultwire/suites"
	"github.com/faultwire/faultwire/suites/cases"
	"github.com/faultwire/faultwire/targets"
	"github.com/faultwire/faultwire/targets/reference"
)

func explainCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "explain ID…",
		Short: "Explain cases: what is required and why, what the wire does, how to fix it",
		Long: "Explain cases: what is required, what that rests on and why it matters, what the wire does, how to fix it.\n" +
			"A pattern explains each that it names. Of a family that differs in one value, the first stands for all.",
		Example: "  faultwire explain tcp.timeout.drip\n  faultwire explain 'tcp.connect.*'",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return fmt.Errorf("explain what? Name a case, such as %s; faultwire list names them all", cases.All()[0].ID)
			}
			return nil
		},
		ValidArgsFunction: otherIDs,
		RunE: func(c *cobra.Command, args []string) error {
			text, err := explain(args, width(c.OutOrStdout()))
			if err != nil {
				return err
			}
			if _, err := fmt.Fprint(c.OutOrStdout(), text); err != nil {
				return &ended{reports.ExitError, err}
			}
			return nil
		},
	}
}

// explain explains the cases that the patterns name; columns is 0 for the usual width.
func explain(patterns []string, columns int) (string, error) {
	named, err := suites.Cases(patterns, true)
	if err != nil {
		return "", err
	}
	var families []string
	members := map[string][]cases.Case{}
	for _, c := range named {
		family, _, _ := strings.Cut(c.ID, "[")
		if members[family] == nil {
			families = append(families, family)
		}
		members[family] = append(members[family], c)
	}
	s := sheet{columns: columns}
	if columns <= 0 {
		s.columns = 100
	}
	for i, family := range families {
		if i > 0 {
			s.out.WriteByte('\n')
		}
		s.explain(members[family])
	}
	return s.out.String(), nil
}

// A sheet is an explanation being written.
type sheet struct {
	out     bytes.Buffer
	columns int
}

// explain explains the first of a family's members for all.
func (s *sheet) explain(family []cases.Case) {
	c := family[0]
	fmt.Fprintln(&s.out, c.ID)
	s.entry("", c.Title)
	fmt.Fprintln(&s.out)
	level := strings.ToUpper(string(c.Level))
	if c.Full {
		level += ", in runs with --full only, or by its ID"
	}
	if c.Quick {
		level += ", in runs with --quick, too"
	}
	s.entry("Level", level)
	basis := string(c.Basis.Kind)
	if c.Basis.Kind == cases.PracticeBasis {
		basis += " (no standard demands it)"
	}
	s.entry("Basis", basis+" · "+c.Basis.String())
	s.entry("For", audience(c))
	for _, f := range faults(c) {
		s.entry("The wire", f)
	}
	s.entry("Exchange", exchange(c.Exchange))
	under, timing := example(c)
	if peer := suites.Narrated(c, under, timing); len(peer) > 0 {
		s.entry("The peer", strings.Join(peer, "\n"))
	}
	if c.Watch != nil {
		s.entry("Watched", watched(*c.Watch))
	}
	s.entry("Why", c.Why)
	s.entry("Fix", c.Fix)
	s.entry("Source", fmt.Sprintf("%s:%d, since catalogue %s", c.File, c.Line, c.Since))
	if len(family) > 1 {
		var others []string
		for _, m := range family[1:] {
			_, axis, _ := strings.Cut(m.ID, "[")
			others = append(others, "["+axis)
		}
		s.entry("Also", strings.Join(others, " "))
	}
	s.entry("Run alone", targets.JoinCommand([]string{"faultwire", "run", "--run", c.ID}))
}

// entry writes a label and its text beside it, wrapped; a line of text that begins with "Go: " hangs under what follows.
func (s *sheet) entry(label, text string) {
	const indent, labels = 2, 11
	left := indent
	if label != "" {
		left += labels
	}
	for line := range strings.SplitSeq(text, "\n") {
		at, margin := left, left
		if language, _, ok := strings.Cut(line, ": "); ok && label == "Fix" {
			margin += len(language) + 2
		}
		fmt.Fprintf(&s.out, "%*s%-*s", indent, "", left-indent, label)
		for i, word := range strings.Fields(line) {
			n := len([]rune(word))
			switch {
			case i == 0:
			case at+1+n > s.columns:
				fmt.Fprintf(&s.out, "\n%*s", margin, "")
				at = margin
			default:
				s.out.WriteByte(' ')
				at++
			}
			s.out.WriteString(word)
			at += n
		}
		s.out.WriteByte('\n')
		label = ""
	}
}

// audience is which targets the case is for.
func audience(c cases.Case) string {
	who := map[cases.Role]string{cases.Client: "clients", cases.Server: "servers", cases.Both: "clients and servers", cases.Peer: "peers"}[c.Role]
	if c.Origin != nil {
		who = "gateways, servers before a server,"
	}
	var speak []string
	for _, p := range c.Speaks {
		speak = append(speak, string(p))
	}
	s := who + " that speak " + alternatives(speak)
	if len(c.Exchange.Calls) > 0 {
		s += ", and play several exchanges in one session"
	}
	if c.Watch != nil {
		s += ", and are processes of their own"
	}
	switch c.Deadline {
	case "":
	case fixtures.TotalDeadline, fixtures.IdleDeadline:
		s += fmt.Sprintf(", if they promise a deadline: --%s-timeout", c.Deadline)
	default:
		s += fmt.Sprintf("; about the %s deadline", c.Deadline)
	}
	return s
}

// example is a target that the case is for, and that promises the built-in deadlines.
func example(c cases.Case) (*targets.Target, cases.Timing) {
	t := &targets.Target{Protocol: c.Speaks[0], Role: targets.ClientRole}
	if c.Role == cases.Server {
		t.Role = targets.ServerRole
	}
	return t, cases.Timing{
		Connect: reference.ConnectDeadline, Read: reference.ReadDeadline, Write: reference.WriteDeadline,
		Total: reference.TotalDeadline, Idle: reference.IdleDeadline,
	}
}

// faults are what the wires do.
func faults(c cases.Case) []string {
	t, timing := example(c)
	if all := suites.Faults(c, t, timing); len(all) > 0 {
		return all
	}
	return []string{"no fault"}
}

// exchange is the exchange in words.
func exchange(x fixtures.Exchange) string {
	var sizes []string
	for _, m := range x.Messages {
		sizes = append(sizes, fmt.Sprintf("%d bytes", m.Size))
	}
	s := "a message of " + sizes[0]
	if len(sizes) > 1 {
		s = "messages: " + folded(sizes)
	}
	if len(x.Calls) > 0 {
		s = fmt.Sprintf("a session of %d exchanges: %s", len(x.Calls), folded(sizes))
	} else if len(x.Conns) == 0 {
		s += ", there and back"
	}
	if x.Bystander != nil {
		s += "\nbeside it, not through the wire: " + exchange(*x.Bystander)
	}
	return s
}

// watched is what is done and measured beside the exchange.
func watched(w cases.Watch) string {
	said := []string{"the target's sockets, threads, processes and memory, before and after"}
	if w.Twice {
		said = append(said, "the exchange is played once before, so that what is kept for reuse is there")
	}
	if w.Quiet != "" {
		said = append(said, fmt.Sprintf("the processor time that it uses in %v without work", cases.QuietWindow))
	}
	if w.Descriptors > 0 {
		said = append(said, fmt.Sprintf("it may open %d descriptors more than it has", w.Descriptors))
	}
	if w.Restart {
		said = append(said, "it is stopped while a client is connected, and started again on its port")
	}
	return strings.Join(said, "; ")
}

// folded joins words, and counts what comes several times running, alone or in pairs.
func folded(words []string) string {
	var parts []string
	for len(words) > 0 {
		best, times := 1, 1
		for n := 1; n <= 2 && n <= len(words); n++ {
			again := 1
			for end := (again + 1) * n; end <= len(words) && slices.Equal(words[end-n:end], words[:n]); end += n {
				again++
			}
			if again > times {
				best, times = n, again
			}
		}
		part := strings.Join(words[:best], ", ")
		if times > 1 {
			part = fmt.Sprintf("%d × %s", times, strings.Join(words[:best], " + "))
		}
		parts = append(parts, part)
		words = words[best*times:]
	}
	return strings.Join(parts, ", ")
}

// alternatives joins the words: "a", "a or b", "a, b or c".
func alternatives(words []string) string {
	last := len(words) - 1
	if last < 1 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:last], ", ") + " or " + words[last]
}
