package main

import (
	"fmt"
	"os"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
	"golang.org/x/sys/unix"

	"github.com/spf13/cobra"
)

// terminal opens a terminal of 100 columns: what is written to user is typed, and what it reads is what is shown.
func terminal(t *testing.T) (program, user *os.File) {
	t.Helper()
	g := NewWithT(t)
	user, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { user.Close() })
	number, err := unix.IoctlGetInt(int(user.Fd()), unix.TIOCGPTN)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(unix.IoctlSetPointerInt(int(user.Fd()), unix.TIOCSPTLCK, 0)).To(Succeed())
	program, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	g.Expect(err).NotTo(HaveOccurred())
	t.Cleanup(func() { program.Close() })
	g.Expect(unix.IoctlSetWinsize(int(program.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: 24, Col: 100})).To(Succeed())
	t.Setenv("CI", "")
	t.Setenv("TERM", "xterm")
	t.Setenv("NO_COLOR", "")
	return program, user
}

// shown gathers what the terminal shows until the program has closed it.
func shown(user *os.File) <-chan string {
	all := make(chan string, 1)
	go func() {
		var text strings.Builder
		buf := make([]byte, 4096)
		for {
			n, err := user.Read(buf)
			text.Write(buf[:n])
			if err != nil { // EIO: the other end is closed
				all <- text.String()
				return
			}
		}
	}()
	return all
}

func TestProgressAtATerminal(t *testing.T) {
	g := NewWithT(t)
	inFolder(t, nil)
	program, user := terminal(t)
	all := shown(user)
	code := run(t.Context(), []string{"run", "--run", "tcp.timeout.drip", "--seed", "7"}, program, program)
	g.Expect(code).To(Equal(0))
	g.Expect(program.Close()).To(Succeed())
	text := <-all
	g.Expect(text).To(MatchRegexp(`\r\d+ of \d+ done, 0 failing, \d+ running, about \d s left`))
	g.Expect(text).To(ContainSubstring("\x1b[32mConformant"))
	for line := range strings.SplitSeq(text, "\r") {
		g.Expect(len([]rune(strings.TrimSpace(line)))).To(BeNumerically("<=", 110), "and the colours")
	}
	before, _, _ := strings.Cut(text, "No target given")
	last := before[strings.LastIndex(strings.TrimRight(before, "\r"), "\r")+1:]
	g.Expect(strings.TrimSpace(strings.ReplaceAll(last, "\x1b[1m", ""))).To(BeEmpty(), "the line is taken away before the summary")
}

func TestInitAsks(t *testing.T) {
	g := NewWithT(t)
	inFolder(t, nil)
	program, user := terminal(t)
	all := shown(user)
	_, err := user.WriteString("server\n\n./server {port}\n600ms\n")
	g.Expect(err).NotTo(HaveOccurred())
	root := &cobra.Command{SilenceErrors: true, SilenceUsage: true}
	root.AddCommand(initCommand())
	root.SetIn(program)
	root.SetOut(program)
	root.SetErr(program)
	root.SetArgs([]string{"init", "--name", "mine"})
	g.Expect(root.Execute()).To(Succeed())
	g.Expect(program.Close()).To(Succeed())
	g.Expect(<-all).To(And(ContainSubstring("Which side is yours: client, server or peer? [client]"), ContainSubstring("[echo]"), ContainSubstring("Wrote faultwire.yaml.")))
	text, err := os.ReadFile("faultwire.yaml")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(string(text)).To(And(ContainSubstring("- name: mine\n  role: server "), ContainSubstring("protocol: echo "), ContainSubstring(`command: [./server, "{port}"]`), ContainSubstring("\n    idle: 600ms ")))
}
