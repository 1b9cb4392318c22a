package main

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"

	"github.com/faultwire/faultwire/proxy"
)

// maxShown is how many strikes of one fault, and bypasses of one upstream, the summary tells one by one.
const maxShown = 3

// summarise says in a few lines what was seen.
func (r *tryReport) summarise(w io.Writer, folder string) {
	fmt.Fprintf(w, "faultwire try: %s\n", r.howItWent())
	for _, u := range r.Upstreams {
		fmt.Fprintf(w, "  %s  %s -> %s: %s, %d bytes up, %d down\n", u.Name, u.Wire, u.Upstream, count(u.Connections, "connection"),
			u.BytesUp, u.BytesDown)
		u.sayFaults(w)
		u.sayBypasses(w)
	}
	if r.Unchecked != "" {
		fmt.Fprintf(w, "  Note: %s\n", r.Unchecked)
	}
	fmt.Fprintf(w, "  Kept in %s\n", filepath.Join(folder, tryFile))
}

func (r *tryReport) howItWent() string {
	how := fmt.Sprintf("the command exited with %d", r.Exit)
	switch {
	case r.TimedOut:
		how = fmt.Sprintf("the command was ended by --timeout, exit %d", r.Exit)
	case r.Signal != "":
		how = fmt.Sprintf("the command was ended by %s, exit %d", r.Signal, r.Exit)
	}
	how += " after " + seconds(r.Took)
	if r.Leftover > 0 {
		how += fmt.Sprintf("; it left %s behind, now ended", count(r.Leftover, "process"))
	}
	return how
}

func (u upstreamReport) sayFaults(w io.Writer) {
	why := map[string]string{}
	for _, n := range u.NeverFired {
		why[n.Fault] = n.Why
	}
	for _, f := range u.Plan.Faults {
		if reason := why[f.ID()]; reason != "" {
			fmt.Fprintf(w, "    NEVER FIRED  %s: %s\n", f.ID(), reason)
			continue
		}
		strikes := 0
		for _, s := range u.Trace.Fired {
			if s.Fault != f.ID() {
				continue
			}
			if strikes++; strikes > maxShown {
				continue
			}
			where := "before any connection"
			if s.Conn > 0 {
				where = fmt.Sprintf("connection %d, %s, after %s", s.Conn, s.Stream, count(s.Offset, "byte"))
			}
			fmt.Fprintf(w, "    fired        %s: %s, at %s\n", s.Fault, where, seconds(s.At))
		}
		if strikes > maxShown {
			fmt.Fprintf(w, "                 and %d times more\n", strikes-maxShown)
		}
	}
}

func (u upstreamReport) sayBypasses(w io.Writer) {
	for i, b := range u.Bypasses {
		if i == maxShown {
			fmt.Fprintf(w, "                 and %d times more\n", len(u.Bypasses)-maxShown)
			break
		}
		fmt.Fprintf(w, "    BYPASSED     %v; make it go to %s\n", b, u.Wire)
	}
	if n := u.Unexplained; n > 0 {
		fmt.Fprintf(w, "    BYPASSED?    at least %s to %s went past the wire and ended too soon to see whose, the command's or not\n",
			count(n, "connection"), u.Upstream)
	}
}

// whyNeverFired says why a fault did not strike, as far as the trace tells; empty if it did.
func whyNeverFired(f proxy.Fault, seed uint64, t proxy.Trace) string {
	before := map[int]string{} // what else struck a connection
	for _, s := range t.Fired {
		if s.Fault == f.ID() {
			return ""
		}
		before[s.Conn] = s.Fault
	}
	total := len(t.Conns) + t.Forgotten
	switch {
	case total == 0:
		return "no connection came through the wire"
	case f.Connection > total:
		return fmt.Sprintf("it strikes the %s connection, and there %s", ordinal(f.Connection), wereOnly(total))
	}
	var seen flows
	for _, c := range t.Conns {
		if f.Connection == 0 || f.Connection == c.N {
			seen.add(c, f.Stream)
			if seen.other == "" && before[c.N] != "" {
				seen.other = fmt.Sprintf("; %s had struck connection %d", before[c.N], c.N)
			}
		}
	}
	return seen.why(f, seed) + seen.other
}

// flows are the connections that a fault could have struck.
type flows struct {
	conns       int
	longest     int64 // bytes delivered of the fault's stream, on the connection with most
	longestBack int64 // of the other stream
	failed      int   // connections without an upstream
	dialError   string
	other       string // what struck one of them
}

func (s *flows) add(c proxy.ConnTrace, stream proxy.Stream) {
	along, back := c.Downstream, c.Upstream
	if stream == proxy.Upstream {
		along, back = back, along
	}
	s.conns++
	s.longest, s.longestBack = max(s.longest, along.Out), max(s.longestBack, back.Out)
	if c.DialError != "" {
		s.failed++
		s.dialError = c.DialError
	}
}

func (s *flows) why(f proxy.Fault, seed uint64) string {
	var t proxy.Trigger
	switch {
	case f.Trigger != nil:
		t = *f.Trigger
	case f.Type == "limit_data":
		t.Byte = f.Attributes["bytes"]
	}
	on := "on " + count(s.conns, "connection")
	opposite := proxy.Upstream
	if f.Stream == proxy.Upstream {
		opposite = proxy.Downstream
	}
	switch {
	case s.conns == 0:
		return "the connections it could have struck are long forgotten"
	case s.failed == s.conns:
		return "the upstream could not be reached: " + s.dialError
	case f.Toxicity == 0:
		return "its toxicity is 0"
	case t.Match != nil:
		return fmt.Sprintf("its match did not come, or not enough behind it: %s went %s %s", s.most(), f.Stream, on)
	case t.Time != nil:
		return fmt.Sprintf("its time, %d ms, did not come before the end %s", *t.Time, on)
	case s.longest < t.Byte:
		return fmt.Sprintf("only %d of %d bytes went %s %s", s.longest, t.Byte, f.Stream, on)
	case s.longestBack < t.Opposite:
		return fmt.Sprintf("only %d of %d bytes went %s %s", s.longestBack, t.Opposite, opposite, on)
	case s.longest == 0:
		return fmt.Sprintf("nothing went %s %s", f.Stream, on)
	case f.Toxicity < 1:
		return fmt.Sprintf("its toxicity of %g spared %s with seed %d", f.Toxicity, count(s.conns, "connection"), seed)
	}
	return fmt.Sprintf("%s gave it no occasion; %s went %s", count(s.conns, "connection"), s.most(), f.Stream)
}

func (s *flows) most() string {
	if s.conns > 1 {
		return "at most " + count(s.longest, "byte")
	}
	return count(s.longest, "byte")
}

func wereOnly(n int) string {
	if n == 1 {
		return "was only 1"
	}
	return fmt.Sprintf("were only %d", n)
}

func ordinal(n int) string {
	suffix := "th"
	switch {
	case n%100 >= 11 && n%100 <= 13:
	case n%10 == 1:
		suffix = "st"
	case n%10 == 2:
		suffix = "nd"
	case n%10 == 3:
		suffix = "rd"
	}
	return fmt.Sprint(n, suffix)
}

func count[N int | int64](n N, one string) string {
	switch {
	case n == 1:
		return "1 " + one
	case strings.HasSuffix(one, "s"):
		return fmt.Sprintf("%d %ses", n, one)
	}
	return fmt.Sprintf("%d %ss", n, one)
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.3f s", d.Seconds()) }
