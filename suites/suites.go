// Package suites is the engine and the catalogue: it runs cases against targets, many at once, and turns what was observed
// into verdicts.
//
//	engine, err := suites.New(suites.Options{Targets: mine})
//	run := engine.Run(ctx, nil)
//
// With plain go test use [RunT]; with Ginkgo use package specs.
//
// What no case has thought of a hunt may find: [Engine.Hunt] over real sockets, [Hunt] in virtual time. Both draw schedules of exchanges and
// faults, judge by the five promises, and make what breaks one small. A [Repro] is that, or a failed case, as a file: [Engine.Replaying]
// runs it again, [Engine.Shrink] makes it smaller. Folder corpus keeps such files.
package suites

import (
	"context"
	"fmt"
	"hash/fnv"
	"net"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/proxy"
	"github.com/faultwire/faultwire/proxy/remote"
	"github.com/faultwire/faultwire/reports"
	"github.com/faultwire/faultwire/suites/cases"
	"github.com/faultwire/faultwire/targets"

	// The catalogue: every theme registers its cases.
	_ "github.com/faultwire/faultwire/suites/bandwidth"
	_ "github.com/faultwire/faultwire/suites/connect"
	_ "github.com/faultwire/faultwire/suites/datagram"
	_ "github.com/faultwire/faultwire/suites/disconnect"
	_ "github.com/faultwire/faultwire/suites/httpx"
	_ "github.com/faultwire/faultwire/suites/peer"
	_ "github.com/faultwire/faultwire/suites/reassembly"
	_ "github.com/faultwire/faultwire/suites/timeout"
	_ "github.com/faultwire/faultwire/suites/tlsx"
)

// Options are what a run is made of. Only Targets is needed.
type Options struct {
	Targets  []targets.Target
	Patterns []string // case IDs; * within a segment, ** across; none means the whole catalogue
	Seed     uint64   // of payloads and faults; the same seed gives the same ones
	Scale    float64  // stretches the built-in deadlines, patience and graces, not what a target declares; default 1
	Shard    Shard    // which part of the run; the zero value is all of it
	Quick    bool     // only the most important cases, and those whose exact ID is among the patterns
	Full     bool     // also the cases that move more than 2 MiB or prove that something never blocks
	Strict   bool     // a SHOULD not kept gates too

	// MaxTime bounds a run. What has not begun by then is skipped, as [reports.NotRun]; what has may end. 0 is no bound.
	MaxTime time.Duration

	// Catalogue is the version of the catalogue that gates: cases that are newer only warn. Empty is the latest.
	Catalogue string

	// Toxiproxy is a server whose toxics are the faults, instead of the wire's own. What it cannot do is skipped.
	Toxiproxy *remote.Server

	// Replay makes the line that runs the pair alone, for reports. nil leaves it out.
	Replay func(p Pair, seed uint64) string
}

// An Engine runs the pairs of its options. Close it when done.
type Engine struct {
	options Options
	pairs   []Pair
	benches map[string]*bench // by target name
	pool    *pool
	stand   *stand

	network     proxy.Network         // where everything listens and dials; nil is the kernel's sockets
	credentials *fixtures.Credentials // nil if no target speaks TLS

	enough time.Time // when nothing begins any more; zero is never

	mu      sync.Mutex
	pending map[string]chan reports.Result // pairs begun ahead, by name
	work    sync.WaitGroup
}

// New checks the options and selects the pairs. The error is a [targets.ConfigError], an [UnknownPattern] or an
// [UnknownCatalogue].
func New(o Options) (*Engine, error) { return newEngine(o, nil) }

// newEngine is New on a network that is not the kernel's.
func newEngine(o Options, network proxy.Network) (*Engine, error) {
	if o.Scale == 0 {
		o.Scale = 1
	}
	e := &Engine{options: o, network: network, benches: map[string]*bench{}, pending: map[string]chan reports.Result{}}
	chosen, err := Cases(o.Patterns, o.Full)
	if err != nil {
		return nil, err
	}
	if known := CatalogueVersions(); o.Catalogue != "" && !slices.Contains(known, o.Catalogue) {
		return nil, &UnknownCatalogue{Version: o.Catalogue, Known: known}
	}
	o.Targets = slices.Clone(o.Targets) // they are given credentials
	e.options.Targets = o.Targets
	for i := range o.Targets {
		t := &o.Targets[i]
		if t.TLS && e.credentials == nil {
			credentials := fixtures.NewCredentials
			if network != nil {
				credentials = fixtures.NewEvenCredentials
			}
			if e.credentials, err = credentials(); err != nil {
				return nil, err
			}
		}
		if t.TLS {
			t.Credentials = e.credentials
		}
		if network != nil {
			t.Network = network
		}
		if err := t.Validate(); err != nil {
			return nil, err
		}
		if t.Command != nil {
			if _, err := t.Command.Find(); err != nil {
				return nil, err
			}
		}
		if e.benches[t.Name] != nil {
			return nil, &targets.ConfigError{Key: "name", Msg: fmt.Sprintf("two targets are called %q; give each a name of its own", t.Name)}
		}
		if err := checkKnown(t); err != nil {
			return nil, err
		}
		e.benches[t.Name] = &bench{target: t, toxiproxy: o.Toxiproxy}
		for _, c := range chosen {
			p := Pair{c, t}
			if applies(c, t) && (!o.Quick || c.Quick || slices.Contains(o.Patterns, c.ID)) && o.Shard.holds(p) {
				e.pairs = append(e.pairs, p)
			}
		}
	}
	e.pool = newPool()
	if network == nil { // where time is the kernel's, it has to be watched
		if e.stand, err = newStand(); err != nil {
			return nil, err
		}
	}
	return e, nil
}

