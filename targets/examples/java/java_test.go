package java_test

import (
	"os/exec"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/faultwire/faultwire/targets/examples/internal/sound"
)

// compile compiles a program of this folder: "java Server.java" would do that anew at each start.
func compile(t *testing.T, program string) sound.Program {
	t.Helper()
	java, err := exec.LookPath("java")
	if err != nil {
		t.Skip("java is not installed")
	}
	javac, err := exec.LookPath("javac")
	if err != nil {
		t.Skip("javac is not installed")
	}
	classes := t.TempDir()
	out, err := exec.Command(javac, "-d", classes, program+".java").CombinedOutput()
	NewWithT(t).Expect(err).NotTo(HaveOccurred(), string(out))
	return func(host, port string, flags ...string) []string {
		return append([]string{java, "-cp", classes, program, host, port}, flags...)
	}
}

func TestClient(t *testing.T) { sound.Clients(t, compile(t, "Client")) }
func TestServer(t *testing.T) { sound.Servers(t, compile(t, "Server")) }
