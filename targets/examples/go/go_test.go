package examples_test

import (
	"os/exec"
	"path/filepath"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/faultwire/faultwire/targets/examples/internal/sound"
)

// build compiles a program of this folder. Flags stand before host and port: Go's flag package wants them first.
func build(t *testing.T, program string) sound.Program {
	t.Helper()
	path := filepath.Join(t.TempDir(), program+".exe") // the ending is for Windows, and harmless elsewhere
	out, err := exec.Command("go", "build", "-o", path, "./"+program).CombinedOutput()
	NewWithT(t).Expect(err).NotTo(HaveOccurred(), string(out))
	return func(host, port string, flags ...string) []string {
		return append(append([]string{path}, flags...), host, port)
	}
}

func TestClient(t *testing.T) { sound.Clients(t, build(t, "client")) }
func TestServer(t *testing.T) { sound.Servers(t, build(t, "server")) }
