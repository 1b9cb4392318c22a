package specs

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"github.com/onsi/ginkgo/v2"
	"github.com/onsi/ginkgo/v2/types"

	"github.com/faultwire/faultwire/suites"
	"github.com/faultwire/faultwire/targets"
)

// A plan is the specs of one call of Run or Describe and the engine that runs their pairs. Ginkgo builds its tree and runs
// its specs one at a time, so that nothing here needs a lock.
type plan struct {
	engine *suites.Engine
	ahead  context.Context // of the pairs that run ahead
	cancel context.CancelFunc

	likely []suites.Pair   // those whose specs this run's filters let through
	begun  bool            // they run ahead
	blamed map[string]bool // targets whose failed control has been told
}

func newPlan(o suites.Options) (*plan, error) {
	if o.Replay == nil {
		o.Replay = replay
	}
	e, err := suites.New(o)
	if err != nil {
		return nil, err
	}
	p := &plan{engine: e, blamed: map[string]bool{}}
	p.ahead, p.cancel = context.WithCancel(context.Background())
	return p, nil
}

// close ends what runs ahead and was not asked for, and then the engine.
func (p *plan) close() {
	p.cancel()
	p.engine.Close()
}

// container is a target's part of the tree. A server at an address is one for all processes of -p, so that its specs are not for
// several of them at once.
func container(t *targets.Target, body func()) bool {
	ginkgo.GinkgoHelper()
	if t.Address != "" {
		return ginkgo.Describe(t.Name, ginkgo.Serial, body)
	}
	return ginkgo.Describe(t.Name, body)
}

// grow adds a spec for each of the target's pairs to the container that is being built.
func (p *plan) grow(t *targets.Target) {
	passes := filter()
	for _, pair := range p.engine.Pairs() {
		if pair.Target.Name != t.Name {
			continue
		}
		c := pair.Case
		text := c.ID + " " + c.Title
		labels := labels(c, t)
		if passes(text, labels) {
			p.likely = append(p.likely, pair)
		}
		ginkgo.It(text, labels, types.CodeLocation{FileName: c.File, LineNumber: c.Line}, func(ctx ginkgo.SpecContext) {
			p.judge(ctx, pair)
		})
	}
}

// filter guesses which specs of the container that is being built this run's filters let through. Ginkgo alone decides, later:
// what the guess leaves out runs when its spec does, and what it takes in needlessly is dropped at the end.
//
// A preview (PreviewSpecs) would be exact, but it has to be taken before RunSpecs, which in a suite of the user's own is the
// user's to call, and there is no other way to learn what is selected before it runs.
func filter() func(text string, labels []string) bool {
	config, _ := ginkgo.GinkgoConfiguration()
	label, err1 := types.ParseLabelFilter(config.LabelFilter)
	focus, err2 := regexp.Compile(strings.Join(config.FocusStrings, "|"))
	skip, err3 := regexp.Compile(strings.Join(config.SkipStrings, "|"))
	if err1 != nil || err2 != nil || err3 != nil {
		return func(string, []string) bool { return true } // Ginkgo will say what is wrong with them
	}
	above := ginkgo.CurrentTreeConstructionNodeReport()
	inherited := slices.Concat(above.ContainerHierarchyLabels...)
	path := strings.Join(above.ContainerHierarchyTexts, " ") + " "
	return func(text string, labels []string) bool {
		return label(slices.Concat(inherited, labels)) && focus.MatchString(path+text) &&
			(len(config.SkipStrings) == 0 || !skip.MatchString(path+text))
	}
}

// begin lets the pairs run ahead once the first of their specs runs: before that Ginkgo may not want any of them. With -p
// several processes share the specs and none knows which will be its own.
func (p *plan) begin(first suites.Pair) {
	config, _ := ginkgo.GinkgoConfiguration()
	if p.begun || config.ParallelTotal > 1 {
		return
	}
	p.begun = true
	isFirst := func(other suites.Pair) bool { return other.Name() == first.Name() }
	if !slices.ContainsFunc(p.likely, isFirst) {
		p.likely = p.engine.Pairs() // the guess was wrong: the suite's name or its labels let them through
	}
	p.engine.Begin(p.ahead, p.likely)
}

// closeAfterAll closes the plan when the last of its specs has run or has been passed over: a container within a suite has no
// other end. With -p a process does not see all of them; then nothing runs ahead, and the idle engine ends with the process.
func (p *plan) closeAfterAll() {
	left := len(p.engine.Pairs())
	if left == 0 {
		p.close()
	}
	if config, _ := ginkgo.GinkgoConfiguration(); config.ParallelTotal > 1 {
		return
	}
	ginkgo.ReportAfterEach(func(ginkgo.SpecReport) {
		if left--; left == 0 {
			p.close()
		}
	})
}
