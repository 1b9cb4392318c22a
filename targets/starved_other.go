//go:build !linux

package targets

import "time"

// starved is not seen without /proc.
func (p *program) starved() (stop func() func(since time.Time) time.Duration) {
	return func() func(time.Time) time.Duration { return func(time.Time) time.Duration { return 0 } }
}
