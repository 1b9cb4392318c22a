package mutants

import (
	"bufio"
	"context"
	"io"
	"net"
	"sync"
	"time"

	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/targets"
)

// A server is its parts.
type server struct {
	protocol fixtures.Protocol
	promised time.Duration                                                         // the idle deadline that it declares; zero is none
	idle     time.Duration                                                         // the one that it keeps
	admit    func(ctx context.Context, l net.Listener, serve func(net.Conn) error) // who is served, and when
	echo     func(conn patient) error                                              // the conversation with one client
	hangUp   func(ctx context.Context, conn net.Conn)                              // how it ends
}

// longEnough is the patience of a server that promises no other: no case waits so long.
const longEnough = time.Minute

// soundServer is the server without a defect.
func soundServer(p fixtures.Protocol) *server {
	s := &server{
		protocol: p,
		idle:     longEnough,
		admit:    allAtOnce,
		echo:     stream(func() filter { return unchanged }),
		hangUp:   func(_ context.Context, conn net.Conn) { conn.Close() },
	}
	switch p {
	case fixtures.FramedProtocol:
		s.echo = frames
	case fixtures.LineProtocol:
		s.echo = lines
	}
	return s
}

func (s *server) target(name string) targets.Target {
	return targets.Target{
		Name: name, Role: targets.ServerRole, Protocol: s.protocol, Server: s, Promises: fixtures.Deadlines{Idle: s.promised},
	}
}

// serverMutant is the sound server with what the defect replaces.
func serverMutant(name string, p fixtures.Protocol, does string, defect func(*server), caught ...[]Catch) Mutant {
	s := soundServer(p)
	defect(s)
	return newMutant(s.target(name), does, caught)
}

// Serve implements [targets.Server].
func (s *server) Serve(ctx context.Context, l net.Listener) error {
	defer context.AfterFunc(ctx, func() { l.Close() })()
	s.admit(ctx, l, func(conn net.Conn) error {
		defer context.AfterFunc(ctx, func() { conn.Close() })()
		defer s.hangUp(ctx, conn)
		return s.echo(patient{Conn: conn, read: s.idle, write: longEnough})
	})
	<-ctx.Done() // also where the defect is to stop early: the end of a server in this process is the harness's to choose
	return nil
}

// allAtOnce serves every client at the same time, and waits for all of them.
func allAtOnce(_ context.Context, l net.Listener, serve func(net.Conn) error) {
	var open sync.WaitGroup
	defer open.Wait()
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		open.Go(func() { serve(conn) })
	}
}

// A filter is what becomes of each chunk of one connection. It may keep state, and change the chunk in place.
type filter func(chunk []byte) []byte

func unchanged(chunk []byte) []byte { return chunk }

// stream sends back each chunk as a new filter for the connection leaves it.
func stream(newFilter func() filter) func(patient) error {
	return func(conn patient) error {
		spoil := newFilter()
		b := make([]byte, 32<<10)
		for {
			n, err := conn.Read(b)
			if err != nil {
				return err
			}
			if _, err := conn.Write(spoil(b[:n])); err != nil {
				return err
			}
		}
	}
}

// frames sends back each message when it is complete.
func frames(conn patient) error {
	r := bufio.NewReader(conn)
	for {
		body, err := fixtures.ReadFrame(r, fixtures.MaxFrame)
		if err != nil {
			return err
		}
		if err := answer(conn, body); err != nil {
			return err
		}
	}
}

func answer(w io.Writer, body []byte) error {
	_, err := w.Write(fixtures.FramedProtocol.Encode(body))
	return err
}
