//go:build !unix

package suites

// descriptorLimit is how many descriptors this process may open.
func descriptorLimit() int { return 1 << 20 }
