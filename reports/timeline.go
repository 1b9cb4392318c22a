package reports

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/faultwire/faultwire/proxy"
)

// What a timeline has room for. Of more it says how much there was.
const (
	drawnConns     = 4
	drawnDatagrams = 250    // of one direction
	drawnSteps     = 160    // of one curve
	drawnEvents    = 40_000 // of a trace
)

// A sight is what a timeline draws of an observation. Fresh from a run that is a value of suites/cases, read back it is maps: JSON
// is what they have in common.
type sight struct {
	Role     string                   `json:"role"`
	Declared map[string]time.Duration `json:"declared"`
	Outcome  string                   `json:"outcome"`
	Elapsed  time.Duration            `json:"elapsed_ns"`
	Blur     time.Duration            `json:"blur_ns"` // how much longer it may have been
	Calls    []call                   `json:"calls"`
	Trace    wireTrace                `json:"trace"`
	Toward   *sight                   `json:"toward"`
	Behind   *sight                   `json:"behind"`
}

type call struct {
	Outcome string        `json:"outcome"`
	Elapsed time.Duration `json:"elapsed_ns"`
}

// A wireTrace is a [proxy.Trace] but for what is not drawn.
type wireTrace struct {
	Conns     []wireConn     `json:"conns"`
	Fired     []proxy.Strike `json:"fired"`
	FirstSign proxy.Moment   `json:"first_sign"`
}

type wireConn struct {
	N          int             `json:"n"`
	Accepted   time.Duration   `json:"accepted_ns"`
	DialError  string          `json:"dial_error"`
	Upstream   proxy.FlowTrace `json:"upstream"`
	Downstream proxy.FlowTrace `json:"downstream"`
	Events     []proxy.Event   `json:"events"`
	Dropped    int             `json:"dropped"`
}

func (c *wireConn) flow(s proxy.Stream) *proxy.FlowTrace {
	if s == proxy.Upstream {
		return &c.Upstream
	}
	return &c.Downstream
}

// sight reads the observation, and the events of its trace that are kept as evidence. It is nil where there is none.
func (r *Run) sight(res *Result) *sight {
	if res.Observation == nil {
		return nil
	}
	data, err := json.Marshal(res.Observation)
	if err != nil {
		return nil
	}
	var s sight
	if json.Unmarshal(data, &s) != nil {
		return nil
	}
	s.Elapsed, s.Blur = bearable(s.Elapsed), bearable(s.Blur)
	if len(res.evidence(r.Evidence)) > 0 { // what is not kept must not be drawn: read back, the report would be another
		s.Trace.take(res.Attachments[eventsFile])
	}
	return &s
}

// eon is longer than anything lasts.
const eon = 1000 * time.Hour

// bearable is the duration, or the next that can be drawn.
func bearable(d time.Duration) time.Duration { return min(max(d, 0), eon) }

// take puts the events of a trace.jsonl to their connections. Lines that are none are left out.
func (t *wireTrace) take(lines []byte) {
	byNumber := map[int]*wireConn{}
	for i := range t.Conns {
		byNumber[t.Conns[i].N] = &t.Conns[i]
	}
	scanner := bufio.NewScanner(bytes.NewReader(lines))
	for range drawnEvents {
		if !scanner.Scan() {
			return
		}
		var line struct {
			Conn int `json:"conn"`
			proxy.Event
		}
		if json.Unmarshal(scanner.Bytes(), &line) != nil {
			continue
		}
		if c := byNumber[line.Conn]; c != nil && line.What != "" {
			c.Events = append(c.Events, line.Event)
		}
	}
}

// A timeline is what happened on the wire in one pair, as it is drawn. Horizontal places are thousandths of the width, so that it
// can be as wide as there is room while its letters stay as large as they are; vertical ones are pixels.
type timeline struct {
	ID          string // in those of its elements
	Y           int    // in a file
	Title, Desc string
	Caption     string // where there are two
	Height      int
	Top, Bottom int // of the lanes
	Deadlines   []flag
	Outcome     *flag
	Blur        *band // when else the outcome may have been
	Lanes       []lane
	Ticks       []tick
	More        string // what there was no room for
	MoreY       int

	began, ended time.Duration
}

// A lane is one direction of one connection.
type lane struct {
	Y             int
	Name, Amount  string
	CurveY        int // of the field in which the curves are
	CurveH        int
	In, Out       string // paths: what was read from the sender, what was written to the receiver
	Loosely       bool   // only the first and the last byte's times are known
	Marks         string // path: the datagrams
	Lost          []place
	Spans         []band
	Flags         []flag
	FlagsY, Lower int
}

type (
	// A place is how far to the right something is.
	place int
	band  struct{ From, Wide place }
	tick  struct {
		At    place
		Label string
		End   bool // the label stands to its left
	}
	// A flag is a mark with its label.
	flag struct {
		At          place
		Kind, Label string // the kind is a class of the style sheet: fault, fin, rst, note, due, or out
		Y           int
		End         bool
		Again       []place // where else the same happened

		like  string // what happened: of its like there is one flag
		times int    // how often again
	}
)

