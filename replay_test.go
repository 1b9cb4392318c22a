package main

import (
	"testing"

	. "github.com/onsi/gomega"
	"github.com/spf13/cobra"

	"github.com/faultwire/faultwire/suites"
	"github.com/faultwire/faultwire/suites/cases"
	"github.com/faultwire/faultwire/targets"
)

func TestTheReplayLineGivesTheSameTargetAgain(t *testing.T) {
	pair := suites.Pair{Case: cases.Case{ID: "tcp.timeout.stall-mid-message[at=1]"}, Target: &targets.Target{Name: "client"}}
	for _, c := range []struct {
		args, line string
		several    bool
	}{
		{"--client 'python3 client.py {host} {port}' --read-timeout 500ms",
			"faultwire run --client 'python3 client.py {host} {port}' --read-timeout 500ms --run 'tcp.timeout.stall-mid-message[at=1]' --seed 9", false},
		{`--client "sh -c 'exec \"$X\"'" --no-output --classify curl`,
			`faultwire run --client 'sh -c '\''exec "$X"'\''' --classify curl --no-output --run 'tcp.timeout.stall-mid-message[at=1]' --seed 9`, false},
		{"--config 'my targets.yaml' --target client --target other --run x --run y --full --time-scale 1.5 --strict --output out",
			"faultwire run --config 'my targets.yaml' --target client --run 'tcp.timeout.stall-mid-message[at=1]' --seed 9 --time-scale 1.5 --strict", true},
		{"", "faultwire run --target client --run 'tcp.timeout.stall-mid-message[at=1]' --seed 9", true},
	} {
		g := NewWithT(t)
		args, err := targets.SplitCommand("x " + c.args)
		g.Expect(err).NotTo(HaveOccurred())
		line := replayOf(t, args[1:], c.several)(pair, 9)
		g.Expect(line).To(Equal(c.line))

		again, err := targets.SplitCommand(line)
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(replayOf(t, again[2:], c.several)(pair, 9)).To(Equal(line), "a replay's replay is itself")
	}
}

func TestTheControlIsReplayedByAnyRun(t *testing.T) {
	pair := suites.Pair{Case: cases.Case{ID: "control"}, Target: &targets.Target{Name: "client"}}
	NewWithT(t).Expect(replayOf(t, []string{"--client", "./c"}, false)(pair, 1)).To(Equal("faultwire run --client ./c --seed 1"))
}

func replayOf(t *testing.T, args []string, several bool) func(suites.Pair, uint64) string {
	t.Helper()
	var o options
	c := &cobra.Command{}
	o.bind(c)
	NewWithT(t).Expect(c.ParseFlags(args)).To(Succeed())
	return o.replay(several)
}
