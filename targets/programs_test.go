//go:build unix

package targets

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/faultwire/faultwire/fixtures"
)

// The test binary is also the programs under test: with this variable it is the one named.
const programVariable = "TARGETS_TEST_PROGRAM"

func TestMain(m *testing.M) {
	if name := os.Getenv(programVariable); name != "" {
		programs[name](os.Args[1:])
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// this is a command that runs one of the programs.
func this(name string, args ...string) *Command {
	self, err := os.Executable()
	if err != nil {
		panic(err)
	}
	return &Command{Args: append([]string{self}, args...), Env: map[string]string{
		programVariable: name,
		"GORACE":        "atexit_sleep_ms=0", // else every end takes a second
	}}
}

func clientOf(c *Command) *Target {
	return &Target{Name: "client", Role: ClientRole, Protocol: fixtures.EchoProtocol, Command: c}
}

func serverOf(c *Command) *Target {
	return &Target{Name: "server", Role: ServerRole, Protocol: fixtures.EchoProtocol, Command: c}
}

var programs = map[string]func(args []string){
	// Clients.
	"echo-client": func([]string) {
		body := must(io.ReadAll(os.Stdin))
		c := must(net.Dial("tcp", os.Getenv("FAULTWIRE_ADDR")))
		must(c.Write(body))
		reply := make([]byte, len(body))
		must(io.ReadFull(c, reply))
		os.Stdout.Write(reply)
	},
	"cat-payload": func(args []string) { os.Stdout.Write(must(os.ReadFile(args[0]))) },
	"show":        func(args []string) { fmt.Print(strings.Join(append(args, ourEnvironment()...), "\n")) },
	"exit": func(args []string) {
		fmt.Fprintln(os.Stderr, strings.Join(args[1:], " "))
		os.Exit(must(strconv.Atoi(args[0])))
	},
	"abort": func([]string) { syscall.Kill(os.Getpid(), syscall.SIGKILL); select {} },
	"sleep": func([]string) { time.Sleep(time.Hour) },
	"close-stdin": func([]string) {
		os.Stdin.Close()
		fmt.Print("closed")
	},
	"shout": func([]string) { // much more than is kept, on both streams
		os.Stdout.Write(bytes.Repeat([]byte{'o'}, OutputLimit+1<<20))
		os.Stderr.Write(bytes.Repeat([]byte{'e'}, 1<<20))
		fmt.Fprintln(os.Stderr, "the end")
	},
	// leave starts another "sleep" that holds stdout, prints its number and ends; "away" lets it leave group and session.
	"leave": func(args []string) {
		fmt.Print(spawn("stubborn", len(args) > 0))
	},
	"stubborn": func([]string) {
		signal.Ignore(syscall.SIGTERM)
		time.Sleep(time.Hour)
	},

	// Servers.
	"server":    func([]string) { serve(must(net.Listen("tcp", os.Getenv("FAULTWIRE_ADDR")))) },
	"wildcard":  func([]string) { serve(must(net.Listen("tcp", ":"+os.Getenv("FAULTWIRE_PORT")))) },
	"elsewhere": func([]string) { serve(must(net.Listen("tcp", "127.0.0.1:0"))) },
	"stubborn-server": func([]string) {
		signal.Ignore(syscall.SIGTERM)
		serve(must(net.Listen("tcp", os.Getenv("FAULTWIRE_ADDR"))))
	},
	"polite-server": func([]string) {
		end := make(chan os.Signal, 1)
		signal.Notify(end, syscall.SIGTERM)
		go serve(must(net.Listen("tcp", os.Getenv("FAULTWIRE_ADDR"))))
		<-end
		fmt.Fprintln(os.Stderr, "told to end")
	},
	"child-server": func([]string) { // its child listens; it waits
		spawn("server", false)
		time.Sleep(time.Hour)
	},
	"daemon": func([]string) { spawn("orphan", true) },
	"orphan": func([]string) { // listens when the program that has started it is gone
		io.Copy(io.Discard, os.Stdin)
		serve(must(net.Listen("tcp", os.Getenv("FAULTWIRE_ADDR"))))
	},
	"accept-once": func([]string) { // echoes to its first connection and ends
		l := must(net.Listen("tcp", os.Getenv("FAULTWIRE_ADDR")))
		c := must(l.Accept())
		io.Copy(c, c)
		os.Exit(7)
	},
	"announce": func([]string) {
		l := must(net.Listen("tcp", os.Getenv("FAULTWIRE_ADDR")))
		fmt.Print("here we ")
		fmt.Println("go")
		serve(l)
	},
	"harness": func([]string) { // starts a server, says where, and stays
		fmt.Println(must(serverOf(this("server")).Start(context.Background())).Addr)
		time.Sleep(time.Hour)
	},
	"session": sessionProgram,
	"stay":    func([]string) { fmt.Fprintln(os.Stderr, "I do nothing"); time.Sleep(time.Hour) },
}

func serve(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			defer c.Close()
			io.Copy(c, c)
		}()
	}
}

// spawn starts another of the programs with our streams.
func spawn(name string, away bool) (pid int) {
	cmd := exec.Command(must(os.Executable()))
	cmd.Env = append(os.Environ(), programVariable+"="+name)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: away}
	must(cmd.StdinPipe()) // ends with this process
	if err := cmd.Start(); err != nil {
		panic(err)
	}
	return cmd.Process.Pid
}

func ourEnvironment() (ours []string) {
	for _, pair := range os.Environ() {
		if strings.HasPrefix(pair, envPrefix) && !strings.HasPrefix(pair, marker) {
			ours = append(ours, pair)
		}
	}
	return ours
}

// echoServer is a sound echo server of the test's own.
func echoServer(t *testing.T) (addr string) {
	t.Helper()
	l := must(net.Listen("tcp", "127.0.0.1:0"))
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		serve(l)
	}()
	t.Cleanup(func() {
		l.Close()
		<-ended
	})
	return l.Addr().String()
}

// soon is a context for what should end by itself; it only keeps a broken test from hanging.
func soon(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