func (p place) String() string {
	if p%10 == 0 {
		return fmt.Sprintf("%d%%", int(p)/10)
	}
	return fmt.Sprintf("%d.%d%%", int(p)/10, int(p)%10)
}

const (
	rowHeight  = 15 // of labels
	curve      = 34
	wayHeight  = 40 // of a field with datagrams
	nominal    = 320
	letter     = 5.9 // about the width of one, so that labels do not meet in a width of nominal
	flagRows   = 4
	axisHeight = 22
	laneGap    = 12
)

// timelines draws what was seen of the result: nothing if nothing of it was on a wire, two for a peer, which has one each way, with a
// clock each.
func (s *sight) timelines(res *Result) (all []*timeline) {
	if s == nil {
		return nil
	}
	title := oneLine(fmt.Sprintf("Timeline of %s, %s", res.Case.ID, res.Target))
	if t := s.timeline(title); t != nil {
		all = append(all, t)
	}
	asks, asked := "The wire through which it asks", "The wire through which it is asked"
	if s.Toward != nil {
		if t := s.Toward.timeline(title + ", when it is asked"); t != nil {
			all = append(all, t)
		}
	}
	if s.Behind != nil {
		asks, asked = asked, asks
		if t := s.Behind.timeline(title + ", when it asks"); t != nil {
			all = append(all, t)
		}
	}
	if len(all) > 1 {
		all[0].Caption, all[1].Caption = asks, asked
	}
	return all
}

func (s *sight) timeline(title string) *timeline {
	t := &timeline{Title: title}
	if !t.bound(s) {
		return nil
	}
	told := []string{fmt.Sprintf("Time runs from the first sign of the target to %s later.", short(t.ended-t.began))}
	y := t.head(s)
	t.Top = y
	y, told = t.draw(s, y, told)
	t.Bottom = y - laneGap/2
	t.Height = t.Bottom + axisHeight
	t.scale()
	if t.Outcome != nil {
		told = append(told, "Its end: "+t.Outcome.Label+".")
	}
	for _, d := range t.Deadlines {
		told = append(told, "Declared: "+d.Label+".")
	}
	if t.More != "" {
		told = append(told, t.More+".")
	}
	t.Desc = oneLine(strings.Join(told, " "))
	return t
}

// bound sets from when to when the timeline goes; false if there is nothing to draw.
func (t *timeline) bound(s *sight) bool {
	t.began, t.ended = math.MaxInt64, 0
	seen := func(at time.Duration) { t.began, t.ended = min(t.began, bearable(at)), max(t.ended, bearable(at)) }
	for _, f := range s.Trace.Fired {
		seen(f.At)
	}
	for _, c := range s.Trace.Conns {
		seen(c.Accepted)
		for _, e := range c.Events {
			seen(e.At)
		}
		for _, f := range []proxy.FlowTrace{c.Upstream, c.Downstream} {
			for _, m := range []proxy.Moment{f.LastIn, f.LastOut} {
				if m != nil {
					seen(*m)
				}
			}
			if f.End != "" {
				seen(f.EndAt)
			}
		}
	}
	if t.began == math.MaxInt64 {
		return false
	}
	if sign := s.Trace.FirstSign; sign != nil {
		t.began = bearable(*sign) // what came before it was not the target
	}
	if len(s.Calls) < 2 {
		t.ended = max(t.ended, t.began+s.Elapsed)
	}
	for _, d := range s.declared() { // a deadline that is near tells how far there was to go
		if d.after <= 2*(t.ended-t.began) {
			t.ended = max(t.ended, t.began+d.after)
		}
	}
	t.ended = max(t.ended, t.began+time.Microsecond)
	t.ended += (t.ended - t.began) / 50 // so that what comes last is not the edge
	return true
}

// A due is a deadline that the target declares.
type due struct {
	name  string
	after time.Duration
}

// declared are the target's deadlines. In a session each exchange has its own, which begin when nobody saw.
func (s *sight) declared() (all []due) {
	if len(s.Calls) > 1 {
		return nil
	}
	for name, after := range s.Declared {
		if after = bearable(after); after > 0 {
			all = append(all, due{strings.ToLower(name), after})
		}
	}
	slices.SortFunc(all, func(a, b due) int { return cmp.Or(cmp.Compare(a.after, b.after), cmp.Compare(a.name, b.name)) })
	return all
}

func (t *timeline) at(when time.Duration) place {
	when = min(max(when, t.began), t.ended)
	return place(math.Round(1000 * float64(when-t.began) / float64(t.ended-t.began)))
}

