package reports

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/faultwire/faultwire/proxy"
)

// draw draws the lanes of one wire.
func (t *timeline) draw(s *sight, y int, told []string) (int, []string) {
	if len(s.Trace.Conns) == 0 {
		l := lane{Y: y, Name: "connect", Amount: "no connection"}
		strikes := l.strikes(t, s.Trace.Fired, 0, "", func(string, time.Duration) (time.Duration, bool) { return t.began + s.Elapsed, true })
		y = l.close(t, strikes, 14)
		t.Lanes = append(t.Lanes, l)
		return y, append(told, l.told())
	}
	for _, i := range chosen(s.Trace) {
		c := &s.Trace.Conns[i]
		for _, stream := range []proxy.Stream{proxy.Upstream, proxy.Downstream} {
			l := lane{Y: y, Name: way(s.Role, stream)}
			if len(s.Trace.Conns) > 1 {
				l.Name = fmt.Sprintf("%d: %s", c.N, l.Name)
			}
			if c.datagrams() {
				y = l.datagrams(t, s, c, stream)
			} else {
				y = l.stream(t, s, c, stream)
			}
			t.Lanes = append(t.Lanes, l)
			told = append(told, l.told())
		}
	}
	if more := len(s.Trace.Conns) - drawnConns; more > 0 {
		t.More, t.MoreY = "and "+plural(more, "connection")+" more", y+6
		y += rowHeight + 4
	}
	return y, told
}

// way says who talks to whom.
func way(role string, s proxy.Stream) string {
	if (s == proxy.Upstream) == (role != "server") {
		return "target → peer"
	}
	return "peer → target"
}

// chosen are the connections that are drawn: those that a fault struck before others, in their order.
func chosen(t wireTrace) (index []int) {
	struck := map[int]bool{}
	for _, f := range t.Fired {
		struck[f.Conn] = true
	}
	for _, wanted := range []bool{true, false} {
		for i, c := range t.Conns {
			if struck[c.N] == wanted && len(index) < drawnConns {
				index = append(index, i)
			}
		}
	}
	slices.Sort(index)
	return index
}

func (c *wireConn) datagrams() bool {
	return c.Upstream.DatagramsIn+c.Upstream.DatagramsOut+c.Downstream.DatagramsIn+c.Downstream.DatagramsOut > 0
}

// stream draws one direction of a TCP connection: two curves, whose distance is what the wire holds back or has lost.
func (l *lane) stream(t *timeline, s *sight, c *wireConn, stream proxy.Stream) int {
	f := c.flow(stream)
	l.Amount = fmt.Sprintf("%d read · %d delivered", f.In, f.Out)
	if f.In == f.Out {
		l.Amount = plural(int(f.In), "byte")
	}
	var in, out []step
	silent := t.ended // when there was nothing more to come
	for _, e := range c.Events {
		switch {
		case e.Stream != stream:
		case e.What == "in":
			in = append(in, step{e.At, e.Offset + e.Bytes})
		case e.What == "out":
			out = append(out, step{e.At, e.Offset + e.Bytes})
		case strings.HasPrefix(e.What, "sent_"):
			silent = e.At
		}
	}
	l.Loosely = len(in)+len(out) == 0
	in, out = complete(in, f.FirstIn, f.LastIn, f.In), complete(out, f.FirstOut, f.LastOut, f.Out)
	if l.Loosely && f.End != "" && f.Passed != "" {
		silent = f.EndAt
	}
	most := max(f.In, f.Out)
	l.In, l.Out = t.path(in, most, silent, true, l.Loosely), t.path(out, most, silent, false, l.Loosely)
	resumes := func(kind string, since time.Duration) (time.Duration, bool) {
		switch kind {
		case "stall", "blackhole", "timeout", "accept_delay", "vanish":
			for _, o := range out {
				if o.at > since {
					return o.at, true
				}
			}
			return silent, true
		case "latency", "bandwidth", "slicer", "coalesce", "slice":
			if n := len(out); n > 0 && out[n-1].at > since {
				return out[n-1].at, true
			}
		}
		return 0, false
	}
	flags := l.strikes(t, s.Trace.Fired, c.N, stream, resumes)
	flags = append(flags, ends(t, s.Role, c, stream)...)
	if c.DialError != "" && stream == proxy.Upstream {
		flags = append(flags, flag{At: t.at(c.Accepted), Kind: "note", Label: "no peer: " + shorten(oneLine(c.DialError), 100)})
	}
	return l.close(t, flags, curve)
}

