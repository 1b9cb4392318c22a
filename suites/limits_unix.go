//go:build unix

package suites

import "syscall"

// descriptorLimit is how many descriptors this process may open (RLIMIT_NOFILE).
func descriptorLimit() int {
	var l syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l); err != nil {
		return 1024
	}
	return int(min(uint64(l.Cur), 1<<20))
}
