package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"hash"
	"io"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/faultwire/faultwire/reports"
	"github.com/faultwire/faultwire/targets"
)

// huntTimeout is how long a hunted command may take, if nothing else is said.
const huntTimeout = 30 * time.Second

// tryAgreement is how often what was found is tried again.
const tryAgreement = 5

// A tryHunt runs a command again and again, and judges it by what it did without a fault.
type tryHunt struct {
	trial   *trial
	program string
	args    []string
	wires   upstreams

	plain  outcome
	stable bool // without a fault it prints the same each time
}

// An outcome is what a run came to.
type outcome struct {
	report  *tryReport
	printed [sha256.Size]byte
	bytes   int64
	stderr  string // the last of it
}

// A tryFind is what a command got wrong, and the plan it takes.
type tryFind struct {
	plan                    tryPlan
	promise, expected, seen string
	outcome                 outcome
	shown                   int // of tryAgreement
}

// same reports whether the other is the same failure.
func (f *tryFind) same(other *tryFind) bool {
	return other != nil && other.promise == f.promise && other.outcome.report.Exit == f.outcome.report.Exit
}

func (t *trial) huntWith(c *cobra.Command, program string, args []string, wires upstreams) error {
	h := &tryHunt{trial: t, program: program, args: args, wires: wires}
	defer survivePipes()()
	out := c.OutOrStdout()
	err := h.calibrate(c.Context())
	switch {
	case c.Context().Err() != nil:
		return &ended{reports.ExitInterrupted, nil}
	case err != nil:
		return err
	case h.plain.report.Exit != 0:
		fmt.Fprintf(out, "%sWithout any fault %s: make that work first.\n", h.plain.tail(), h.plain.report.howItWent())
		return &ended{reports.ExitNonconformant, nil}
	}
	plans := standardPlans(h.plain.report, t.timeout, func(total int64) int64 { return total / 2 })
	if len(plans) == 0 {
		fmt.Fprintln(out, "Nothing came through the wire: make the command go there, see --env and the placeholders.")
		return &ended{reports.ExitNoVerdict, nil}
	}
	if !t.seeded {
		t.seed = uint64(rand.Uint32())
	}
	rng := rand.New(rand.NewPCG(t.seed, 0))
	for range t.schedules {
		plans = append(plans, drawnPlan(rng, h.plain.report, t.timeout))
	}

	line := newLiveLine(c.ErrOrStderr(), false)
	tried, now := 0, "" // under the line's mu
	line.tell = func() string { return fmt.Sprintf("plan %d of %d: %s", tried, len(plans), now) }
	line.say(fmt.Sprintf("Hunting %s: %s, seed %d, each bounded by %v", targets.JoinCommand(args), count(len(plans), "plan"), t.seed, t.timeout))
	if !h.stable {
		line.say("note: it does not print the same each time: whether what it prints is right cannot be judged")
	}
	line.begin()
	found, unsteady, err := h.try(c.Context(), plans, func(name string) {
		line.mu.Lock()
		defer line.mu.Unlock()
		tried, now = tried+1, name
	})
	line.end()
	if found == nil && unsteady != nil && err == nil {
		found, err = h.shownAgain(c.Context(), unsteady)
	}
	switch {
	case c.Context().Err() != nil:
		return &ended{reports.ExitInterrupted, nil}
	case err != nil:
		return err
	case found == nil:
		fmt.Fprintf(out, "It copes with %s.\n", count(len(plans), "plan"))
		return nil
	}
	h.tell(out, found)
	return &ended{reports.ExitNonconformant, nil}
}

// calibrate runs the command twice without a fault.
func (h *tryHunt) calibrate(ctx context.Context) (err error) {
	if h.plain, err = h.once(ctx, tryPlan{}); err != nil || h.plain.report.Exit != 0 {
		return err
	}
	again, err := h.once(ctx, tryPlan{})
	if err != nil {
		return err
	}
	h.stable = again.report.Exit == 0 && again.printed == h.plain.printed
	if again.report.Exit != 0 {
		h.plain = again
	}
	return nil
}

