package suites_test

import (
	"os"
	"os/exec"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/faultwire/faultwire/suites"
)

func TestRunT(t *testing.T) {
	t.Run("client", func(t *testing.T) { suites.RunT(t, myClient) })
	t.Run("server", func(t *testing.T) { suites.RunT(t, myServer) })
}
