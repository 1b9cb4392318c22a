package main

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/faultwire/faultwire/proxy"
	"github.com/faultwire/faultwire/suites"
)

// tryFile is the report of a try. Beside it is a folder for each upstream.
const tryFile = "try.json"

// The files of an upstream.
const (
	planFile   = "plan.json" // as it was in force; --plan takes it again
	traceFile  = "trace.jsonl"
	eventsFile = "events.jsonl" // written as it happens
)

// A tryReport is what try.json holds. Variables are not in it: their values are often secret.
type tryReport struct {
	Schema      int              `json:"schema"`
	Tool        string           `json:"tool"`
	Command     []string         `json:"command"`
	Interrupted bool             `json:"interrupted,omitempty"` // nothing has lived to write how it ended
	Exit        int              `json:"exit"`
	Signal      string           `json:"signal,omitempty"`
	TimedOut    bool             `json:"timed_out,omitempty"`
	Began       time.Time        `json:"began,omitzero"`
	Took        time.Duration    `json:"took_ns"`
	Leftover    int              `json:"leftover,omitempty"` // processes that the command left behind
	Unchecked   string           `json:"unchecked,omitempty"`
	Upstreams   []upstreamReport `json:"upstreams"`
	Files       []string         `json:"files"`
}

// An upstreamReport is what was seen of one upstream.
type upstreamReport struct {
	Name        string       `json:"name"`
	Upstream    string       `json:"upstream"`
	Wire        string       `json:"wire"`
	Plan        proxy.Plan   `json:"plan"`
	Connections int          `json:"connections"`
	BytesUp     int64        `json:"bytes_up"`   // delivered to the upstream
	BytesDown   int64        `json:"bytes_down"` // delivered to the command
	NeverFired  []neverFired `json:"never_fired,omitempty"`
	Bypasses    []bypass     `json:"bypasses,omitempty"`
	Unexplained int          `json:"unexplained,omitempty"` // more connections past the wire, perhaps the command's
	Trace       proxy.Trace  `json:"trace"`                 // without events, which are in trace.jsonl
	events      []proxy.ConnTrace
}

// A neverFired is a fault of the plan that did not strike.
type neverFired struct {
	Fault string `json:"fault"`
	Why   string `json:"why"`
}

// newTryReport is the report of a command that has not ended.
func newTryReport(args []string, all upstreams) *tryReport {
	r := &tryReport{Schema: 1, Tool: "faultwire " + suites.Version(), Command: args, Interrupted: true}
	for _, u := range all {
		r.Upstreams = append(r.Upstreams, upstreamReport{Name: u.name, Upstream: u.addr, Wire: u.relay.Addr().String(), Plan: u.plan})
		for _, name := range []string{planFile, traceFile, eventsFile} {
			r.Files = append(r.Files, path.Join(u.name, name))
		}
	}
	return r
}

// complete adds what was seen.
func (r *tryReport) complete(end ending, all upstreams, look *lookout) {
	r.Interrupted, r.Exit, r.Signal, r.TimedOut = false, end.Exit, end.Signal, end.TimedOut
	if end.TimedOut {
		r.Exit = exitTimedOut
	}
	r.Began, r.Took, r.Leftover, r.Unchecked = end.Began, end.Took, end.Leftover, look.notice()
	for i, u := range all {
		t, up := u.relay.Trace(), &r.Upstreams[i]
		up.Connections = len(t.Conns) + t.Forgotten
		for _, c := range t.Conns {
			up.BytesUp, up.BytesDown = up.BytesUp+c.Upstream.Out, up.BytesDown+c.Downstream.Out
		}
		if route := look.of(u); route != nil {
			up.Bypasses, up.Unexplained = route.bypasses, route.unexplained(t)
		}
		for _, f := range u.plan.Faults {
			if why := whyNeverFired(f, u.plan.Seed, t); why != "" {
				up.NeverFired = append(up.NeverFired, neverFired{f.ID(), why})
			}
		}
		up.Trace = t
		up.Trace.Conns, up.events = []proxy.ConnTrace{}, t.Conns
		for _, c := range t.Conns {
			c.Events = nil
			up.Trace.Conns = append(up.Trace.Conns, c)
		}
	}
}

// A tryFolder is where a try's report goes.
type tryFolder struct {
	dir       string
	root      *os.Root
	recording sync.WaitGroup
	stop      chan struct{}
	failed    error // of the first events that could not be written; under mu
	mu        sync.Mutex
}

// claimTry makes the folder and writes a report that says "interrupted" into it. So a folder that cannot be written is found
// before the command runs, and no older report is taken for this one's.
func claimTry(dir string, r *tryReport) (*tryFolder, error) {
	f := &tryFolder{dir: dir, stop: make(chan struct{})}
	if err := f.claim(r); err != nil {
		f.close()
		return nil, f.cannot(err)
	}
	return f, nil
}

