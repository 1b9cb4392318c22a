package suites_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/faultwire/faultwire/suites"
)

// hosts names the file that stands for /etc/hosts in a process that has been started for it.
const hosts = "FAULTWIRE_TEST_HOSTS"

// TestMain sees to a localhost of two addresses, for the cases that are about one: where the machine has none, and lets us, the tests run
// in a mount namespace in which it has.
func TestMain(m *testing.M) {
	if file := os.Getenv(hosts); file != "" {
		os.Unsetenv(hosts)
		if err := syscall.Mount(file, "/etc/hosts", "", syscall.MS_BIND, ""); err != nil {
			fmt.Println("localhost stays as it is:", err)
		}
		os.Exit(m.Run())
	}
	if suites.TwoAddresses(context.Background()) == nil || os.Getuid() != 0 {
		os.Exit(m.Run())
	}
	os.Exit(inNamespace())
}

// inNamespace runs the tests once more, where localhost has two addresses, and returns their exit code.
func inNamespace() int {
	dir, err := os.MkdirTemp("", "faultwire-hosts-")
	if err == nil {
		defer os.RemoveAll(dir)
		known, _ := os.ReadFile("/etc/hosts")
		err = os.WriteFile(filepath.Join(dir, "hosts"), append(known, "\n127.0.0.1 localhost\n::1 localhost\n"...), 0o644)
	}
	if err != nil {
		fmt.Println(err)
		return 1
	}
	again := exec.Command(os.Args[0], os.Args[1:]...)
	again.Env = append(os.Environ(), hosts+"="+filepath.Join(dir, "hosts"))
	again.Stdin, again.Stdout, again.Stderr = os.Stdin, os.Stdout, os.Stderr
	again.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS, Pdeathsig: syscall.SIGKILL}
	if err := again.Run(); err != nil && again.ProcessState == nil {
		fmt.Println(err)
		return 1
	}
	return again.ProcessState.ExitCode()
}
