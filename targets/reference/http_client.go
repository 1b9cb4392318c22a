package reference

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"os"
	"sync/atomic"
	"time"

	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/targets"
)

// HTTPClient asks by net/http, with the deadlines of its job: the connect deadline bounds the dial, the read deadline the wait for the
// reply's header section and each silence in its content, the write deadline each write, the total deadline everything, redirects
// too. One that is zero does not exist. A reply that is neither 2xx nor 304 is an error.
type HTTPClient struct{}

// Exchange implements [targets.Client].
func (c HTTPClient) Exchange(ctx context.Context, addr string, job targets.Job) targets.Said {
	exchange, end := c.Open(addr)
	defer end()
	return exchange(ctx, job)
}

// Open implements [targets.Persistent]. Connections are kept and dropped as net/http sees fit.
func (HTTPClient) Open(addr string) (exchange func(context.Context, targets.Job) targets.Said, end func()) {
	s := &httpSession{addr: addr}
	return s.exchange, func() {
		if s.transport != nil {
			s.transport.CloseIdleConnections()
		}
	}
}

type httpSession struct {
	addr      string
	transport *http.Transport // of the first exchange's deadlines, which are the target's
}

func (s *httpSession) exchange(ctx context.Context, job targets.Job) targets.Said {
	if job.Push {
		return targets.Said{Outcome: fixtures.Unsupported, Detail: "HTTP has no message without a reply"}
	}
	if s.transport == nil {
		s.transport = transport(job)
	}
	if job.Fresh {
		s.transport.CloseIdleConnections()
	}
	received, err := s.ask(ctx, job)
	said := targets.Said{Outcome: outcomeOf(err), Received: received}
	if err != nil {
		said.Detail = err.Error()
	}
	return said
}

func transport(job targets.Job) *http.Transport {
	d := job.Promises
	dialer := net.Dialer{Timeout: d.Connect}
	return &http.Transport{
		DialContext: func(ctx context.Context, _, addr string) (net.Conn, error) {
			conn, err := job.DialContext(ctx, dialer, addr)
			if err != nil {
				return nil, err
			}
			return &endNoting{timedConn: timedConn{Conn: conn, write: d.Write}}, nil
		},
		TLSClientConfig:       job.TLS,
		TLSHandshakeTimeout:   d.Connect,
		ResponseHeaderTimeout: d.Read,
		ExpectContinueTimeout: d.Read / 2,
	}
}

// ask sends the request and reads the whole reply. On an error it returns what came.
func (s *httpSession) ask(ctx context.Context, job targets.Job) ([]byte, error) {
	if job.Promises.Total > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, job.Promises.Total)
		defer cancel()
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var content io.Reader
	if job.Method == http.MethodPost {
		content = bytes.NewReader(bytes.Join(job.Messages, nil))
	}
	scheme := "http://"
	if job.TLS != nil {
		scheme = "https://"
	}
	request, err := http.NewRequestWithContext(ctx, job.Method, scheme+s.addr+job.Path, content)
	if err != nil {
		return nil, err
	}
	var by net.Conn // of the last request, where one led to another
	request = request.WithContext(httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(info httptrace.GotConnInfo) { by = info.Conn }}))
	silence := fmt.Errorf("no more content for %v: %w", job.Promises.Read, os.ErrDeadlineExceeded)
	patiently := patientTransport{s.transport, job.Promises.Read, func() { cancel(silence) }}
	reply, err := (&http.Client{Transport: patiently}).Do(request)
	if err != nil && context.Cause(ctx) == silence { // in the content of a reply that sent it on
		err = silence
	}
	if err != nil {
		return nil, err
	}
	defer reply.Body.Close()
	if reply.StatusCode/100 != 2 && reply.StatusCode != http.StatusNotModified {
		return nil, fmt.Errorf("the status is %s", reply.Status)
	}
	received, err := io.ReadAll(reply.Body)
	if err != nil && context.Cause(ctx) == silence {
		err = silence
	}
	untilEnd := reply.ContentLength < 0 && len(reply.TransferEncoding) == 0 && !reply.Uncompressed
	if secure, is := by.(*tls.Conn); is && err == nil && untilEnd && secure.NetConn().(*endNoting).ended.Load() {
		err = fmt.Errorf("%w: the connection ended without close_notify", io.ErrUnexpectedEOF)
	}
	return received, err
}

// An endNoting connection notes that it has ended. Under TLS who gets an end before that has been told so (close_notify): package tls
// makes no other difference, and RFC 9112 §9.8 wants one made where the end of the connection is the end of the content.
type endNoting struct {
	timedConn
	ended atomic.Bool
}

func (c *endNoting) Read(b []byte) (int, error) {
	n, err := c.timedConn.Read(b)
	if err == io.EOF {
		c.ended.Store(true)
	}
	return n, err
}

// A patientTransport waits only so long for each part of a reply's content, of those too that lead elsewhere: package http reads them to
// keep the connection. Zero is no limit.
type patientTransport struct {
	http.RoundTripper
	patience time.Duration
	giveUp   func() // ends the request
}

// RoundTrip implements [http.RoundTripper].
func (t patientTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	reply, err := t.RoundTripper.RoundTrip(r)
	if err == nil && t.patience > 0 {
		reply.Body = patientBody{reply.Body, t}
	}
	return reply, err
}

type patientBody struct {
	io.ReadCloser
	patientTransport
}

func (b patientBody) Read(p []byte) (int, error) {
	defer time.AfterFunc(b.patience, b.giveUp).Stop()
	return b.ReadCloser.Read(p)
}
