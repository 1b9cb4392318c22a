package targets

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

const (
	termGrace  = 2 * time.Second // from SIGTERM to SIGKILL
	drainLimit = time.Second     // for output held open by a process that could not be found
)

// A program is one run of a command: a process group, what it prints, and how it ends. All of its processes end with the
// first; and the first ends with the harness, on Linux, even if that is killed. See [KillAll] for the others.
type program struct {
	cmd    *exec.Cmd
	mark   string
	begun  time.Time
	stdout *capture
	stderr *capture
	pipes  sync.WaitGroup
	ours   []*os.File // our ends of the pipes

	mu     sync.Mutex // held to signal and to reap, so that no signal goes to a number that has become another's
	reaped bool
	asked  atomic.Bool // the harness told it to end

	done   chan struct{} // closed when all has ended and report is complete
	report *Process
}

// ours begins the marks of all that this process starts.
var ours = rand.Text()

// KillAll kills all the programs that this process has started, with all of theirs, as far as the system lets them be found: on Linux.
// It is for a harness that is about to leave without ending them in order.
func KillAll() {
	for _, pid := range processes() {
		killMarked(pid, ours)
	}
}

// streams are what a program is given and where its output goes. Without stdin it reads an empty file.
type streams struct {
	stdin  []byte
	piped  bool // stdin is a pipe with those bytes, then closed
	stdout *capture
	watch  *lineWatch // of readiness; may be nil

	session *processSession // talks to the program; may be nil
}

// start runs the command. Its error names the program and what to do.
func (c *Command) start(v values, s streams) (*program, error) {
	mark := ours + rand.Text()
	cmd, err := c.cmd(v, mark)
	if err != nil {
		return nil, err
	}
	p := &program{cmd: cmd, mark: mark, stdout: s.stdout, stderr: newLog(), done: make(chan struct{})}
	if err := p.connect(s); err != nil {
		return nil, fmt.Errorf("pipes for %s: %w", c.Args[0], err)
	}
	started := make(chan error)
	go p.own(started)
	if err := <-started; err != nil {
		return nil, cannotStart(cmd.Path, err)
	}
	return p, nil
}

func newLog() *capture { return &capture{head: LogLimit / 2, tail: LogLimit / 2} }

// cannotStart tells what the configuration can mend from what the machine lacks.
func cannotStart(path string, err error) error {
	advice := ""
	switch {
	case errors.Is(err, syscall.ENOEXEC):
		advice = "a script needs a first line such as #!/usr/bin/env python3, or its interpreter before it"
	case errors.Is(err, syscall.ENOENT): // the program itself has been found
		advice = "the interpreter that its first line names does not exist"
	case errors.Is(err, syscall.EACCES):
		advice = "its interpreter or its folder may not be used"
	default:
		return fmt.Errorf("cannot start %s: %w", path, err)
	}
	return &ConfigError{Key: "command", Msg: fmt.Sprintf("cannot start %s: %v; %s", path, err, advice), Err: err}
}

// connect makes the pipes. They are ours, not exec.Cmd's, so that the end of the process is seen when it happens, and not when
// the last of its descendants has closed the output.
func (p *program) connect(s streams) error {
	var o opener
	outR, outW := o.pipe()
	errR, errW := o.pipe()
	var inR, inW *os.File
	if s.piped || s.session != nil {
		inR, inW = o.pipe()
	}
	if o.err != nil {
		o.close()
		return o.err
	}
	p.cmd.Stdout, p.cmd.Stderr = outW, errW
	outputs := []io.Writer{p.stdout}
	if s.session != nil {
		outputs = append(outputs, s.session.replies)
	}
	if s.watch != nil {
		outputs = append(outputs, s.watch.stream())
	}
	p.read(outR, outputs...)
	outputs = []io.Writer{p.stderr}
	if s.watch != nil {
		outputs = append(outputs, s.watch.stream())
	}
	p.read(errR, outputs...)
	switch {
	case s.session != nil:
		p.cmd.Stdin, s.session.stdin = inR, inW
	case s.piped:
		p.cmd.Stdin = inR
		p.ours = append(p.ours, inW)
		p.pipes.Go(func() {
			inW.Write(s.stdin) // fails if the program does not want it all: its own affair
			inW.Close()
		})
	}
	return nil
}

// An opener opens pipes until the first error, which it keeps.
type opener struct {
	files []*os.File
	err   error
}

