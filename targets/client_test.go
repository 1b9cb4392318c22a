//go:build unix

package targets

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/gleak"

	"github.com/faultwire/faultwire/fixtures"
)

// nowhere is an address for programs that do not connect.
const nowhere = "127.0.0.1:9"

func jobOf(bodies ...string) Job {
	job := Job{Promises: fixtures.Deadlines{Read: 500 * time.Millisecond}}
	for _, body := range bodies {
		job.Messages = append(job.Messages, []byte(body))
	}
	return job
}

// noLeaks fails the test if goroutines outlive it.
func noLeaks(t *testing.T) {
	t.Helper()
	before := gleak.Goroutines()
	t.Cleanup(func() {
		NewWithT(t).Eventually(gleak.Goroutines).WithTimeout(10 * time.Second).ShouldNot(gleak.HaveLeaked(before))
	})
}

func TestClientCommandPlaysAnExchange(t *testing.T) {
	noLeaks(t)
	g := NewWithT(t)
	for _, body := range []string{"", "hello, wire!\n", strings.Repeat("0123456789abcdef", 1<<16)} {
		said := clientOf(this("echo-client")).Exchange(soon(t), echoServer(t), jobOf(body))
		g.Expect(said.Err).NotTo(HaveOccurred())
		g.Expect(said.Outcome).To(Equal(fixtures.OK), said.Detail)
		g.Expect(said.Received).To(HaveLen(len(body)))
		g.Expect(string(said.Received)).To(Equal(body))
		g.Expect(said.Process.Unasked).To(BeTrue())
		g.Expect(said.Process.CPU).To(BeNumerically(">", 0))
		g.Expect(said.Process.MaxRSS).To(BeNumerically(">", 1<<20))
		g.Expect(said.Process.Ended).To(BeTemporally("<=", time.Now()))
	}
}

func TestClientCommandIsToldOfItsJob(t *testing.T) {
	g := NewWithT(t)
	t.Setenv("FAULTWIRE_PAYLOAD", "inherited")
	t.Setenv("FAULTWIRE_OTHER", "inherited")
	c := this("show", "{host}|{port}|{addr}|{url}|{size}|{timeout_ms}", `{"json": [1]} {{host}} {}`)
	c.Env["MY_SERVER"] = "at {addr}"
	said := clientOf(c).Exchange(soon(t), "127.0.0.1:1234", jobOf("13 characters"))
	lines := strings.Split(string(said.Received), "\n")
	g.Expect(lines[:2]).To(Equal([]string{"127.0.0.1|1234|127.0.0.1:1234|tcp://127.0.0.1:1234|13|500", `{"json": [1]} {host} {}`}))
	g.Expect(lines[2:]).To(ConsistOf("FAULTWIRE_ADDR=127.0.0.1:1234", "FAULTWIRE_HOST=127.0.0.1", "FAULTWIRE_PORT=1234",
		"FAULTWIRE_URL=tcp://127.0.0.1:1234", "FAULTWIRE_SIZE=13", "FAULTWIRE_TIMEOUT_MS=500",
		HavePrefix("FAULTWIRE_PAYLOAD=/")))
}

func TestClientCommandFindsThePayloadInAFileThatIsRemoved(t *testing.T) {
	g := NewWithT(t)
	said := clientOf(this("cat-payload", "{payload}")).Exchange(soon(t), nowhere, jobOf("from the file"))
	g.Expect(string(said.Received)).To(Equal("from the file"))
	file := said.Process.Args[1]
	g.Expect(file).NotTo(BeAnExistingFile())
	g.Expect(filepath.Dir(file)).NotTo(BeADirectory())
}

func TestClientCommandSpeaksByItsExitCode(t *testing.T) {
	for code, want := range map[int]fixtures.Outcome{
		0: fixtures.OK, 10: fixtures.Timeout, 11: fixtures.Reset, 12: fixtures.Closed, 13: fixtures.Refused,
		14: fixtures.Corrupt, 15: fixtures.Malformed, 89: fixtures.Unsupported, 1: fixtures.Other, 255: fixtures.Other,
	} {
		t.Run(strconv.Itoa(code), func(t *testing.T) {
			g := NewWithT(t)
			said := clientOf(this("exit", strconv.Itoa(code), "so it was")).Exchange(soon(t), nowhere, jobOf("x"))
			g.Expect(said.Outcome).To(Equal(want))
			g.Expect(said.Process.Exit).To(Equal(code))
			if code != 0 {
				g.Expect(said.Detail).To(Equal("exit code " + strconv.Itoa(code) + ": so it was"))
			}
		})
	}
}

func TestClientCommandThatASignalEndsHasCrashed(t *testing.T) {
	g := NewWithT(t)
	said := clientOf(this("abort")).Exchange(soon(t), nowhere, jobOf("x"))
	g.Expect(said.Outcome).To(Equal(fixtures.Crash))
	g.Expect(said.Process.Signal).To(Equal("SIGKILL"))
	g.Expect(said.Process.Exit).To(Equal(-1))
	g.Expect(said.Detail).To(HavePrefix("signal SIGKILL"))
}

func TestClientCommandThatDoesNotEndIsKilled(t *testing.T) {
	noLeaks(t)
	g := NewWithT(t)
	ctx, cancel := context.WithCancel(t.Context())
	l := must(net.Listen("tcp", "127.0.0.1:0"))
	defer l.Close()
	go func() { // the guard ends it once it is seen on the wire
		c := must(l.Accept())
		cancel()
		io.Copy(io.Discard, c)
		c.Close()
	}()
	said := clientOf(this("echo-client")).Exchange(ctx, l.Addr().String(), jobOf("x"))
	g.Expect(said.Outcome).To(Equal(fixtures.Hang))
	g.Expect(said.Process.Unasked).To(BeFalse())
	g.Expect(said.Process.Signal).To(BeEmpty(), "it was ours")
}