// strikes marks the faults that struck the stream, and how long they lasted where that is known: resumes says until when a fault
// of a kind held since then.
func (l *lane) strikes(t *timeline, fired []proxy.Strike, conn int, stream proxy.Stream, resumes func(kind string, since time.Duration) (time.Duration, bool)) (flags []flag) {
	for _, f := range fired {
		kind := strings.TrimSuffix(strings.TrimSuffix(f.Fault, "_"+string(proxy.Downstream)), "_"+string(proxy.Upstream))
		if f.Conn != conn || stream != "" && f.Stream != stream && kind != "blackhole" {
			continue
		}
		at := t.at(f.At)
		if until, lasts := resumes(kind, f.At); lasts && until > f.At {
			l.Spans = append(l.Spans, band{at, max(t.at(until)-at, 3)})
		}
		if f.Stream != stream && stream != "" {
			continue // it is named in its own direction
		}
		label := kind
		switch {
		case f.Datagram > 0:
			label += fmt.Sprintf(", datagram %d", f.Datagram)
		case conn > 0 && !strings.HasPrefix(kind, "accept_"):
			label += fmt.Sprintf(" at byte %d", f.Offset)
		}
		flags = flagged(flags, kind, flag{At: at, Kind: "fault", Label: oneLine(label)})
	}
	return flags
}

// flagged adds a flag, or says of one like it that it was there again.
func flagged(flags []flag, like string, f flag) []flag {
	i := slices.IndexFunc(flags, func(o flag) bool { return o.like == like })
	if i < 0 {
		f.like = like
		return append(flags, f)
	}
	o := &flags[i]
	o.times++
	if n := len(o.Again); o.At != f.At && (n == 0 || o.Again[n-1] != f.At) {
		o.Again = append(o.Again, f.At)
	}
	return flags
}

// ends marks the FINs and RSTs of the stream. One that passes is one mark; what the wire kept back, or made, says where it was.
func ends(t *timeline, role string, c *wireConn, stream proxy.Stream) (flags []flag) {
	from, to := "target", "peer"
	if way(role, stream) == "peer → target" {
		from, to = to, from
	}
	read, sent := map[string]time.Duration{}, map[string]time.Duration{}
	f := c.flow(stream)
	if len(c.Events) == 0 && f.End != "" {
		read[f.End] = f.EndAt
		if f.Passed == f.End {
			sent[f.End] = f.EndAt
		}
	}
	for _, e := range c.Events {
		if e.Stream != stream {
			continue
		}
		if how, passed := strings.CutPrefix(e.What, "sent_"); passed {
			sent[how] = e.At
		} else if e.What == "fin" || e.What == "rst" {
			read[e.What] = e.At
		}
	}
	for _, how := range []string{"fin", "rst"} {
		r, wasRead := read[how]
		s, wasSent := sent[how]
		name := strings.ToUpper(how)
		switch {
		case wasRead && wasSent && t.at(s)-t.at(r) <= 20:
			flags = append(flags, flag{At: t.at(r), Kind: how, Label: name})
		default:
			if wasRead {
				flags = append(flags, flag{At: t.at(r), Kind: how, Label: name + " from the " + from})
			}
			if wasSent {
				flags = append(flags, flag{At: t.at(s), Kind: how, Label: name + " to the " + to})
			}
		}
	}
	return flags
}

// close sets what lies where in the lane, whose field is so high; it returns where the next begins.
func (l *lane) close(t *timeline, flags []flag, high int) int {
	flags, rows := pack(flags)
	l.FlagsY = l.Y + 15
	for i := range flags {
		flags[i].Y = l.FlagsY + flags[i].Y*rowHeight + 11
	}
	l.Flags = flags
	l.CurveY, l.CurveH = l.FlagsY+rows*rowHeight+3, high
	l.Lower = l.CurveY + high
	return l.Lower + laneGap
}

// told says the lane in words.
func (l *lane) told() string {
	words := l.Name + ": " + l.Amount
	for _, f := range l.Flags {
		words += "; " + f.Label
	}
	return words + "."
}

// A step is how far a stream had come at a time.
type step struct {
	at  time.Duration
	sum int64
}

