package mutants

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/targets"
	"github.com/faultwire/faultwire/targets/reference"
)

// An httpClient is its parts, by hand: so that each can be done wrong. It keeps its connection from one exchange to the next.
type httpClient struct {
	keep     func(promised fixtures.Deadlines) fixtures.Deadlines
	status   func(r *bufio.Reader) (int, error)                                                 // reads the status line
	fields   func(r *bufio.Reader) (map[string]string, error)                                   // reads the fields, up to the empty line
	interim  func(status int) bool                                                              // what is no answer yet
	bodyless func(method string, status int) bool                                               // what has no content
	length   func(r io.Reader, n int) ([]byte, error)                                           // reads content of a stated length
	size     func(line string) (int, error)                                                     // of a chunk
	chunks   func(r *bufio.Reader, size func(string) (int, error)) ([]byte, error)              // reads content in chunks
	toEnd    func(r io.Reader) ([]byte, error)                                                  // reads content up to the end of the connection
	decode   func(b []byte) ([]byte, error)                                                     // decompresses
	follows  func(hop int) bool                                                                 // whether a redirect is followed
	renews   bool                                                                               // whether each hop has deadlines of its own
	clean    func(left int) bool                                                                // whether a connection with so much unread is kept
	tries    func(method string, reused bool) int                                               // how often what was broken off is asked for
	sends    func(conn net.Conn, head, content []byte, answered func(time.Duration) bool) error // sends a request that has content
}

// soundHTTPClient is the client without a defect.
func soundHTTPClient() *httpClient {
	return &httpClient{
		keep:    func(promised fixtures.Deadlines) fixtures.Deadlines { return promised },
		status:  statusLine,
		fields:  headerFields,
		interim: func(status int) bool { return status/100 == 1 },
		bodyless: func(method string, status int) bool {
			return method == http.MethodHead || status == 204 || status == 304
		},
		length:  whole,
		size:    chunkSize,
		chunks:  allChunks,
		toEnd:   io.ReadAll,
		decode:  gunzipped,
		follows: func(hop int) bool { return hop < 10 },
		clean:   func(left int) bool { return left == 0 },
		tries: func(method string, reused bool) int {
			if method != http.MethodPost && reused {
				return 2
			}
			return 1
		},
		sends: sendAndListen,
	}
}

func (c *httpClient) target(name string) targets.Target {
	return targets.Target{
		Name: name, Role: targets.ClientRole, Protocol: fixtures.HTTPProtocol, Client: c,
		Promises: fixtures.Deadlines{
			Connect: reference.ConnectDeadline, Read: reference.ReadDeadline, Write: reference.WriteDeadline, Total: reference.TotalDeadline,
		},
	}
}

// httpClientMutant is the sound client with what the defect replaces.
func httpClientMutant(name, does string, defect func(*httpClient), caught ...[]Catch) Mutant {
	c := soundHTTPClient()
	defect(c)
	return newMutant(c.target(name), does, caught)
}

// Exchange implements [targets.Client].
func (c *httpClient) Exchange(ctx context.Context, addr string, job targets.Job) targets.Said {
	exchange, end := c.Open(addr)
	defer end()
	return exchange(ctx, job)
}

// Open implements [targets.Persistent].
func (c *httpClient) Open(addr string) (exchange func(context.Context, targets.Job) targets.Said, end func()) {
	s := &httpSession{httpClient: c, addr: addr}
	return s.exchange, s.close
}

type httpSession struct {
	*httpClient
	addr string
	conn *patient // nil if there is none
	in   *bufio.Reader
}

func (s *httpSession) close() {
	if s.conn != nil {
		s.conn.Close()
	}
	s.conn = nil
}

func (s *httpSession) exchange(ctx context.Context, job targets.Job) targets.Said {
	if job.Push {
		return targets.Said{Outcome: fixtures.Unsupported}
	}
	if job.Fresh {
		s.close()
	}
	var content []byte
	if job.Method == http.MethodPost {
		content = bytes.Join(job.Messages, nil)
	}
	var end time.Time
	if total := s.keep(job.Promises).Total; total > 0 {
		end = time.Now().Add(total)
	}
	reply, err := s.follow(ctx, job, content, end)
	said := targets.Said{Outcome: fixtures.OutcomeOf(err), Received: reply}
	if err != nil {
		said.Detail = err.Error()
	}
	return said
}

// follow asks, and asks where it is sent.
func (s *httpSession) follow(ctx context.Context, job targets.Job, content []byte, end time.Time) (reply []byte, err error) {
	path := job.Path
	for hop := 0; ; hop++ {
		if hop > 0 && s.renews {
			end = time.Now().Add(s.keep(job.Promises).Total)
		}
		var to string
		var status int
		reused := s.conn != nil
		for try := 1; ; try++ {
			status, to, reply, err = s.ask(ctx, job, path, content, end)
			if err == nil {
				break
			}
			s.close()
			if outcome := fixtures.OutcomeOf(err); outcome != fixtures.Closed && outcome != fixtures.Reset || try >= s.tries(job.Method, reused) {
				return reply, err
			}
		}
		switch {
		case to != "" && s.follows(hop):
			path = to
		case status/100 != 2 && status != http.StatusNotModified:
			return reply, fmt.Errorf("the status is %d", status)
		default:
			return reply, nil
		}
	}
}

