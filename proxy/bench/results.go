package main

import (
	"fmt"
	"math"
	"slices"
)

// results are the values of all figures, a value a round.
type results struct {
	measures []measure
	rows     []row
	failures []string
}

// A row is a figure and what each system gave for it; NaN where a round has none.
type row struct {
	figure
	values map[string][]float64
}

func newResults(measures []measure) *results {
	r := &results{measures: measures}
	for _, m := range measures {
		for _, f := range m.figures {
			r.rows = append(r.rows, row{f, map[string][]float64{}})
		}
	}
	return r
}

func (r *results) add(m measure, system string, values []float64, err error) {
	for i, f := range m.figures {
		at := slices.IndexFunc(r.rows, func(w row) bool { return w.name == f.name })
		r.rows[at].values[system] = append(r.rows[at].values[system], values[i])
	}
	if err != nil {
		failure := fmt.Sprintf("%s, %s: %v", m.figures[0].name, system, err)
		if !slices.Contains(r.failures, failure) {
			r.failures = append(r.failures, failure)
		}
	}
}

// of is a system's figure.
func (w row) of(system string) float64 {
	values := w.values[system]
	if !w.sum {
		return median(values)
	}
	if len(known(values)) == 0 {
		return math.NaN()
	}
	total := 0.0
	for _, v := range known(values) {
		total += v
	}
	return total
}

// ratios are the relay's values to another system's, of the same rounds: what slowed a round slowed both.
func (w row) ratios(other string) []float64 {
	var ratios []float64
	for round, v := range w.values[faultwire.name] {
		if round >= len(w.values[other]) || w.values[other][round] == 0 {
			continue
		}
		ratios = append(ratios, math.Abs(v/w.values[other][round]))
	}
	return known(ratios)
}