// complete adds the first and the last byte, which are known even where events are not.
func complete(steps []step, first, last proxy.Moment, sum int64) []step {
	if last == nil || sum == 0 {
		return steps
	}
	if len(steps) == 0 && first != nil {
		steps = append(steps, step{*first, 0})
	}
	if n := len(steps); n == 0 || steps[n-1].sum < sum {
		steps = append(steps, step{*last, sum})
	}
	return steps
}

// path draws the curve, as an area or as a line. It goes on until the stream is over. Between points of which only the ends are
// known it is straight, else each step is upright.
func (t *timeline) path(steps []step, most int64, until time.Duration, area, straight bool) string {
	if len(steps) == 0 || most == 0 {
		return ""
	}
	const base = curve - 1 // the bottom; the top is the faults'
	height := func(sum int64) int {
		return base - int(math.Round(float64(min(max(sum, 0), most))/float64(most)*(base-6)))
	}
	grain := place(1)
	if len(steps) > drawnSteps {
		grain = 1000/drawnSteps + 1
	}
	var b strings.Builder
	x, y := t.at(steps[0].at), base
	fmt.Fprintf(&b, "M%d %d", x, y)
	for i, s := range steps {
		nx, ny := t.at(s.at), height(s.sum)
		if last := i == len(steps)-1; !last && t.at(steps[i+1].at)/grain == nx/grain {
			continue // the next one covers it
		}
		switch {
		case straight:
			fmt.Fprintf(&b, "L%d %d", nx, ny)
		default:
			if nx != x {
				fmt.Fprintf(&b, "H%d", nx)
			}
			if ny != y {
				fmt.Fprintf(&b, "V%d", ny)
			}
		}
		x, y = nx, ny
	}
	if end := t.at(until); end > x {
		fmt.Fprintf(&b, "H%d", end)
	}
	if area {
		fmt.Fprintf(&b, "V%dZ", base)
	}
	return b.String()
}

// datagrams draws one direction of an exchange of datagrams: a mark above for each that came, one below for each that went on,
// and a line between the two. Lines that cross are datagrams that overtook each other; one that goes nowhere was lost.
func (l *lane) datagrams(t *timeline, s *sight, c *wireConn, stream proxy.Stream) int {
	f := c.flow(stream)
	l.Amount = fmt.Sprintf("%d in · %d out", f.DatagramsIn, f.DatagramsOut)
	if f.DatagramsIn == f.DatagramsOut {
		l.Amount = plural(int(f.DatagramsIn), "datagram")
	}
	const top, upper, lower = 3, 11, wayHeight - 11
	came, left := map[int64]place{}, map[int64]bool{}
	var flags []flag
	var b strings.Builder
	for _, e := range c.Events {
		if e.Stream != stream {
			continue
		}
		x := t.at(e.At)
		switch e.What {
		case "in":
			if len(came) < drawnDatagrams {
				came[e.Datagram] = x
				fmt.Fprintf(&b, "M%d %dV%d", x, top, upper)
			}
		case "out":
			left[e.Datagram] = true
			if from, known := came[e.Datagram]; known {
				fmt.Fprintf(&b, "M%d %dL%d %dV%d", from, upper, x, lower, wayHeight-top)
			}
		case "lost", "copied", "held", "flipped", "cut":
			flags = flagged(flags, e.What+e.Fault, flag{At: x, Kind: "fault", Label: oneLine(fmt.Sprintf("%s: datagram %d, by %s", e.What, e.Datagram, e.Fault))})
		}
	}
	if c.Dropped == 0 { // else it is not known of all whether they went on
		for number, x := range came {
			if !left[number] {
				l.Lost = append(l.Lost, x)
			}
		}
		slices.Sort(l.Lost)
		l.Lost = slices.Compact(l.Lost)
	}
	if l.Marks = b.String(); l.Marks == "" {
		l.Loosely = true
		l.Marks = t.lasted(f.FirstIn, f.LastIn, upper) + t.lasted(f.FirstOut, f.LastOut, lower)
	}
	if len(flags) == 0 {
		flags = l.strikes(t, s.Trace.Fired, c.N, stream, func(string, time.Duration) (time.Duration, bool) { return 0, false })
	}
	return l.close(t, flags, wayHeight)
}

// lasted is a line between two moments.
func (t *timeline) lasted(first, last proxy.Moment, height int) string {
	if first == nil || last == nil {
		return ""
	}
	return fmt.Sprintf("M%d %dH%d", t.at(*first), height, max(t.at(*last), t.at(*first)+2))
}