// head places the deadlines and the outcome; it returns where the lanes begin.
func (t *timeline) head(s *sight) int {
	var beyond []string
	var flags []flag
	for _, d := range s.declared() {
		label := fmt.Sprintf("%s deadline %s", d.name, short(d.after))
		if t.began+d.after > t.ended {
			beyond = append(beyond, label)
			continue
		}
		if n := len(flags); n > 0 && flags[n-1].At == t.at(t.began+d.after) { // declared alike
			flags[n-1].Label = strings.Replace(flags[n-1].Label, " deadline ", ", "+d.name+" deadline ", 1)
			continue
		}
		flags = append(flags, flag{At: t.at(t.began + d.after), Kind: "due", Label: label})
	}
	if len(beyond) > 0 {
		flags = append(flags, flag{At: 1000, Kind: "due beyond", Label: strings.Join(beyond, ", ") + " →"})
	}
	if s.Outcome != "" {
		out := flag{At: t.at(t.began + s.Elapsed), Kind: "out", Label: s.Outcome + " after " + short(s.Elapsed)}
		if n := len(s.Calls); n > 1 {
			out.At, out.Kind, out.Label = 1000, "out beyond", fmt.Sprintf("%s, the last of %d exchanges", s.Outcome, n)
		}
		if until := t.at(t.began + s.Elapsed + s.Blur); out.At < 1000 && until-out.At > 20 {
			t.Blur = &band{out.At, until - out.At}
			if out.Label += ", at most " + short(s.Elapsed+s.Blur); s.Elapsed == 0 {
				out.Label = s.Outcome + " within " + short(s.Blur)
			}
		}
		flags = append(flags, out)
	}
	flags, rows := pack(flags)
	for _, f := range flags {
		f.Y = f.Y*rowHeight + 11
		if strings.HasPrefix(f.Kind, "out") {
			t.Outcome = &f
		} else {
			t.Deadlines = append(t.Deadlines, f)
		}
	}
	return rows*rowHeight + 8
}

// pack gives the flags rows, in Y, in which their labels do not meet however narrow the picture is, and says how many there are.
// Labels stand on the side where there is more room.
func pack(flags []flag) ([]flag, int) {
	slices.SortStableFunc(flags, func(a, b flag) int { return cmp.Compare(a.At, b.At) })
	var rows [][][2]float64
	kept := flags[:0]
	for _, f := range flags {
		if f.times > 0 {
			f.Label += fmt.Sprintf(", and %d more", f.times)
		}
		f.Label = shortLabel(f.Label)
		x, wide := nominal*float64(f.At)/1000, letter*float64(columns(f.Label))+14
		f.End = x > nominal/2
		from, to := x, x+wide
		if f.End {
			from, to = x-wide, x
		}
		row := slices.IndexFunc(rows, func(taken [][2]float64) bool {
			return !slices.ContainsFunc(taken, func(o [2]float64) bool { return from < o[1] && o[0] < to })
		})
		if row < 0 {
			if len(rows) == flagRows {
				continue
			}
			row = len(rows)
			rows = append(rows, nil)
		}
		rows[row] = append(rows[row], [2]float64{from, to})
		f.Y = row
		kept = append(kept, f)
	}
	return kept, len(rows)
}

// shortLabel keeps a label from growing beyond a narrow picture.
func shortLabel(s string) string {
	const most = 44
	if columns(s) <= most {
		return s
	}
	return string([]rune(s)[:most-1]) + "…"
}

// scale marks round times.
func (t *timeline) scale() {
	span := t.ended - t.began
	step := time.Duration(1)
	for i := 0; span/step > 4; i++ { // 1, 2, 5, 10
		step = [...]time.Duration{2 * step, 5 * step / 2, 2 * step}[i%3]
	}
	for at := time.Duration(0); at <= span; at += step {
		x := t.at(t.began + at)
		t.Ticks = append(t.Ticks, tick{At: x, Label: short(at), End: x > 900})
	}
}

// short writes a duration with three digits.
func short(d time.Duration) string {
	unit, value := "s", d.Seconds()
	switch {
	case d <= 0:
		return "0"
	case d < time.Millisecond:
		unit, value = "µs", value*1e6
	case d < time.Second:
		unit, value = "ms", value*1e3
	}
	places := 2
	switch {
	case value >= 100:
		places = 0
	case value >= 10:
		places = 1
	}
	text := strconv.FormatFloat(value, 'f', places, 64)
	if places > 0 {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	return text + " " + unit
}

// size is about how many bytes it takes.
func (t *timeline) size() int {
	n := 400 + len(t.Title) + len(t.Desc) + 60*len(t.Ticks) + 160*(1+len(t.Deadlines))
	for _, l := range t.Lanes {
		n += 360 + len(l.In) + len(l.Out) + len(l.Marks) + 65*len(l.Spans) + 80*len(l.Lost)
		for _, f := range l.Flags {
			n += 180 + len(f.Label) + 70*len(f.Again)
		}
	}
	return n
}

// Spell is how long the exchange took.
func (c call) Spell() string { return short(c.Elapsed) }

// Deep is how high the lanes are together.
func (t *timeline) Deep() int { return t.Bottom - t.Top }

// AxisY is where the ticks' labels stand.
func (t *timeline) AxisY() int { return t.Bottom + 15 }

// NameY is where the lane's name stands.
func (l lane) NameY() int { return l.Y + 11 }

// Rules is the path of the ticks' lines.
func (t *timeline) Rules() string {
	var b strings.Builder
	for _, tick := range t.Ticks {
		fmt.Fprintf(&b, "M%d 0V9", int(tick.At))
	}
	return b.String()
}
