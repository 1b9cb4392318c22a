package reports

// A sheetTheme is a theme's part of the matrix. It has columns for those targets alone that have cases in it.
type sheetTheme struct {
	Name    string
	Kept    int // pairs
	Tested  int
	Columns []sheetColumn
	Rows    []sheetRow
	has     map[int]bool
}

type sheetColumn struct {
	Index int
	Name  string
}

// A sheetRow is a family in the matrix. Its Cells are there if it has many members, which then have rows of their own.
type sheetRow struct {
	*family
	Cells   []*cell
	Members []memberRow
}

type memberRow struct {
	*member
	Cells []*cell // a column each; nil where there is no such pair
}

// matrix sets up the matrix: themes in the catalogue's order, in each its families.
func (b *binder) matrix(families []*family) {
	themes := map[string]*sheetTheme{}
	for _, f := range families {
		t := themes[f.Theme]
		if t == nil {
			t = &sheetTheme{Name: f.Theme, has: map[int]bool{}}
			themes[f.Theme] = t
			b.sheet.Themes = append(b.sheet.Themes, t)
		}
		t.Rows = append(t.Rows, sheetRow{family: f})
		for _, m := range f.Members {
			for n, c := range m.cells {
				t.has[n] = true
				switch {
				case c.Grade.kept():
					t.Kept++
					t.Tested++
				case c.Grade == gradeFail, c.Grade == gradeWarn, c.Grade == gradeXFail:
					t.Tested++
				}
			}
		}
	}
	for _, t := range b.sheet.Themes {
		for i, target := range b.sheet.Targets {
			if t.has[i] {
				t.Columns = append(t.Columns, sheetColumn{i, target.Name})
			}
		}
		for i := range t.Rows {
			t.Rows[i].fill(t.Columns)
		}
	}
}

func (r *sheetRow) fill(columns []sheetColumn) {
	for _, m := range r.family.Members {
		row := memberRow{member: m}
		for _, column := range columns {
			if c, tested := m.cells[column.Index]; tested {
				row.Cells = append(row.Cells, &c)
			} else {
				row.Cells = append(row.Cells, nil)
			}
		}
		r.Members = append(r.Members, row)
	}
	if !r.Many() {
		return
	}
	for i := range columns {
		var all *cell
		for _, m := range r.Members {
			c := m.Cells[i]
			switch {
			case c == nil:
			case all == nil || c.Grade.rank() < all.Grade.rank():
				of := 0
				if all != nil {
					of = all.Of
				}
				all = &cell{Anchor: c.Anchor, Grade: c.Grade, N: 1, Of: of + 1}
			default:
				all.Of++
				if c.Grade == all.Grade {
					all.N++
				}
			}
		}
		r.Cells = append(r.Cells, all)
	}
}

// Some reports whether the cell stands for some of a family's members and not for all.
func (c *cell) Some() bool { return c.N < c.Of }
