package main

import (
	"cmp"
	"math"
	"slices"
	"time"
)

func sorted[T cmp.Ordered](samples []T) []T {
	slices.Sort(samples)
	return samples
}

// percentile is the smallest of the sorted samples that at least the share p of them does not exceed.
func percentile[T cmp.Ordered](sorted []T, p float64) T {
	return sorted[max(0, int(math.Ceil(p*float64(len(sorted))))-1)]
}

// median is NaN if there are no values. NaNs do not count.
func median(values []float64) float64 {
	v := sorted(known(values))
	n := len(v)
	if n == 0 {
		return math.NaN()
	}
	return (v[(n-1)/2] + v[n/2]) / 2
}

func known(values []float64) []float64 {
	return slices.DeleteFunc(slices.Clone(values), math.IsNaN)
}

func micros(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }

func millis(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
