package targets

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/faultwire/faultwire/fixtures"
)

// A request is what a session's process is asked, one line of JSON on its stdin.
type request struct {
	Version int    `json:"v"`
	ID      int    `json:"id"`
	Kind    string `json:"kind"`             // the protocol, or push; of another kind it says that it is unsupported
	Method  string `json:"method,omitempty"` // of http
	URL     string `json:"url,omitempty"`    // of http
	Size    int    `json:"size"`             // of the payload, in bytes
	Payload string `json:"payload"`
	Fresh   bool   `json:"fresh"` // not on a connection of an earlier exchange
	Timeout int64  `json:"timeout_ms,omitempty"`
}

// A reply is what it answers, one line of JSON on its stdout.
type reply struct {
	ID      *int    `json:"id"`
	Outcome string  `json:"outcome"`
	Bytes   *int64  `json:"bytes"`
	SHA256  *string `json:"sha256"` // of what was received, in hexadecimal; also of a part
	Detail  string  `json:"detail"`
}

const (
	requestVersion = 1
	unknownKind    = "preflight" // no protocol is called so
	pushKind       = "push"      // to send the message in the session's protocol, and await no reply
	linesKept      = 16          // replies that nobody has asked for, until they are dropped
	closeGrace     = time.Second // from the end of stdin to SIGKILL
)

// A processSession is a session in a process of its own.
type processSession struct {
	target    *Target
	p         *program
	stdin     *os.File
	replies   *lineQueue
	dir       string
	asked     int
	addr      string
	elsewhere []string
	end       func() *Process
}

// openProcess starts the command and asks it for something that it cannot know, to see that it is up, and that it says so. own is
// where a peer is to listen.
func (t *Target) openProcess(ctx context.Context, addr, own string, patience time.Duration) (*processSession, error) {
	v, err := t.addrValues(addr, "")
	if err != nil {
		return nil, err
	}
	if own != "" {
		if v["listen_host"], v["listen_port"], err = net.SplitHostPort(own); err != nil {
			return nil, err
		}
		v["listen_addr"] = own
	}
	dir, err := os.MkdirTemp("", "faultwire-") // 0700: the payloads are nobody else's
	if err != nil {
		return nil, fmt.Errorf("a folder for the payloads: %w", err)
	}
	v.timeout(t.Promises)
	s := &processSession{target: t, dir: dir, addr: addr, replies: newLineQueue()}
	s.p, err = t.Command.start(v, streams{session: s, stdout: newLog()})
	if err != nil {
		os.RemoveAll(dir)
		return nil, err
	}
	s.end = sync.OnceValue(func() *Process {
		defer os.RemoveAll(dir)
		s.stdin.Close()
		select {
		case <-s.p.done:
		case <-time.After(closeGrace):
		}
		report := s.p.stop()
		report.Elsewhere = s.elsewhere
		return report
	})
	patient, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var mistake string
	switch r, err := s.ask(patient, request{Kind: unknownKind}); {
	case err != nil:
		mistake = err.Error()
	case r.Outcome != string(fixtures.Unsupported):
		mistake = fmt.Sprintf("said %q to a request of a kind that does not exist; a session says \"unsupported\" to what it does not know", r.Outcome)
	default:
		return s, nil
	}
	return nil, &StartError{Target: t.Name, Err: errors.New(mistake), Process: s.End()}
}

func (s *processSession) End() *Process { return s.end() }