// once runs the command with the plan. What it prints is looked at, and not shown.
func (h *tryHunt) once(ctx context.Context, plan tryPlan) (outcome, error) {
	wires := make(upstreams, len(h.wires))
	for i, u := range h.wires {
		wires[i] = &upstream{name: u.name, addr: u.addr, plan: u.plan}
		wires[i].plan.Seed = h.trial.seed
		if faults := plan.faults[u.name]; faults != nil {
			wires[i].plan.Faults = faults
		}
	}
	printed := &digest{sum: sha256.New()}
	var stderr lastWords
	report, unwritten, err := h.trial.once(ctx, h.program, h.args, wires, streams{bytes.NewReader(nil), printed, &stderr})
	if err != nil {
		return outcome{}, err
	}
	if unwritten != nil {
		return outcome{}, &ended{reports.ExitError, unwritten}
	}
	return outcome{report: report, printed: [sha256.Size]byte(printed.sum.Sum(nil)), bytes: printed.bytes, stderr: string(stderr)}, nil
}

// try tries one plan after the other until one shows something each time. What shows again, but not each time, is the unsteady one.
func (h *tryHunt) try(ctx context.Context, plans []tryPlan, told func(string)) (found, unsteady *tryFind, err error) {
	for _, plan := range plans {
		told(plan.name)
		f, err := h.judged(ctx, plan)
		if err != nil || ctx.Err() != nil {
			return nil, unsteady, err
		}
		if f == nil {
			continue
		}
		if f, err = h.recur(ctx, h.fewer(ctx, f)); err != nil || ctx.Err() != nil {
			return nil, unsteady, err
		}
		switch {
		case f.shown == tryAgreement:
			return f, unsteady, nil
		case f.shown > 0 && unsteady == nil:
			unsteady = f
		}
	}
	return nil, unsteady, nil
}

// judged runs the command with the plan and says what it got wrong; nil if nothing.
func (h *tryHunt) judged(ctx context.Context, plan tryPlan) (*tryFind, error) {
	o, err := h.once(ctx, plan)
	if err != nil {
		return nil, err
	}
	f := h.judge(plan, o)
	return f, nil
}

// recur tries the find again, and counts how often it shows. The report that is kept is one that shows it, if there is any.
func (h *tryHunt) recur(ctx context.Context, f *tryFind) (*tryFind, error) {
	shown := 0
	for range tryAgreement {
		again, err := h.judged(ctx, f.plan)
		if err != nil || ctx.Err() != nil {
			return f, err
		}
		if f.same(again) {
			shown++
			f = again
		}
	}
	f.shown = shown
	return f, nil
}

// shownAgain tries what showed before other plans were tried, until it shows once more, or a few times: what is kept is of the last run.
func (h *tryHunt) shownAgain(ctx context.Context, f *tryFind) (*tryFind, error) {
	for range tryAgreement {
		again, err := h.judged(ctx, f.plan)
		if err != nil || ctx.Err() != nil {
			return nil, err
		}
		if f.same(again) {
			again.shown = f.shown
			return again, nil
		}
	}
	return f, nil
}

// fewer leaves out what of a plan the find does not take.
func (h *tryHunt) fewer(ctx context.Context, f *tryFind) *tryFind {
	for name, faults := range f.plan.faults {
		for i := 0; i < len(faults) && f.plan.count() > 1; {
			less := f.plan.without(name, i)
			again, err := h.judged(ctx, less)
			if err != nil || ctx.Err() != nil {
				return f
			}
			if f.same(again) {
				f, faults = again, less.faults[name]
			} else {
				i++
			}
		}
	}
	return f
}

// crashes are exit codes by which a shell says that a program died of a signal that programs die of: SIGILL, SIGABRT, SIGBUS, SIGFPE,
// SIGSEGV, SIGPIPE.
var crashes = []int{132, 134, 135, 136, 139, 141}

// storm is how many connections are more than trying again: so many times those without a fault, and some more.
func storm(plain int) int { return 10*plain + 50 }

