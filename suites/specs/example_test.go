package specs_test

import (
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"

	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/suites/specs"
	"github.com/faultwire/faultwire/targets"
	"github.com/faultwire/faultwire/targets/reference"
)

// A client in this process; the example of suites.RunT shows how one is written.
var myClient = targets.Target{
	Name: "my-client", Role: targets.ClientRole, Protocol: fixtures.EchoProtocol,
	Client:   reference.Client{Protocol: fixtures.EchoProtocol},
	Promises: fixtures.Deadlines{Connect: 300 * time.Millisecond, Read: 300 * time.Millisecond},
}

var myServer = targets.Target{
	Name: "my-server", Role: targets.ServerRole, Protocol: fixtures.EchoProtocol,
	Server: reference.Server{Protocol: fixtures.EchoProtocol, Idle: time.Second},
	Labels: []string{"slow"},
}

// In a Ginkgo suite of your own, beside your other specs.
func ExampleDescribe() {
	_ = Describe("my client", func() {
		It("says hello", func() {})
		specs.Describe(myClient, specs.Theme("timeout"), specs.Cases("tcp.reassembly.*"))
	})
}

// In a test package that has nothing else.
func ExampleRun() {
	testConformance := func(t *testing.T) { specs.Run(t, "conformance", myClient, myServer) }

	_ = testConformance
}

// In virtual time, in a test function of its own.
func ExampleVirtualIt() {
	testInNoTime := func(t *testing.T) {
		specs.VirtualIt(t, myClient, specs.Theme("timeout"))
		RunSpecs(t, "client")
	}

	_ = testInNoTime
}
