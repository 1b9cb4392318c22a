package targets

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"
)

// starvedEvery is the pause between two looks at what a program's threads have waited for.
const starvedEvery = 20 * time.Millisecond

// starved notes, until it is stopped, how long the program's threads have waited for a processor while others had it. The function that
// stop returns says how long the one did that waited longest, from a moment on; nil unless it was wanted.
func (p *program) starved(wanted bool) (stop func() func(since time.Time) time.Duration) {
	if !wanted {
		return func() func(time.Time) time.Duration { return nil }
	}
	var (
		looks   []look
		looking sync.WaitGroup
		quit    = make(chan struct{})
	)
	note := func() {
		if threads := p.waiting(); threads != nil {
			looks = append(looks, look{time.Now(), threads})
		}
	}
	note() // what has been waited for before is no matter of this exchange
	looking.Go(func() {
		for {
			note()
			select {
			case <-quit:
				return
			case <-p.done:
				return
			case <-time.After(starvedEvery):
			}
		}
	})
	return func() func(time.Time) time.Duration {
		close(quit)
		looking.Wait()
		return func(since time.Time) time.Duration { return longest(looks, since) }
	}
}

// A look is how long each thread had waited for a processor by then, in all.
type look struct {
	at      time.Time
	threads map[int]time.Duration
}

func longest(looks []look, since time.Time) (most time.Duration) {
	before := map[int]time.Duration{} // a thread that is newer has waited for nothing before
	for i, l := range looks {
		for thread, waited := range l.threads {
			if i == 0 || l.at.Before(since) {
				before[thread] = waited
			} else {
				most = max(most, waited-before[thread])
			}
		}
	}
	return most
}

// waiting is how long each thread of the program has waited for a processor; nil where the kernel does not tell, or the program
// has ended.
func (p *program) waiting() (threads map[int]time.Duration) {
	p.mu.Lock() // while its number is its own
	pid, gone := p.cmd.Process.Pid, p.reaped
	p.mu.Unlock()
	if gone {
		return nil
	}
	for family := []int{pid}; len(family) > 0; family = family[1:] {
		paths, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*", family[0]))
		for _, path := range paths {
			_, waited, ok := schedstat(path + "/schedstat")
			if !ok {
				continue
			}
			if threads == nil {
				threads = map[int]time.Duration{}
			}
			thread, _ := strconv.Atoi(filepath.Base(path))
			threads[thread] = waited
			children, _ := os.ReadFile(path + "/children")
			for _, child := range strings.Fields(string(children)) {
				if number, err := strconv.Atoi(child); err == nil {
					family = append(family, number)
				}
			}
		}
	}
	return threads
}
