package specs_test

import (
	"context"
	"fmt"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	"github.com/onsi/ginkgo/v2/extensions/globals"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/gleak"

	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/suites/specs"
	"github.com/faultwire/faultwire/targets"
	"github.com/faultwire/faultwire/targets/mutants"
	"github.com/faultwire/faultwire/targets/reference"
)

// inner names the suite that TestInner runs, in a process of its own.
const inner = "SPECS_TEST_INNER"

func TestInner(t *testing.T) {
	name := os.Getenv(inner)
	if name == "" {
		t.Skip("runs only as the child of a spec")
	}
	globals.Reset() // the specs of this package are not for here
	before := gleak.Goroutines()
	t.Cleanup(func() { NewWithT(t).Eventually(gleak.Goroutines).ShouldNot(gleak.HaveLeaked(before), "left behind") })

	client := targets.Target{Role: targets.ClientRole, Protocol: fixtures.EchoProtocol}
	switch name {
	case "verdicts":
		all := mutants.All()
		mutant := all[slices.IndexFunc(all, func(m mutants.Mutant) bool { return m.Name == "client-text-mode" })].Target
		known := mutant
		known.Name = "known"
		known.KnownFailures = map[string]targets.Known{"tcp.reassembly.binary": {Reason: "a text-mode client, we know"}}
		patient := client
		patient.Name, patient.Client, patient.Labels = "patient", reference.Client{Protocol: fixtures.EchoProtocol}, []string{"brought-along"}
		specs.Run(t, "inner verdicts", mutant, known, patient)
	case "blocked":
		silent := client
		silent.Name, silent.Client = "silent", silence{}
		ends := targets.Target{Name: "does-not-start", Role: targets.ServerRole, Protocol: fixtures.EchoProtocol,
			Command: &targets.Command{Args: []string{os.Args[0], "-test.run=^$"}}}
		specs.Run(t, "inner blocked", silent, ends)
	case "describe", "named":
		client.Name, client.Client = "barrier", &barrier{waitFor: 3, open: make(chan struct{})}
		if name == "named" {
			client.Client = reference.Client{Protocol: fixtures.EchoProtocol}
		}
		client.Promises = fixtures.Deadlines{Connect: time.Second, Read: time.Second, Write: time.Second}
		describe(client, specs.Theme("reassembly"), specs.Cases("tcp.disconnect.data-limit"))
		RunSpecs(t, "inner "+name)
	case "early":
		client.Name, client.Client, client.Promises = "eternal", eternal{}, fixtures.Deadlines{Connect: time.Hour, Read: time.Hour, Write: time.Hour}
		describe(client, specs.Theme("reassembly"))
		RunSpecs(t, "inner early")
	case "mistaken":
		describe(targets.Target{Name: "mistaken"})
		RunSpecs(t, "inner mistaken")
	case "misspelt":
		client.Name, client.Client = "sound", reference.Client{Protocol: fixtures.EchoProtocol}
		describe(client, specs.Theme("tmieout"))
		RunSpecs(t, "inner misspelt")
	case "virtual":
		all := mutants.All()
		mutant := all[slices.IndexFunc(all, func(m mutants.Mutant) bool { return m.Name == "client-no-read-deadline" })].Target
		sound := reference.Targets(1)
		specs.VirtualIt(t, mutant, specs.Cases("tcp.timeout.stall-before-reply", "tcp.timeout.drip"))
		specs.VirtualIt(t, sound[0])
		specs.VirtualIt(t, sound[1], specs.Theme("timeout"))
		RunSpecs(t, "inner virtual")
	case "nowhere":
		client.Name, client.Command = "process", &targets.Command{Args: []string{"true"}}
		specs.VirtualIt(t, client)
	case "theme":
		specs.RunTheme(t, "connect")
	}
}

// describe adds the target's specs deep in a tree.
func describe(target targets.Target, options ...specs.Option) {
	Describe("mine", Label("own"), func() {
		Context("nested", func() { specs.Describe(target, options...) })
	})
}

// silence is a client that does nothing and calls it a success.
type silence struct{}

func (silence) Exchange(context.Context, string, targets.Job) targets.Said {
	return targets.Said{Outcome: fixtures.OK}
}

// barrier is a sound client that lets exchanges begin when so many different ones wait, but for the first, the control.
type barrier struct {
	waitFor int
	open    chan struct{}

	mu   sync.Mutex
	came map[string]bool // by what they send, which differs from case to case
}

func (b *barrier) Exchange(ctx context.Context, addr string, job targets.Job) targets.Said {
	b.mu.Lock()
	if b.came == nil {
		b.came = map[string]bool{}
	} else if sends := string(slices.Concat(job.Messages...)); !b.came[sends] {
		b.came[sends] = true
		if len(b.came) == b.waitFor {
			close(b.open)
		}
		if len(b.came) > b.waitFor {
			fmt.Println("one too many")
		}
	}
	first := len(b.came) == 0
	b.mu.Unlock()
	if !first {
		select {
		case <-b.open:
		case <-ctx.Done():
		}
	}
	return reference.Client{Protocol: fixtures.EchoProtocol}.Exchange(ctx, addr, job)
}

// eternal is a client that lies about a message of one byte and never ends an exchange of more than a kilobyte by itself.
type eternal struct{}

func (eternal) Exchange(ctx context.Context, addr string, job targets.Job) targets.Said {
	switch size := len(job.Messages[0]); {
	case size == 1:
		return targets.Said{Outcome: fixtures.OK}
	case size > 1024:
		<-ctx.Done()
	}
	return reference.Client{Protocol: fixtures.EchoProtocol}.Exchange(ctx, addr, job)
}
