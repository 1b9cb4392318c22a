package cases

import (
	"fmt"
	"time"

	"github.com/faultwire/faultwire/targets"
)

// A Watch is what is done and looked at beside an exchange, where a case is about the target's processes. What they use is
// compared before and after: with a server before the exchange, with a client's session after the first half of its calls.
type Watch struct {
	Twice       bool   // servers: the exchange is played once before, so that what is kept for reuse is there already
	Memory      bool   // what it holds of memory is looked at all the time
	Quiet       string // servers: the event from which on there is nothing to do; when that was watched for [QuietWindow], "watched" happens
	Descriptors int    // servers: only so many more than before may be open; 0 is no limit
	Restart     bool   // servers: it is started once more on its port, when a connection of its own is still in TIME-WAIT
}

// QuietWindow is how long it is watched that a target is idle, × scale.
const QuietWindow = 500 * time.Millisecond

// Usage is what was seen of a target's processes.
type Usage struct {
	Before    targets.Usage `json:"before"`
	After     targets.Usage `json:"after"`                   // once it had come back to what it was before, or three seconds, × scale, after the exchange
	Peak      int64         `json:"peak_rss"`                // bytes, of memory during the exchange
	Window    time.Duration `json:"window_ns,omitempty"`     // how long there was nothing to do
	Busy      time.Duration `json:"busy_ns,omitempty"`       // processor time used in that, and waited for
	Restarted string        `json:"restart_error,omitempty"` // why it could not be started again
}

// spare is how much more than before there may be after n connections: a pool may grow, one for each may not stay.
func spare(n int) int { return max(2, n/4) }

// HaveGivenBack expects that after n connections the target holds no more sockets, threads or processes than before, give or
// take a few: not one for each.
func HaveGivenBack(what string, n int) Expectation {
	count := map[string]func(targets.Usage) int{
		"sockets":   func(u targets.Usage) int { return u.Sockets },
		"threads":   func(u targets.Usage) int { return u.Threads },
		"processes": func(u targets.Usage) int { return u.Processes + u.Zombies },
	}[what]
	return JudgeFunc(func(o Observation) *Broken {
		if o.Usage == nil || count(o.Usage.After) <= count(o.Usage.Before)+spare(n) {
			return nil
		}
		return &Broken{Recover, fmt.Sprintf("as many %s as before, %d, or a few more", what, count(o.Usage.Before)),
			fmt.Sprintf("%d %s after %d more connections", count(o.Usage.After), what, n), ""}
	})
}

// busyShare is how much of the time in which there is nothing to do may be worked: a loop takes all of it, working or waiting to.
const busyShare = 2

// HaveIdled expects the target not to have worked while there was nothing to do.
func HaveIdled() Expectation {
	return JudgeFunc(func(o Observation) *Broken {
		if o.Usage == nil || o.Usage.Busy <= o.Usage.Window/busyShare {
			return nil
		}
		return &Broken{Recover, fmt.Sprintf("no work in %s in which there is nothing to do", round(o.Usage.Window)),
			fmt.Sprintf("%s of processor time used, or waited for", round(o.Usage.Busy)), ""}
	})
}

// HaveKeptItsMemory expects the target's memory not to have grown by more than so many bytes during the exchange.
func HaveKeptItsMemory(most int64) Expectation {
	return JudgeFunc(func(o Observation) *Broken {
		if o.Usage == nil || o.Usage.Peak-o.Usage.Before.RSS <= most {
			return nil
		}
		return &Broken{Recover, fmt.Sprintf("at most %d MiB more memory than before", most>>20),
			fmt.Sprintf("%d MiB more", (o.Usage.Peak-o.Usage.Before.RSS)>>20), ""}
	})
}

// HaveRestarted expects the server to have started again at once, on the same port.
func HaveRestarted() Expectation {
	return JudgeFunc(func(o Observation) *Broken {
		if o.Usage == nil || o.Usage.Restarted == "" {
			return nil
		}
		return &Broken{Recover, "started again at once, on the same port", o.Usage.Restarted, ""}
	})
}