func TestClientCommandIsNotHeldUpByItsStreams(t *testing.T) {
	noLeaks(t)
	g := NewWithT(t)
	big := strings.Repeat("x", 8<<20)
	said := clientOf(this("close-stdin")).Exchange(soon(t), nowhere, jobOf(big))
	g.Expect(said.Outcome).To(Equal(fixtures.OK), said.Detail)
	g.Expect(string(said.Received)).To(Equal("closed"))

	said = clientOf(this("shout")).Exchange(soon(t), nowhere, jobOf(big))
	g.Expect(said.Outcome).To(Equal(fixtures.OK), said.Detail)
	g.Expect(said.Received).To(HaveLen(OutputLimit))
	g.Expect(len(said.Process.Stderr)).To(BeNumerically("~", LogLimit, 100))
	g.Expect(bytes.HasSuffix(said.Process.Stderr, []byte("e"+"the end\n"))).To(BeTrue())
	g.Expect(said.Process.Lost).To(BeEquivalentTo(2<<20 + len("the end\n") - LogLimit))
}

func TestClientCommandWithoutOutput(t *testing.T) {
	g := NewWithT(t)
	c := this("show", "done")
	c.NoOutput = true
	said := clientOf(c).Exchange(soon(t), nowhere, jobOf("x"))
	g.Expect(said.NoOutput).To(BeTrue())
	g.Expect(said.Received).To(BeEmpty())
	g.Expect(said.Process.Stdout).To(ContainSubstring("done"))
}

func TestClientCommandSendsOneMessage(t *testing.T) {
	g := NewWithT(t)
	said := clientOf(this("echo-client")).Exchange(soon(t), nowhere, jobOf("x", "y"))
	g.Expect(said.Outcome).To(Equal(fixtures.Unsupported))
}

func TestClientCommandThatCannotBeRunSaysWhatToDo(t *testing.T) {
	dir := t.TempDir()
	plain, broken, script := filepath.Join(dir, "plain"), filepath.Join(dir, "broken"), filepath.Join(dir, "script")
	if err := errors.Join(os.WriteFile(plain, nil, 0o600), os.WriteFile(broken, []byte("\x00\x01"), 0o700),
		os.WriteFile(script, []byte("#!/no/such/interpreter\n"), 0o700)); err != nil {
		t.Fatal(err)
	}
	for name, x := range map[string]struct {
		command Command
		cause   error
		says    []string
	}{
		"not in PATH":   {Command{Args: []string{"no-such-program"}}, exec.ErrNotFound, []string{`"no-such-program"`, "PATH", "install"}},
		"no such file":  {Command{Args: []string{"./none"}, Dir: dir}, fs.ErrNotExist, []string{filepath.Join(dir, "none"), "build it"}},
		"not for us":    {Command{Args: []string{plain}}, fs.ErrPermission, []string{"chmod +x " + plain}},
		"no executable": {Command{Args: []string{broken}}, nil, []string{broken, "#!/usr/bin/env"}},
		"a bad script":  {Command{Args: []string{script}}, fs.ErrNotExist, []string{script, "interpreter"}},
		"a folder":      {Command{Args: []string{dir}}, nil, []string{dir, "directory"}},
		"no folder":     {Command{Args: []string{"sh"}, Dir: filepath.Join(dir, "none")}, nil, []string{"cwd", filepath.Join(dir, "none")}},
		"nothing":       {Command{}, nil, []string{"empty"}},
	} {
		t.Run(name, func(t *testing.T) {
			noLeaks(t)
			g := NewWithT(t)
			said := clientOf(&x.command).Exchange(soon(t), nowhere, jobOf("x"))
			var mistake *ConfigError
			g.Expect(errors.As(said.Err, &mistake)).To(BeTrue(), "%v", said.Err)
			for _, word := range x.says {
				g.Expect(said.Err.Error()).To(ContainSubstring(word))
			}
			if x.cause != nil {
				g.Expect(said.Err).To(MatchError(x.cause))
			}
		})
	}
}

// clientFunc is a client in this process.
type clientFunc func(ctx context.Context) Said

func (f clientFunc) Exchange(ctx context.Context, _ string, _ Job) Said { return f(ctx) }

func TestClientInProcess(t *testing.T) {
	release := make(chan struct{})
	defer close(release)
	for name, x := range map[string]struct {
		client  clientFunc
		outcome fixtures.Outcome
		detail  string
	}{
		"says its own": {func(context.Context) Said { return Said{Outcome: fixtures.Reset, Detail: "so"} }, fixtures.Reset, "so"},
		"panics":       {func(context.Context) Said { panic("at the disco") }, fixtures.Crash, "at the disco\ngoroutine"},
		"obeys the guard": {func(ctx context.Context) Said { <-ctx.Done(); return Said{Outcome: fixtures.Timeout, Detail: "late"} },
			fixtures.Hang, "it then said timeout: late"},
		"ignores the guard": {func(context.Context) Said { <-release; return Said{} }, fixtures.Hang, "abandoned"},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			defer cancel()
			target := &Target{Name: "mine", Role: ClientRole, Client: x.client}
			said := target.Exchange(ctx, nowhere, jobOf("x"))
			g.Expect(said.Outcome).To(Equal(x.outcome))
			g.Expect(said.Detail).To(ContainSubstring(x.detail))
			g.Expect(said.Process).To(BeNil())
		})
	}
}