func (f *tryFolder) cannot(err error) error {
	return fmt.Errorf("cannot write the report into %q: %w; name another folder with --output", f.dir, err)
}

func (f *tryFolder) claim(r *tryReport) error {
	if err := os.MkdirAll(f.dir, 0o777); err != nil {
		return err
	}
	var err error
	if f.root, err = os.OpenRoot(f.dir); err != nil {
		return err
	}
	if err := f.dropOld(); err != nil {
		return err
	}
	for _, name := range r.Files {
		if _, err := f.root.Lstat(filepath.FromSlash(name)); err == nil {
			return fmt.Errorf("it holds %s of something else than a try", name)
		}
	}
	if err := f.replaceJSON(tryFile, r); err != nil {
		return err
	}
	for _, u := range r.Upstreams {
		if err := f.root.MkdirAll(u.Name, 0o777); err != nil {
			return err
		}
		if err := f.replaceJSON(path.Join(u.Name, planFile), u.Plan); err != nil {
			return err
		}
	}
	return nil
}

var listedFile = regexp.MustCompile(`^[a-z][a-z0-9_-]*/(plan\.json|trace\.jsonl|events\.jsonl)$`)

// dropOld removes what an earlier try in the folder lists as its files, and folders that this leaves empty.
func (f *tryFolder) dropOld() error {
	data, err := f.root.ReadFile(tryFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var old tryReport
	if err := json.Unmarshal(data, &old); err != nil || !strings.HasPrefix(old.Tool, "faultwire ") {
		return fmt.Errorf("its %s is not a try's", tryFile)
	}
	for _, name := range old.Files {
		if !listedFile.MatchString(name) {
			continue // no report of ours lists it
		}
		if err := f.root.Remove(filepath.FromSlash(name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		_ = f.root.Remove(path.Dir(name)) // fails unless it is empty
	}
	return nil
}

// replaceJSON writes the file under a name of its own and renames it: a reader sees the old file or the new, never half.
func (f *tryFolder) replaceJSON(name string, content any) error {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(content); err != nil {
		return err
	}
	return f.replace(name, func(w io.Writer) error {
		_, err := w.Write(b.Bytes())
		return err
	})
}

func (f *tryFolder) replace(name string, write func(io.Writer) error) error {
	target := filepath.FromSlash(name)
	temporary := target + "." + rand.Text()[:8] + ".tmp"
	file, err := f.root.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	out := bufio.NewWriter(file)
	err = errors.Join(write(out), out.Flush(), file.Close())
	if err == nil {
		err = f.root.Rename(temporary, target)
	}
	if err != nil {
		_ = f.root.Remove(temporary)
	}
	return err
}

// record writes the relays' notices as they come, until stopRecording.
func (f *tryFolder) record(all upstreams) {
	for _, u := range all {
		f.recording.Go(func() {
			if err := f.recordOne(u); err != nil {
				f.mu.Lock()
				defer f.mu.Unlock()
				f.failed = errors.Join(f.failed, err)
			}
		})
	}
}

func (f *tryFolder) recordOne(u *upstream) error {
	file, err := f.root.Create(filepath.Join(u.name, eventsFile))
	if err != nil {
		return err
	}
	return errors.Join(f.follow(u.relay, json.NewEncoder(file)), file.Close())
}

func (f *tryFolder) follow(relay *proxy.Relay, out *json.Encoder) error {
	for last, stopped := 0, false; ; {
		notices, more := relay.Notices(last)
		if len(notices) == 0 && stopped {
			return nil
		}
		for _, n := range notices {
			if err := out.Encode(n); err != nil {
				return err
			}
			last = n.Seq
		}
		select {
		case <-more:
		case <-f.stop:
			stopped = true
		}
	}
}

func (f *tryFolder) stopRecording() {
	close(f.stop)
	f.recording.Wait()
}

// write writes what was seen. try.json comes last: until then it says that the command was interrupted.
func (f *tryFolder) write(r *tryReport, all upstreams) error {
	errs := []error{f.failed}
	for _, u := range r.Upstreams {
		errs = append(errs, f.replace(path.Join(u.Name, traceFile), func(w io.Writer) error { return writeEvents(w, u.events) }))
	}
	if err := errors.Join(append(errs, f.replaceJSON(tryFile, r))...); err != nil {
		return f.cannot(err)
	}
	return nil
}

// writeEvents writes the events of connections, a line each, as the cases' evidence has them.
func writeEvents(w io.Writer, conns []proxy.ConnTrace) error {
	encoder := json.NewEncoder(w)
	for _, c := range conns {
		for _, e := range c.Events {
			err := encoder.Encode(struct {
				Conn int `json:"conn"`
				proxy.Event
			}{c.N, e})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

func (f *tryFolder) close() {
	if f.root != nil {
		_ = f.root.Close()
	}
}
