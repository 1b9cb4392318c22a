package node_test

import (
	"os/exec"
	"testing"

	"github.com/faultwire/faultwire/targets/examples/internal/sound"
)

func node(t *testing.T, program string) sound.Program {
	t.Helper()
	path, err := exec.LookPath("node")
	if err != nil {
		t.Skip("node is not installed")
	}
	return func(host, port string, flags ...string) []string {
		return append([]string{path, program, host, port}, flags...)
	}
}

func TestClient(t *testing.T) { sound.Clients(t, node(t, "client.mjs")) }
func TestServer(t *testing.T) { sound.Servers(t, node(t, "server.mjs")) }