func (o *opener) pipe() (r, w *os.File) {
	if o.err != nil {
		return nil, nil
	}
	if r, w, o.err = os.Pipe(); o.err == nil {
		o.files = append(o.files, r, w)
	}
	return r, w
}

func (o *opener) close() {
	for _, f := range o.files {
		f.Close()
	}
}

func (p *program) read(r *os.File, to ...io.Writer) {
	p.ours = append(p.ours, r)
	p.pipes.Go(func() {
		io.Copy(io.MultiWriter(to...), r)
		r.Close()
	})
}

// own starts the process and stays with it to its end. It keeps its thread, since the kernel ends the process
// (PR_SET_PDEATHSIG) with the thread that started it, not with the harness.
func (p *program) own(started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	p.cmd.SysProcAttr = processAttributes()
	p.begun = time.Now()
	err := p.cmd.Start()
	for _, theirs := range []any{p.cmd.Stdin, p.cmd.Stdout, p.cmd.Stderr} {
		if f, ok := theirs.(*os.File); ok {
			f.Close()
		}
	}
	if err != nil {
		p.drain()
		started <- err
		return
	}
	started <- nil
	awaitEnd(p.cmd)
	ended, unasked := time.Now(), !p.asked.Load()
	leftover := p.sweep()
	p.mu.Lock()
	p.cmd.Wait() // its error is the exit status, which the report has
	p.reaped = true
	p.mu.Unlock()
	p.drain()
	p.report = p.describe()
	p.report.Took, p.report.Ended, p.report.Unasked, p.report.Leftover = ended.Sub(p.begun), ended, unasked, leftover
	close(p.done)
}

// sweep ends what the process left behind, and counts it. What was told to end is given the time to.
func (p *program) sweep() (leftover int) {
	pid := p.cmd.Process.Pid
	left := descendants(pid, p.mark)
	limit := time.Now()
	if p.asked.Load() {
		limit = limit.Add(termGrace)
	}
	for len(left) > 0 && time.Now().Before(limit) {
		time.Sleep(pollEvery)
		left = descendants(pid, p.mark)
	}
	leftover = len(left)
	killGroup(pid)
	for limit := time.Now().Add(termGrace); len(left) > 0 && time.Now().Before(limit); {
		for _, pid := range left {
			killMarked(pid, p.mark)
		}
		killGroup(pid)
		time.Sleep(pollEvery)
		left = descendants(pid, p.mark)
	}
	return leftover
}

// pollEvery is the pause between two looks at what the system announces to nobody.
const pollEvery = time.Millisecond

// drain waits until all output has been read. Who still holds the pipes has escaped and is not waited for.
func (p *program) drain() {
	limit := time.Now().Add(drainLimit)
	for _, f := range p.ours {
		f.SetDeadline(limit) // an error means that it is closed already
	}
	p.pipes.Wait()
}

// describe is what the system and the pipes say of a program that has ended.
func (p *program) describe() *Process {
	state := p.cmd.ProcessState
	r := &Process{
		Args:   p.cmd.Args,
		Exit:   state.ExitCode(),
		Signal: signalOf(state, p.asked.Load()),
		CPU:    state.UserTime() + state.SystemTime(),
		MaxRSS: maxRSS(state),
	}
	var lost int64
	r.Stdout, r.Lost = p.stdout.kept()
	r.Stderr, lost = p.stderr.kept()
	r.Lost += lost
	return r
}

// stop ends the program by SIGTERM to its group, and after two seconds by SIGKILL.
func (p *program) stop() *Process {
	p.signal(terminateGroup)
	select {
	case <-p.done:
		return p.report
	case <-time.After(termGrace):
		report := p.kill()
		report.Forced = true
		return report
	}
}

// kill ends the program at once.
func (p *program) kill() *Process {
	p.signal(killGroup)
	<-p.done
	return p.report
}

func (p *program) signal(send func(pid int)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.reaped {
		p.asked.Store(true)
		send(p.cmd.Process.Pid)
	}
}

// nudge sends the program a signal that means nothing each time that it is told to, until stop is called.
func (p *program) nudge(now <-chan struct{}) (stop func()) {
	if now == nil {
		return func() {}
	}
	quit := make(chan struct{})
	var nudging sync.WaitGroup
	nudging.Go(func() {
		for {
			select {
			case <-now:
			case <-p.done:
				return
			case <-quit:
				return
			}
			p.mu.Lock()
			if !p.reaped {
				nudgeProcess(p.cmd.Process.Pid)
			}
			p.mu.Unlock()
		}
	})
	return func() {
		close(quit)
		nudging.Wait()
	}
}
