//go:build !linux

package suites

// kernel is the running kernel's release; it is not asked for here.
func kernel() string { return "" }
