//go:build !linux

package targets

import "time"

// starved is not seen without /proc.
func (p *program) starved(bool) (stop func() func(since time.Time) time.Duration) {
	return func() func(time.Time) time.Duration { return nil }
}
