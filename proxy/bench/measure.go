package main

import (
	"context"
	"math"
	"slices"
	"time"
)

// A measure is one subject of the benchmark.
type measure struct {
	name    string // what -only takes; a family of measures shares it
	about   string // how it is measured, for the reader of the page
	on      []string
	figures []figure
	take    func(context.Context, system) ([]float64, error) // one round: a value for each figure, NaN where there is none
}

// A figure is one row of the table.
type figure struct {
	name  string // with its unit
	more  bool   // more is better
	sum   bool   // of the rounds, where a single one tells, instead of their median
	goals []bound
}

// A bound is what the relay is to reach: a multiple of another system's figure, or a value of its own. It is a lower one
// where more is better, else an upper one, and means magnitudes: an error has a sign.
type bound struct {
	than  string // a system; "" for a value
	value float64
}

func (f figure) reached(b bound, v float64) bool {
	if f.more {
		return v >= b.value
	}
	return math.Abs(v) <= b.value
}

// catalogue is everything that is measured, in the order of the page.
func catalogue(rounds int) []measure {
	all := []measure{throughput, pingPong, connects, memory}
	for _, d := range []time.Duration{1, 2, 5, 10, 50, 100} {
		all = append(all, latency(d*time.Millisecond))
	}
	for _, rate := range []int64{64, 1000, 10_000, 100_000} {
		all = append(all, bandwidth(rate))
	}
	return append(all, slicing(100_000/rounds, rounds), toxics)
}

func names(all []measure) []string {
	var names []string
	for _, m := range all {
		names = append(names, m.name)
	}
	return slices.Compact(names)
}
