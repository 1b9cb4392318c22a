package datagram_test

import (
	"testing"

	_ "github.com/onsi/ginkgo/v2" // by this the ginkgo command knows a suite

	"github.com/faultwire/faultwire/suites/specs"
)

func TestDatagram(t *testing.T) { specs.RunTheme(t, "udp") }
