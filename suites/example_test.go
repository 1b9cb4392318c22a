package suites_test

import (
	"context"
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/suites"
	"github.com/faultwire/faultwire/targets"
)

// echo is the client code under test: it sends a text and returns its echo.
func echo(ctx context.Context, addr string, text []byte) ([]byte, error) {
	dialer := net.Dialer{Timeout: 300 * time.Millisecond}
	conn, err := dialer.DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	conn.SetWriteDeadline(time.Now().Add(300 * time.Millisecond))
	if _, err := conn.Write(text); err != nil {
		return nil, err
	}
	answer := make([]byte, 0, len(text))
	for len(answer) < len(text) {
		conn.SetReadDeadline(time.Now().Add(300 * time.Millisecond))
		n, err := conn.Read(answer[len(answer):len(text)])
		answer = answer[:len(answer)+n]
		if err != nil {
			return answer, err
		}
	}
	return answer, nil
}

// client makes it a target: one method, which says how the exchange ended.
type client struct{}

func (client) Exchange(ctx context.Context, addr string, job targets.Job) targets.Said {
	if len(job.Messages) != 1 {
		return targets.Said{Outcome: fixtures.Unsupported, Detail: "one message a connection"}
	}
	received, err := echo(ctx, addr, job.Messages[0])
	said := targets.Said{Outcome: fixtures.OutcomeOf(err), Received: received}
	if err != nil {
		said.Detail = err.Error()
	}
	return said
}

// server is the server code under test: it is given a listener, and the context ends it.
type server struct{}

func (server) Serve(ctx context.Context, l net.Listener) error {
	defer context.AfterFunc(ctx, func() { l.Close() })()
	var open sync.WaitGroup
	defer open.Wait()
	for {
		conn, err := l.Accept()
		if err != nil {
			return nil
		}
		open.Go(func() {
			defer context.AfterFunc(ctx, func() { conn.Close() })()
			defer conn.Close()
			io.Copy(conn, conn)
		})
	}
}

var myClient = targets.Target{
	Name: "my-client", Role: targets.ClientRole, Protocol: fixtures.EchoProtocol, Client: client{},
	Promises: fixtures.Deadlines{Connect: 300 * time.Millisecond, Read: 300 * time.Millisecond, Write: 300 * time.Millisecond},
}

var myServer = targets.Target{Name: "my-server", Role: targets.ServerRole, Protocol: fixtures.EchoProtocol, Server: server{}}

// In a _test.go file of your own, with plain go test: every case is a subtest.
func ExampleRunT() {
	testMyClient := func(t *testing.T) { suites.RunT(t, myClient) }                // all but the long cases
	testMyServer := func(t *testing.T) { suites.RunT(t, myServer, "*.connect.*") } // one theme of it

	_, _ = testMyClient, testMyServer
}
