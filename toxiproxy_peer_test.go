//go:build unix

package main

import (
	"bytes"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	client "github.com/Shopify/toxiproxy/v2/client"
	. "github.com/onsi/gomega"

	"github.com/faultwire/faultwire/reports"
)

// toxiproxyPeer is stock Toxiproxy's own server, in a process group of its own; make peers builds it and runs these tests.
type toxiproxyPeer struct {
	url  string
	ends func() // at once
}

func startToxiproxyPeer(t *testing.T) toxiproxyPeer {
	t.Helper()
	program := os.Getenv("FAULTWIRE_TOXIPROXY_SERVER")
	if program == "" {
		t.Skip("FAULTWIRE_TOXIPROXY_SERVER is not set to the path of a toxiproxy-server; see make peers")
	}
	g := NewWithT(t)
	free, err := net.Listen("tcp4", "127.0.0.1:0")
	g.Expect(err).NotTo(HaveOccurred())
	host, port, _ := net.SplitHostPort(free.Addr().String())
	_ = free.Close()
	server := exec.Command(program, "-host", host, "-port", port)
	server.Stdout, server.Stderr = io.Discard, io.Discard
	server.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	g.Expect(server.Start()).To(Succeed())
	peer := toxiproxyPeer{url: "http://" + net.JoinHostPort(host, port), ends: func() {
		_ = syscall.Kill(-server.Process.Pid, syscall.SIGKILL)
	}}
	t.Cleanup(func() {
		peer.ends()
		_ = server.Wait()
	})
	g.Eventually(client.NewClient(peer.url).Version).WithTimeout(10 * time.Second).ShouldNot(BeEmpty())
	return peer
}

// built is the command as its users have it.
func built(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "faultwire")
	out, err := exec.Command("go", "build", "-o", path, ".").CombinedOutput()
	NewWithT(t).Expect(err).NotTo(HaveOccurred(), string(out))
	return path
}

func TestPeerToxiproxyServerCarriesTheCases(t *testing.T) {
	peer := startToxiproxyPeer(t)
	g := NewWithT(t)
	command := exec.Command(built(t), "run", "--toxiproxy", peer.url)
	command.Dir = t.TempDir()
	out, err := command.CombinedOutput()
	g.Expect(err).NotTo(HaveOccurred(), string(out))
	report, err := reports.ReadJSON(filepath.Join(command.Dir, reports.DefaultFolder, "results.json"))
	g.Expect(err).NotTo(HaveOccurred())
	count := report.Count("")
	t.Logf("%d pairs: %v", len(report.Results), count)
	g.Expect(count[reports.Pass]).To(BeNumerically(">=", 90), string(out))
	g.Expect(count[reports.Pass]+count[reports.Skip]).To(Equal(len(report.Results)), string(out))
	g.Expect(client.NewClient(peer.url).Proxies()).To(BeEmpty(), "nothing is left behind")
}

func TestPeerToxiproxyServerThatEndsIsNobodysFailure(t *testing.T) {
	peer := startToxiproxyPeer(t)
	g := NewWithT(t)
	command, out := start(t, built(t), "run", "--toxiproxy", peer.url)
	untilProxiesAre(t, peer)
	peer.ends()
	err := command.Wait()
	g.Expect(command.ProcessState.ExitCode()).To(Equal(reports.ExitError), "%v\n%s", err, out)
	report, err := reports.ReadJSON(filepath.Join(command.Dir, reports.DefaultFolder, "results.json"))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(report.Count("")[reports.Fail]).To(BeZero(), out.String())
}

func TestPeerToxiproxyServerIsLeftCleanByAnInterrupt(t *testing.T) {
	peer := startToxiproxyPeer(t)
	g := NewWithT(t)
	command, out := start(t, built(t), "run", "--toxiproxy", peer.url)
	untilProxiesAre(t, peer)
	g.Expect(command.Process.Signal(syscall.SIGINT)).To(Succeed())
	_ = command.Wait()
	g.Expect(command.ProcessState.ExitCode()).To(Equal(reports.ExitInterrupted), out)
	g.Expect(client.NewClient(peer.url).Proxies()).To(BeEmpty())
}

func start(t *testing.T, program string, args ...string) (*exec.Cmd, *bytes.Buffer) {
	t.Helper()
	command, out := exec.Command(program, args...), new(bytes.Buffer)
	command.Dir, command.Stdout, command.Stderr = t.TempDir(), out, out
	NewWithT(t).Expect(command.Start()).To(Succeed())
	t.Cleanup(func() { _ = command.Process.Kill() })
	return command, out
}

// untilProxiesAre waits until cases run: several proxies at once, where the first check makes one.
func untilProxiesAre(t *testing.T, peer toxiproxyPeer) {
	t.Helper()
	proxies := func() (int, error) {
		all, err := client.NewClient(peer.url).Proxies()
		return len(all), err
	}
	NewWithT(t).Eventually(proxies).WithTimeout(10 * time.Second).WithPolling(time.Millisecond).Should(BeNumerically(">", 1))
}
