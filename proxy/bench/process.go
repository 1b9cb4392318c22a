package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// A process is a proxy's.
type process struct {
	cmd *exec.Cmd
	in  io.Writer
	out *bufio.Reader
}

// start runs a program until end is called or ctx is done, at the latest until this process ends.
func start(ctx context.Context, program string, args ...string) (*process, error) {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Stderr = os.Stderr
	cmd.WaitDelay = time.Second
	contain(cmd)
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	return &process{cmd, in, bufio.NewReader(out)}, nil
}

func (p *process) end() {
	_ = p.cmd.Cancel()
	_ = p.cmd.Wait() // it was killed
}

func (p *process) pid() int { return p.cmd.Process.Pid }

// line is the next line of the process's output.
func (p *process) line() (string, error) {
	s, err := p.out.ReadString('\n')
	return strings.TrimSpace(s), err
}

// goroutines asks a role of this program.
func (p *process) goroutines() (float64, error) {
	if _, err := fmt.Fprintln(p.in); err != nil {
		return 0, err
	}
	s, err := p.line()
	if err != nil {
		return 0, err
	}
	return strconv.ParseFloat(s, 64)
}