var errBroken = fmt.Errorf("%w: no HTTP", fixtures.ErrMalformed)

// ask sends one request and reads the reply to it.
func (s *httpSession) ask(ctx context.Context, job targets.Job, path string, content []byte, end time.Time) (status int, to string, reply []byte, err error) {
	limits := s.keep(job.Promises)
	if s.conn == nil {
		dialled, err := job.DialContext(ctx, net.Dialer{Timeout: limits.Connect, Deadline: end}, s.addr)
		if err == nil && job.TLS != nil {
			dialled, err = shaken(ctx, dialled, job.TLS, limits.Connect)
		}
		if err != nil {
			return 0, "", nil, err
		}
		s.conn = &patient{Conn: dialled}
		s.in = bufio.NewReader(s.conn)
	}
	conn := s.conn
	conn.read, conn.write, conn.end = limits.Read, limits.Write, end
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	head := fmt.Sprintf("%s %s HTTP/1.1\r\nHost: %s\r\nAccept-Encoding: gzip\r\n", job.Method, path, s.addr)
	if content != nil {
		head += fmt.Sprintf("Content-Length: %d\r\n", len(content))
		if len(content) > 1<<20 {
			head += "Expect: 100-continue\r\n"
		}
		err = s.sends(conn, []byte(head+"\r\n"), content, func(d time.Duration) bool {
			conn.read = d
			_, err := s.in.Peek(1)
			conn.read = limits.Read
			return err == nil
		})
	} else {
		_, err = io.WriteString(conn, head+"\r\n")
	}
	if err != nil {
		return 0, "", nil, err
	}
	var fields map[string]string
	for {
		if status, err = s.status(s.in); err != nil {
			return 0, "", nil, err
		}
		if fields, err = s.fields(s.in); err != nil {
			return 0, "", nil, err
		}
		if !s.interim(status) {
			break
		}
	}
	reply, over, err := s.content(job.Method, status, fields)
	if err == nil && fields["content-encoding"] == "gzip" && len(reply) > 0 {
		reply, err = s.decode(reply)
	}
	if err == nil && (over || fields["connection"] == "close" || !s.clean(s.in.Buffered())) {
		s.close()
	}
	return status, fields["location"], reply, err
}

// content reads the content of a reply; over says that the connection ended with it.
func (s *httpSession) content(method string, status int, fields map[string]string) (content []byte, over bool, err error) {
	length, stated := fields["content-length"]
	switch {
	case s.bodyless(method, status):
		return nil, false, nil
	case fields["transfer-encoding"] == "chunked":
		content, err = s.chunks(s.in, s.size)
		return content, false, err
	case stated:
		n, err := strconv.Atoi(length)
		if err != nil || n < 0 {
			return nil, false, errBroken
		}
		content, err = s.length(s.in, n)
		return content, false, err
	}
	content, err = s.toEnd(s.in)
	return content, true, err
}

func statusLine(r *bufio.Reader) (int, error) {
	line, err := wholeLine(r)
	if err == io.EOF && len(line) > 0 {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return 0, err
	}
	version, rest, _ := strings.Cut(strings.TrimSuffix(string(line), "\r"), " ")
	code, _, _ := strings.Cut(rest, " ")
	status, err := strconv.Atoi(code)
	if err != nil || version != "HTTP/1.1" {
		return 0, errBroken
	}
	return status, nil
}

func headerFields(r *bufio.Reader) (map[string]string, error) {
	fields := map[string]string{}
	for {
		line, err := wholeLine(r)
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return nil, err
		}
		text := strings.TrimSuffix(string(line), "\r")
		if text == "" {
			return fields, nil
		}
		name, value, _ := strings.Cut(text, ":")
		fields[strings.ToLower(name)] = strings.TrimSpace(value)
	}
}

func chunkSize(line string) (int, error) {
	n, err := strconv.ParseUint(line, 16, 31)
	if err != nil {
		return 0, errBroken
	}
	return int(n), nil
}

func allChunks(r *bufio.Reader, size func(string) (int, error)) (all []byte, err error) {
	for {
		line, err := wholeLine(r)
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return all, err
		}
		n, err := size(strings.TrimSuffix(string(line), "\r"))
		if err != nil {
			return all, err
		}
		part, err := whole(r, n+len("\r\n"))
		all = append(all, part[:min(n, len(part))]...)
		if err != nil {
			return all, err
		}
		if n == 0 {
			return all, nil
		}
	}
}

func gunzipped(b []byte) ([]byte, error) {
	r, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}

// sendAndListen sends what the server wants to have: it looks for an answer before, if it asked for one, and while it writes.
func sendAndListen(conn net.Conn, head, content []byte, answered func(time.Duration) bool) error {
	if _, err := conn.Write(head); err != nil {
		return err
	}
	if bytes.Contains(head, []byte("Expect:")) {
		answered(100 * time.Millisecond)
	}
	_, err := conn.Write(content)
	if err != nil && (fixtures.OutcomeOf(err) == fixtures.Reset || fixtures.OutcomeOf(err) == fixtures.Timeout) && answered(100*time.Millisecond) {
		return nil // what it answered says more
	}
	return err
}