func (s *processSession) Exchange(ctx context.Context, job Job) (said Said) {
	if len(job.Messages) != 1 {
		return Said{Outcome: fixtures.Unsupported, Detail: "one exchange of a session sends one message"}
	}
	body := job.payload()
	file := ""
	if job.Method == "" || job.Method == http.MethodPost { // what carries nothing has no file
		file = filepath.Join(s.dir, fmt.Sprintf("payload-%d", s.asked))
		if err := os.WriteFile(file, body, 0o600); err != nil {
			return Said{Err: err}
		}
	}
	if job.Lookout {
		stop := s.p.lookout(s.addr)
		defer func() { s.elsewhere = stop() }()
	}
	starved := s.p.starved(job.Timed)
	defer func() { said.Starved = starved() }()
	defer s.p.nudge(job.Nudge)()
	kind := string(s.target.Protocol)
	if job.Push {
		kind = pushKind
	}
	asked := request{Kind: kind, Size: len(body), Payload: file, Fresh: job.Fresh, Timeout: patience(job.Promises)}
	if job.Method != "" {
		asked.Method, asked.URL = job.Method, s.target.scheme()+"://"+s.addr+job.Path
	}
	r, err := s.ask(ctx, asked)
	if err != nil {
		return s.lost(ctx, err)
	}
	outcome, err := outcomeNamed(r.Outcome)
	switch {
	case err != nil:
		return s.lost(ctx, fmt.Errorf("its reply: %w", err))
	case outcome == fixtures.OK && !job.Push && !s.target.Command.NoOutput && (r.Bytes == nil || r.SHA256 == nil):
		return s.lost(ctx, errors.New("its reply says ok, without the bytes and the sha256 of what was received"))
	}
	said = Said{Outcome: outcome, Detail: r.Detail, NoOutput: s.target.Command.NoOutput}
	if r.Bytes != nil && r.SHA256 != nil {
		said.Digest = &Digest{Bytes: *r.Bytes, SHA256: strings.ToLower(*r.SHA256)}
	}
	return said
}

// lost is what to say of an exchange that was not answered, or not as it should be.
func (s *processSession) lost(ctx context.Context, err error) Said {
	said := Said{Outcome: fixtures.Other, Detail: err.Error()}
	select {
	case <-s.p.done:
		said.Outcome = fixtures.Crash
		said.Detail = "it ended in mid-session: " + s.p.report.end()
		if line := tellingLine(s.p.report.Stderr); line != "" {
			said.Detail += ": " + line
		}
	default:
		if ctx.Err() != nil {
			s.p.kill()
			said.Outcome, said.Detail = fixtures.Hang, "killed: it had not replied"
		}
	}
	return said
}

// ask writes the request and waits for the reply that has its number.
func (s *processSession) ask(ctx context.Context, r request) (reply, error) {
	s.asked++
	r.Version, r.ID = requestVersion, s.asked
	line, err := json.Marshal(r)
	if err != nil {
		return reply{}, err
	}
	deadline, _ := ctx.Deadline() // none is none: not that of the request before
	s.stdin.SetWriteDeadline(deadline)
	if _, err := s.stdin.Write(append(line, '\n')); err != nil {
		return reply{}, s.ended(fmt.Errorf("it does not read its requests: %w", err))
	}
	select {
	case line := <-s.replies.lines:
		return parseReply(line, r.ID)
	case <-s.p.done:
	case <-ctx.Done():
		return reply{}, errors.New("it has not replied in time")
	}
	select {
	case line := <-s.replies.lines: // its last words
		return parseReply(line, r.ID)
	default:
		return reply{}, s.ended(errEnded)
	}
}

// ended waits a moment for the end of a process that no longer listens, which then says more.
func (s *processSession) ended(err error) error {
	select {
	case <-s.p.done:
		return fmt.Errorf("it ended: %s", s.p.report.end())
	case <-time.After(closeGrace):
		return err
	}
}

func parseReply(line []byte, id int) (r reply, err error) {
	shown := line[:min(len(line), 80)]
	if err := json.Unmarshal(line, &r); err != nil {
		return r, fmt.Errorf("its reply is no JSON object on one line: %q; what is no reply belongs on stderr", shown)
	}
	switch {
	case r.ID == nil:
		return r, fmt.Errorf("its reply has no id: %q", shown)
	case *r.ID != id:
		return r, fmt.Errorf("its reply has the id %d, the request has %d", *r.ID, id)
	case r.Bytes != nil && *r.Bytes < 0:
		return r, fmt.Errorf("its reply speaks of %d bytes", *r.Bytes)
	}
	return r, nil
}

// A lineQueue hands on what is written to it line by line. It never blocks: what comes unasked is dropped in the end, and of a
// line maxLine bytes are kept.
type lineQueue struct {
	lines chan []byte
	line  []byte
}

func newLineQueue() *lineQueue { return &lineQueue{lines: make(chan []byte, linesKept)} }

func (q *lineQueue) Write(p []byte) (int, error) {
	for rest := p; len(rest) > 0; {
		part, after, ended := bytes.Cut(rest, []byte{'\n'})
		q.line = append(q.line, part[:min(len(part), maxLine-len(q.line))]...)
		if ended {
			select {
			case q.lines <- q.line:
			default:
			}
			q.line = nil
		}
		rest = after
	}
	return len(p), nil
}
