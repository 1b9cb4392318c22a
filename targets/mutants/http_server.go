package mutants

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/targets/reference"
)

// httpServerMutants misread requests, or answer what was not asked.
func httpServerMutants() []Mutant {
	return []Mutant{
		httpServerMutant("server-http-one-request-a-read",
			"throws away what came behind a request",
			httpServing{fresh: true},
			byEither([]string{reassemble, sayWhat}, "http.request.pipelined")),
		httpServerMutant("server-http-head-first",
			"answers what is quickly answered first",
			httpServing{headFirst: true},
			byEither([]string{reassemble, neverLie}, "http.request.pipelined")),
		httpServerMutant("server-http-read-is-request",
			"takes what one read brings for a request",
			httpServing{oneRead: true},
			byEither([]string{reassemble, neverLie}, "http.request.sliced*")),
		httpServerMutant("server-http-cut-head",
			"answers a request whose header section has not come to its end",
			httpServing{cutHead: true},
			byEither([]string{reassemble, neverLie}, "http.request.head-cut")),
		httpServerMutant("server-http-short-content",
			"answers a request whose content is not all there",
			httpServing{shortContent: true},
			byEither([]string{reassemble, neverLie}, "http.request.body-cut")),
		httpServerMutant("server-http-end-is-gone",
			"takes a client that has ended its own direction for one that has gone",
			httpServing{endIsGone: true},
			byEither([]string{reassemble, sayWhat}, "http.request.half-close")),
		httpServerMutant("server-http-idle-by-the-byte",
			"has a limit for the next byte, and none for the header section",
			httpServing{byTheByte: true},
			by(recovers, "http.request.head-drip")),
		oneByOne(httpServerMutant("server-http-one-at-a-time",
			"serves a client before it accepts the next",
			httpServing{},
			by(recovers, "http.request.slow-uploads"))),
	}
}

// oneByOne has the mutant's server accept a client when the one before is gone.
func oneByOne(m Mutant) Mutant {
	m.Target.Server.(*server).admit = oneAtATime
	return m
}

// An httpServing is how requests are read and answered; the zero value has no defect.
type httpServing struct {
	fresh, headFirst, oneRead, cutHead, shortContent, endIsGone, byTheByte bool
}

// soundHTTPServer is the server without a defect.
func soundHTTPServer() *server { return httpServer(httpServing{}) }

func httpServer(h httpServing) *server {
	s := soundServer(fixtures.HTTPProtocol)
	s.promised, s.idle = reference.IdleDeadline, reference.IdleDeadline
	s.echo = h.serve
	return s
}

func httpServerMutant(name, does string, h httpServing, caught ...[]Catch) Mutant {
	return newMutant(httpServer(h).target(name), does, caught)
}

// servedPage is longer than a window of nothing, shorter than any buffer.
const servedPage = "A page of plain text.\n"

func (h httpServing) serve(conn patient) error {
	idle := conn.read
	r := bufio.NewReader(&conn)
	var later []byte // replies that have to wait
	for {
		conn.read, conn.end = idle, time.Now().Add(idle)
		if h.byTheByte {
			conn.end = time.Time{}
		}
		if h.fresh {
			r = bufio.NewReader(&conn)
		}
		if h.oneRead {
			if _, err := r.Peek(1); err != nil {
				return err
			}
			if all, _ := r.Peek(r.Buffered()); !bytes.Contains(all, []byte("\r\n\r\n")) {
				_, _ = io.WriteString(conn, "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
				return errBroken
			}
		}
		method, fields, err := h.head(r)
		if err != nil {
			return err
		}
		conn.end = time.Time{}
		content := []byte(servedPage)
		if method == http.MethodPost {
			n, _ := strconv.Atoi(fields["content-length"])
			if fields["expect"] != "" {
				if _, err := io.WriteString(conn, "HTTP/1.1 100 Continue\r\n\r\n"); err != nil {
					return err
				}
			}
			if content, err = whole(r, min(n, fixtures.MaxFrame)); err != nil && !h.shortContent {
				return err
			}
		}
		if h.endIsGone {
			conn.read = 50 * time.Millisecond
			if _, err := r.Peek(1); err == io.EOF {
				return nil
			}
			conn.read = idle
		}
		reply := []byte(fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", len(content)))
		if method != http.MethodHead {
			reply = append(reply, content...)
		}
		if h.headFirst && method != http.MethodHead && r.Buffered() > 0 {
			later = append(later, reply...)
			continue
		}
		if _, err := conn.Write(append(reply, later...)); err != nil {
			return err
		}
		later = nil
		if strings.EqualFold(fields["connection"], "close") {
			return nil
		}
	}
}

// head reads the header section of a request.
func (h httpServing) head(r *bufio.Reader) (method string, fields map[string]string, err error) {
	line, err := wholeLine(r)
	if err != nil {
		return "", nil, err
	}
	method, _, _ = strings.Cut(string(line), " ")
	read := headerFields
	if h.cutHead {
		read = fieldsUntilEnd
	}
	fields, err = read(r)
	return method, fields, err
}
