package main

import (
	"bytes"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/faultwire/faultwire/reports"
)

func listCommand() *cobra.Command {
	var o options
	c := &cobra.Command{
		Use:   "list",
		Short: "List what run would run with the same flags",
		Long:  "List what run would run with the same flags, one pair of target and case a line: target, ID, level, title.",
		Args:  noArguments,
		RunE:  func(c *cobra.Command, _ []string) error { return o.list(c) },
	}
	o.bind(c)
	return c
}

func (o *options) list(c *cobra.Command) error {
	engine, _, err := o.engine(c)
	if err != nil {
		return err
	}
	defer engine.Close()
	var text bytes.Buffer
	table := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	for _, p := range engine.Pairs() {
		level := string(p.Case.Level)
		if engine.New(p.Case) {
			level = "new" // it only warns
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", p.Target.Name, p.Case.ID, level, p.Case.Title)
	}
	table.Flush()
	out := c.OutOrStdout()
	for line := range strings.Lines(text.String()) {
		if wide := width(out); wide > 0 {
			line = cut(strings.TrimSuffix(line, "\n"), wide) + "\n"
		}
		if _, err := fmt.Fprint(out, line); err != nil {
			return &ended{reports.ExitError, err}
		}
	}
	return nil
}
