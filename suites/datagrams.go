package suites

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"time"

	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/proxy"
	"github.com/faultwire/faultwire/suites/cases"
	"github.com/faultwire/faultwire/targets"
)

// A relay is what a wire is made of: one for streams, or one for datagrams.
type relay interface {
	Addr() net.Addr
	Dial(context.Context) (net.Conn, error)
	Trace() proxy.Trace
	Elapsed() time.Duration
	Signed() <-chan struct{}
	Fired() <-chan struct{}
	Closed() <-chan struct{}
	ClientsEnded(context.Context) error
	Quiet(context.Context) error
	Reset()
	Close() error
}

// openRelay starts the relay for the protocol.
func openRelay(p fixtures.Protocol, config proxy.Config) (relay, error) {
	if p != fixtures.UDPProtocol {
		r, err := proxy.Listen(config)
		if err != nil {
			return nil, err // not an interface that holds a nil
		}
		return r, nil
	}
	r, err := proxy.ListenDatagrams(config)
	if err != nil {
		return nil, err
	}
	return datagramRelay{r}, nil
}

// A datagramRelay is dialled by the interpreter's own sockets, which hear who answers from elsewhere, too.
type datagramRelay struct{ *proxy.DatagramRelay }

func (r datagramRelay) Dial(ctx context.Context) (net.Conn, error) {
	return fixtures.DialDatagrams(ctx, r.Addr().String())
}

// dialerOf dials the server as the protocol has it.
func (e *Engine) dialerOf(p fixtures.Protocol, addr string) func(context.Context) (net.Conn, error) {
	if p == fixtures.UDPProtocol {
		return func(ctx context.Context) (net.Conn, error) { return fixtures.DialDatagrams(ctx, addr) }
	}
	return e.dialer(addr)
}

// serve starts the reference server of the exchange, and says where it is.
func (e *Engine) serve(stage *fixtures.Stage, x fixtures.Exchange) (*fixtures.Service, string, error) {
	if stage.Protocol == fixtures.UDPProtocol {
		conn, err := net.ListenPacket("udp4", "127.0.0.1:0")
		if err != nil {
			return nil, "", err
		}
		return stage.ServePackets(conn, x), conn.LocalAddr().String(), nil
	}
	l, err := e.listen()
	if err != nil {
		return nil, "", err
	}
	return stage.Serve(l, x), l.Addr().String(), nil
}

// wantedDatagrams is [wanted] of datagrams: what a client asks twice counts once.
func wantedDatagrams(bodies [][]byte, r fixtures.Record) (want []byte, own bool) {
	handed := bytes.Join(bodies, nil)
	for _, c := range r.Conns {
		known := len(c.Got) == 0
		for _, body := range bodies {
			known = known || bytes.HasPrefix(c.Got, body) || bytes.HasPrefix(body, c.Got)
		}
		if once := c.Got[:len(c.Got)/max(1, c.Datagrams)]; !known && bytes.Equal(bytes.Repeat(once, c.Datagrams), c.Got) {
			return once, true
		}
	}
	return handed, false
}

// promised are the deadlines that a target like this can promise.
func promised(t *targets.Target) []fixtures.Deadline {
	switch {
	case t.Protocol == fixtures.UDPProtocol && t.Role == targets.ServerRole:
		return nil
	case t.Protocol == fixtures.UDPProtocol:
		return []fixtures.Deadline{fixtures.ReadDeadline, fixtures.TotalDeadline}
	case t.IsGateway():
		return []fixtures.Deadline{fixtures.ReadDeadline, fixtures.IdleDeadline}
	case t.Role == targets.ServerRole:
		return []fixtures.Deadline{fixtures.IdleDeadline}
	}
	return []fixtures.Deadline{fixtures.ConnectDeadline, fixtures.ReadDeadline, fixtures.WriteDeadline, fixtures.TotalDeadline}
}

const streamsOnly = "Toxiproxy relays TCP alone, and this target speaks UDP; test it without Toxiproxy"

// explainDatagrams is explain for datagrams.
func explainDatagrams(t *targets.Target, o cases.Observation) string {
	switch {
	case t.Role == targets.ClientRole && len(o.Trace.Conns) == 0:
		return "No datagram of the program's came. It must send to the address it is given, over UDP (SOCK_DGRAM): put {host} and {port} (or {addr}) " +
			"among its arguments, or read FAULTWIRE_HOST and FAULTWIRE_PORT."
	case t.Role == targets.ClientRole && o.Outcome == fixtures.Hang:
		return "The program did not end by itself. One run is one exchange: after the reply, a single datagram of 13 bytes here, it exits."
	case t.Role == targets.ServerRole && o.Outcome == fixtures.Timeout:
		return "The server sent no datagram back that begins as the request does. It answers each datagram with the same bytes, from the socket that it came to."
	case t.Role == targets.ServerRole && o.Outcome == fixtures.Refused:
		return "Nobody receives datagrams at the address. The server must bind a UDP socket (SOCK_DGRAM) to {host} and {port} and stay in the foreground."
	}
	return explain(o)
}

// datagramsInWords is [InWords] for the faults that only datagrams have, and for those that count them; empty for others.
func datagramsInWords(f proxy.Fault, what string) string {
	t, u := f.Trigger, f.Until
	which := "each datagram of " + what
	switch {
	case u != nil && u.Datagram > 0 && (t == nil || t.Datagram <= 1) && u.Datagram == 2:
		which = "the first datagram of " + what
	case u != nil && u.Datagram > 0 && t != nil && u.Datagram == t.Datagram+1:
		which = fmt.Sprintf("datagram %d of %s", t.Datagram, what)
	case u != nil && u.Datagram > 0:
		which = fmt.Sprintf("the datagrams of %s before the %d.", what, u.Datagram)
	case t != nil && t.Datagram > 1:
		which = fmt.Sprintf("the datagrams of %s from the %d. on", what, t.Datagram)
	}
	if p := f.Attributes["percent"]; p > 0 && p < 100 {
		which = fmt.Sprintf("%d in a hundred of %s", p, which)
	}
	switch f.Type {
	case "loss":
		return "loses " + which
	case "duplicate":
		return "delivers " + which + " twice"
	case "reorder":
		return "delivers " + which + " behind the next"
	case "truncate":
		return fmt.Sprintf("cuts %s down to %d bytes", which, f.Attributes["bytes"])
	}
	counted := t != nil && t.Datagram > 0 || u != nil && u.Datagram > 0
	switch {
	case !counted:
		return ""
	case f.Type == "corrupt":
		return "flips bits of " + which
	case f.Type == "latency":
		return fmt.Sprintf("delivers %s %d ms late", which, f.Attributes["latency"])
	}
	return ""
}