// judge says what was wrong with a run; nil if nothing.
func (h *tryHunt) judge(plan tryPlan, o outcome) *tryFind {
	r, plain := o.report, h.plain.report
	found := func(promise, expected, seen string) *tryFind {
		return &tryFind{plan: plan, promise: promise, expected: expected, seen: seen, outcome: o}
	}
	switch {
	case r.TimedOut:
		return found("never hang",
			fmt.Sprintf("an end by itself, within %v; without a fault it takes %s", h.trial.timeout, seconds(plain.Took)), r.howItWent())
	case r.Signal != "" || slices.Contains(crashes, r.Exit):
		return found("say what happened", "an exit of its own", r.howItWent())
	case r.Leftover > plain.Leftover:
		return found("recover and contain", "nothing left behind", r.howItWent())
	case r.Exit == 0 && h.stable && o.printed != h.plain.printed:
		return found("never lie", fmt.Sprintf("success only with the output that it has without a fault, %s", count(h.plain.bytes, "byte")),
			fmt.Sprintf("exit 0, and another output, %s", count(o.bytes, "byte")))
	case r.Exit != 0 && plan.gentle:
		return found("reassemble", "exit 0, as without a fault: nothing was lost, only late or in pieces", r.howItWent())
	}
	for i, u := range r.Upstreams {
		if most := storm(plain.Upstreams[i].Connections); u.Connections > most {
			return found("recover and contain", fmt.Sprintf("a bounded number of attempts, such as %d", most),
				fmt.Sprintf("%s to %s", count(u.Connections, "connection"), u.Name))
		}
	}
	return nil
}

// tell says what was found.
func (h *tryHunt) tell(out io.Writer, f *tryFind) {
	fmt.Fprintf(out, "%s\n  promise   %s\n  expected  %s\n  seen      %s\n", f.plan.name, f.promise, f.expected, f.seen)
	for _, name := range f.plan.upstreams() {
		for _, fault := range f.plan.faults[name] {
			fmt.Fprintf(out, "  fault     %s: %s\n", name, fault)
		}
	}
	fmt.Fprint(out, f.outcome.tail())
	steady := "steady: it showed"
	if f.shown < tryAgreement {
		steady = "unsteady: it showed"
	}
	fmt.Fprintf(out, "\n  %s %s when it was tried again\n  kept in   %s, as the last of these runs has it\n  again     %s\n", steady,
		reports.Share(f.shown, tryAgreement), filepath.Join(h.trial.output, tryFile), h.line(f))
}

// line is what runs the command with the find's plan.
func (h *tryHunt) line(f *tryFind) string {
	line := []string{"faultwire", "try", "--timeout", h.trial.timeout.String(), "--output", h.trial.output + "-again"}
	for _, u := range h.trial.upstreams {
		line = append(line, "--upstream", u)
	}
	for _, e := range h.trial.env {
		line = append(line, "--env", e)
	}
	for _, name := range f.plan.upstreams() {
		line = append(line, "--plan", name+"="+filepath.Join(h.trial.output, name, planFile))
	}
	return targets.JoinCommand(append(append(line, "--"), h.args...))
}

// tail is the last lines of stderr, to be shown.
func (o outcome) tail() string {
	const most = 3
	var b strings.Builder
	lines := strings.Split(strings.TrimSpace(o.stderr), "\n")
	for _, line := range lines[max(0, len(lines)-most):] {
		if line = strings.Map(printable, line); line != "" {
			fmt.Fprintf(&b, "  stderr    %s\n", line)
		}
	}
	return b.String()
}

// printable leaves out what a terminal would obey.
func printable(r rune) rune {
	if r < ' ' || r == 0x7f {
		return -1
	}
	return r
}

// A digest is what was printed, without its bytes.
type digest struct {
	sum   hash.Hash
	bytes int64
}

func (d *digest) Write(b []byte) (int, error) {
	d.bytes += int64(len(b))
	return d.sum.Write(b)
}

// lastWords are the last of what was written.
type lastWords []byte

func (l *lastWords) Write(b []byte) (int, error) {
	const most = 4096
	*l = append(*l, b...)
	if extra := len(*l) - most; extra > 0 {
		*l = slices.Clone((*l)[extra:])
	}
	return len(b), nil
}
