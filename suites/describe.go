package suites

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/proxy"
	"github.com/faultwire/faultwire/reports"
	"github.com/faultwire/faultwire/suites/cases"
	"github.com/faultwire/faultwire/targets"
)

// describe is the pair's case as reports show it.
func describe(p Pair, scale float64) reports.Case {
	c := p.Case
	r := reports.Case{
		ID: c.ID, Title: c.Title, Theme: "control", Level: string(c.Level), Role: string(p.Target.Role),
		Basis: string(c.Basis.Kind), Clause: c.Basis.String(), Why: c.Why, Fix: c.Fix, Since: c.Since, File: c.File, Line: c.Line,
	}
	if c.ID != controlCase.ID {
		r.Theme = c.Theme()
	}
	timing := effective(p.Target.Promises, scale)
	r.Faults = Faults(c, p.Target, timing)
	r.Script = Narrated(c, p.Target, timing)
	return r
}

// Faults are what the wires of the case do to the target, a sentence each.
func Faults(c cases.Case, t *targets.Target, timing cases.Timing) (told []string) {
	for _, f := range c.Faults(timing, t) {
		told = append(told, InWords(f, t.Role))
	}
	if c.Origin != nil {
		for _, f := range c.Origin.Wire(timing, c.Origin.Page()) {
			told = append(told, "between the gateway and the server behind it: "+InWords(f, targets.ClientRole))
		}
	}
	return told
}

// mostScripts is how many scripts are told; the others are like them.
const mostScripts = 3

// Narrated says what the reference side of the case does to the target, a sentence each.
func Narrated(c cases.Case, t *targets.Target, timing cases.Timing) []string {
	stage := &fixtures.Stage{Speech: t.Speech(), Deadlines: timing}
	told := stage.Narrate(c.Exchange, t.Role == targets.ClientRole)
	for i := range told {
		told[i] = condensed(told[i])
	}
	if c.Shown != fixtures.Valid {
		told = append(told, fmt.Sprintf("the server shows a certificate that no client may trust: %s", c.Shown))
	}
	for _, f := range c.Beside {
		told = append(told, "the client is given the name localhost; the server is at 127.0.0.1, and ::1 "+InWords(f, t.Role))
	}
	if more := len(told) - mostScripts; more > 0 {
		told = append(told[:mostScripts-1], fmt.Sprintf("and %d more", more+1))
	}
	return told
}

// number is what differs between steps that are the same.
var number = regexp.MustCompile(`\d+`)

// condensed tells what is done three times running, or more often, once: a step, or two by turns.
func condensed(told string) string {
	steps := strings.Split(told, ", ")
	shapes := make([]string, len(steps))
	for i, step := range steps {
		shapes[i] = number.ReplaceAllString(step, "…")
	}
	var kept []string
	for i := 0; i < len(steps); {
		length, times := 1, 1
		for n := 1; n <= 2 && i+n <= len(steps); n++ {
			again := 1
			for next := i + n*again; next+n <= len(steps) && slices.Equal(shapes[next:next+n], shapes[i:i+n]); next += n {
				again++
			}
			if again >= 3 && n*again > length*times {
				length, times = n, again
			}
		}
		kept = append(kept, steps[i:i+length]...)
		if times > 1 {
			kept = append(kept, fmt.Sprintf("and so on, %d times in all", times))
		}
		i += length * times
	}
	return strings.Join(kept, ", ")
}

// InWords says what the fault does, as seen from the target.
func InWords(f proxy.Fault, role targets.Role) string {
	what := "the reply"
	if (f.Stream == proxy.FromTarget) == (role == targets.ClientRole) {
		what = "the request"
	}
	if said := datagramsInWords(f, what); said != "" {
		return said
	}
	ms := func(key string) time.Duration { return time.Duration(f.Attributes[key]) * time.Millisecond }
	at := ""
	if f.Trigger != nil && f.Trigger.Byte > 0 {
		at = fmt.Sprintf("delivers %s of %s, then ", counted(f.Trigger.Byte, "byte"), what)
	} else if f.Trigger != nil || f.Type == "blackhole" {
		at = fmt.Sprintf("delivers nothing of %s: it ", what)
	}
	switch f.Type {
	case "latency":
		if f.Attributes["jitter"] > 0 {
			return fmt.Sprintf("delivers %s %v late, give or take %v (Toxiproxy latency)", what, ms("latency"), ms("jitter"))
		}
		return fmt.Sprintf("delivers %s %v late (Toxiproxy latency)", what, ms("latency"))
	case "bandwidth":
		return fmt.Sprintf("delivers %s at %d KB/s (Toxiproxy bandwidth)", what, f.Attributes["rate"])
	case "slicer":
		return fmt.Sprintf("cuts %s into pieces of %d ± %d bytes, %d µs apart (Toxiproxy slicer)", what, f.Attributes["average_size"], f.Attributes["size_variation"], f.Attributes["delay"])
	case "coalesce":
		return fmt.Sprintf("gathers %s into writes of %d bytes", what, f.Attributes["size"])
	case "corrupt":
		return at + "flips bits of what follows"
	case "inject":
		return at + fmt.Sprintf("puts %s in that nobody sent", counted(len(f.Data), "byte"))
	case "slow_close":
		return fmt.Sprintf("delivers the end of %s %v late (Toxiproxy slow_close)", what, ms("delay"))
	case "limit_data":
		return fmt.Sprintf("delivers %s of %s, then closes the connection (Toxiproxy limit_data)", counted(f.Attributes["bytes"], "byte"), what)
	case "timeout":
		return fmt.Sprintf("drops %s and closes the connection after %v (Toxiproxy timeout)", what, ms("timeout"))
	case "reset_peer":
		return at + "resets the connection (RST)"
	case "close":
		return at + "closes the connection (FIN)"
	case "half_close":
		return at + "ends that direction (FIN) and leaves the other open"
	case "stall":
		if f.Until != nil {
			return at + fmt.Sprintf("falls silent for %v and goes on", time.Duration(f.Until.For)*time.Millisecond)
		}
		return at + "falls silent and keeps the connection open"
	case "blackhole":
		return at + "swallows everything, both ways, and keeps the connection open"
	case "slice":
		if n := f.Attributes["at"]; n > 0 {
			return fmt.Sprintf("cuts %s in two behind byte %d: the rest comes when the first part has been read", what, n)
		}
		pieces := "pieces of " + counted(f.Attributes["every"], "byte")
		if v := f.Attributes["variation"]; v > 0 {
			pieces = fmt.Sprintf("pieces of %d ± %d bytes", f.Attributes["every"], v)
		}
		return fmt.Sprintf("delivers %s in %s, each when the one before has been read", what, pieces)
	case "refuse":
		return "refuses the connection: nobody listens"
	case "connect_blackhole":
		return "leaves the connect unanswered"
	case "accept_delay":
		return fmt.Sprintf("accepts the connection and connects through %v later", ms("delay"))
	case "vanish":
		return at + "cuts the cable: no packet arrives any more"
	case "accept_then_reset":
		return "accepts the connection and resets it at once (RST)"
	case "accept_then_close":
		return "accepts the connection and closes it at once (FIN)"
	}
	return f.String()
}

// counted is "1 byte" or "2 bytes".
func counted[N ~int | ~int64](n N, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
