package reports

import (
	"encoding/csv"
	"io"
	"strings"
)

const requirementsFile = "requirements.csv"

// WriteRequirements writes a row for each pair, and for each control exchange before the target's: which requirement it is about,
// what that rests on, and what became of it. It is CSV by RFC 4180. A cell that a spreadsheet would take for a formula, because it
// begins with =, +, - or @, has an apostrophe before it.
func (r *Run) WriteRequirements(w io.Writer) error {
	run := r.cleaned()
	table := csv.NewWriter(w)
	table.UseCRLF = true
	rows := [][]string{{"clause", "basis", "level", "case", "title", "target", "verdict", "reason", "evidence"}}
	for _, g := range run.groups() {
		if g.Control != nil {
			rows = append(rows, requirement(g.Control))
		}
		for i := range g.results {
			rows = append(rows, requirement(&g.results[i]))
		}
	}
	return table.WriteAll(rows)
}

func requirement(res *Result) []string {
	evidence := ""
	if len(res.Files) > 0 {
		evidence = res.folder()
	}
	c := res.Case
	row := []string{c.Clause, c.Basis, c.Level, c.ID, c.Title, res.Target, string(res.Verdict), res.because(), evidence}
	for i, cell := range row {
		row[i] = harmless(oneLine(cell))
	}
	return row
}

// because is all that there is to say of why the verdict is what it is.
func (res *Result) because() string {
	var parts []string
	add := func(s string) {
		if s = oneLine(s); s != "" {
			parts = append(parts, s)
		}
	}
	add(res.Reason)
	if f := res.Finding; f != nil {
		if f.Expected != "" {
			add("expected: " + f.Expected)
		}
		if f.Seen != "" {
			add("seen: " + f.Seen)
		}
	}
	add(res.Note)
	return strings.Join(parts, "; ")
}

// harmless is the cell so that no spreadsheet computes it. East Asian ones take the wide forms for the same signs.
func harmless(cell string) string {
	for _, sign := range []string{"=", "+", "-", "@", "＝", "＋", "－", "＠"} {
		if strings.HasPrefix(cell, sign) {
			return "'" + cell
		}
	}
	return cell
}