// listen is where the reference side listens.
func (e *Engine) listen() (net.Listener, error) {
	if e.network != nil {
		return e.network.Listen("")
	}
	return net.Listen("tcp4", "127.0.0.1:0")
}

// dialer connects to the address, past the wire.
func (e *Engine) dialer(addr string) func(context.Context) (net.Conn, error) {
	if e.network != nil {
		return func(ctx context.Context) (net.Conn, error) { return e.network.Dial(ctx, addr) }
	}
	return dialer(addr)
}

// Close waits for what still runs, pairs begun ahead too, and ends the engine.
func (e *Engine) Close() {
	e.work.Wait()
	if e.stand != nil {
		e.stand.close()
	}
	if e.credentials != nil {
		_ = e.credentials.Remove()
	}
}

// Pairs are the selected pairs: by target, then in the catalogue's order.
func (e *Engine) Pairs() []Pair { return e.pairs }

// Run runs every pair and returns what was found. each, if not nil, is told every result as it comes, one at a time. When
// ctx is done, cases in flight stop and the run says that it was interrupted.
func (e *Engine) Run(ctx context.Context, each func(reports.Result)) *reports.Run {
	run := &reports.Run{
		Schema: reports.SchemaVersion, Tool: "faultwire " + Version(), Catalogue: cases.Version,
		Strict: e.options.Strict, Shard: e.options.Shard.String(), Seed: e.options.Seed, Scale: e.options.Scale, Started: time.Now(), Host: host(),
		Revision: Revision(), AsOf: e.options.Catalogue,
	}
	if e.options.MaxTime > 0 {
		e.enough = run.Started.Add(e.options.MaxTime)
	}
	known := map[string]reports.Program{}
	for i := range e.options.Targets { // before they run: what is hashed is what is tested
		b := e.benches[e.options.Targets[i].Name]
		b.programs = programs(b.target.Command, known)
	}
	var telling sync.Mutex
	results := make([]reports.Result, len(e.pairs))
	var all sync.WaitGroup
	for i, p := range e.pairs {
		all.Go(func() {
			results[i] = e.Result(ctx, p)
			if each != nil && ctx.Err() == nil {
				telling.Lock()
				defer telling.Unlock()
				each(results[i])
			}
		})
	}
	all.Wait()
	run.Interrupted = ctx.Err() != nil
	run.Results = results
	for _, r := range results {
		run.Waits += r.Waits
	}
	for i := range e.options.Targets {
		run.Targets = append(run.Targets, e.benches[e.options.Targets[i].Name].report())
	}
	run.Took = time.Since(run.Started)
	return run
}

// Begin starts the pairs ahead of [Engine.Result], which then waits for them.
func (e *Engine) Begin(ctx context.Context, pairs []Pair) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, p := range pairs {
		ch := make(chan reports.Result, 1)
		e.pending[p.Name()] = ch
		e.work.Go(func() { ch <- e.judged(ctx, p) })
	}
}

// Result runs the pair, or waits for it if it was begun ahead, and returns the verdict.
func (e *Engine) Result(ctx context.Context, p Pair) reports.Result {
	e.mu.Lock()
	ch, begun := e.pending[p.Name()]
	delete(e.pending, p.Name())
	e.mu.Unlock()
	if begun {
		return <-ch
	}
	return e.judged(ctx, p)
}

// judged runs the pair and puts the verdict together.
func (e *Engine) judged(ctx context.Context, p Pair) reports.Result {
	began := time.Now()
	return e.complete(e.verdict(ctx, p), p, began)
}

// complete adds to a verdict what it is about.
func (e *Engine) complete(r reports.Result, p Pair, began time.Time) reports.Result {
	r.Target, r.Case, r.Took = p.Target.Name, describe(p, e.options.Scale), time.Since(began)
	r.Replay = e.replay(p)
	return r
}

func (e *Engine) replay(p Pair) string {
	if e.options.Replay == nil {
		return ""
	}
	return e.options.Replay(p, e.options.Seed)
}

// seedOf is the pair's seed: different payloads for different cases, the same for every target.
func (e *Engine) seedOf(c cases.Case) uint64 {
	h := fnv.New64a()
	h.Write([]byte(c.ID))
	return e.options.Seed ^ h.Sum64()
}

// patience is how long the reference side waits for a target that promises nothing: 3 s × scale.
func patience(scale float64) time.Duration { return time.Duration(scale * float64(3*time.Second)) }

// defaults stand in for deadlines that a target does not declare, where a case places its faults by them.
var defaults = fixtures.Deadlines{
	Connect: 300 * time.Millisecond, Read: 300 * time.Millisecond, Write: 300 * time.Millisecond,
	Total: 900 * time.Millisecond, Idle: 600 * time.Millisecond,
}

const module = "github.com/faultwire/faultwire"

// Version is the tool's version: the module's, if it was built as one.
func Version() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		if info.Main.Path == module && info.Main.Version != "" {
			return info.Main.Version
		}
		for _, m := range info.Deps {
			if m.Path == module {
				return m.Version
			}
		}
	}
	return "(devel)"
}

func host() reports.Host {
	name, _ := os.Hostname()
	return reports.Host{Name: name, OS: runtime.GOOS, Arch: runtime.GOARCH, Kernel: kernel(), CPUs: runtime.NumCPU(), Go: runtime.Version()}
}
