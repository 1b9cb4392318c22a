package suites_test

import (
	"testing"

	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/suites"
	"github.com/faultwire/faultwire/targets/reference"
)

// The reference targets keep every promise in virtual time, too.
func TestVirtualTime(t *testing.T) {
	for _, target := range reference.Targets(1) {
		if target.Protocol == fixtures.UDPProtocol {
			continue
		}
		t.Run(target.Name, func(t *testing.T) { suites.RunVirtual(t, target) })
	}
}
