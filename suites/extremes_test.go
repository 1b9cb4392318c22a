package suites_test

import (
	"context"
	"io"
	"net"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/reports"
	"github.com/faultwire/faultwire/suites"
	"github.com/faultwire/faultwire/targets"
	"github.com/faultwire/faultwire/targets/reference"
)

// verdicts are those on the target's cases, in virtual time, which has room for deadlines of minutes.
func verdicts(t *testing.T, target targets.Target, patterns ...string) map[string]reports.Result {
	t.Helper()
	v, err := suites.NewVirtual(target, patterns...)
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	found := map[string]reports.Result{}
	for _, p := range v.Pairs() {
		found[p.Case.ID] = v.Result(t, p)
	}
	return found
}

func referenceNamed(name string) targets.Target {
	for _, t := range reference.Targets(1) {
		if t.Name == name {
			return t
		}
	}
	panic(name)
}

// An idle deadline of minutes is awaited as one of half a second is.
func TestLongIdleDeadline(t *testing.T) {
	g := NewWithT(t)
	const idle = 100 * time.Second
	server := referenceNamed("reference-echo-server")
	server.Promises.Idle, server.Server = idle, reference.Server{Protocol: fixtures.EchoProtocol, Idle: idle}
	r := verdicts(t, server, "tcp.timeout.idle-reaped")["tcp.timeout.idle-reaped"]
	g.Expect(r.Verdict).To(Equal(reports.Pass), r.Text())

	server.Server = reference.Server{Protocol: fixtures.EchoProtocol, Idle: 2 * idle}
	r = verdicts(t, server, "tcp.timeout.idle-reaped")["tcp.timeout.idle-reaped"]
	g.Expect(r.Verdict).To(Equal(reports.Warn), r.Text())
}

// A server that wants its connections rare is not blamed for the time that takes.
func TestRareConnections(t *testing.T) {
	g := NewWithT(t)
	server := referenceNamed("reference-echo-server")
	server.Limits.Rate = 4
	for id, r := range verdicts(t, server, "tcp.connect.idle-crowd", "tcp.timeout.slowloris", "tcp.reassembly.cross-talk", "tcp.disconnect.silent-neighbour") {
		g.Expect(r.Verdict).To(Equal(reports.Pass), "%s: %s", id, r.Text())
	}
	server.Limits.Rate = 1. / 6 // each waits longer than a connect may take
	found := verdicts(t, server, "tcp.connect.idle-crowd", "tcp.reassembly.in-turn")
	crowd := found["tcp.connect.idle-crowd[clients=60]"]
	g.Expect(crowd.Verdict).To(Equal(reports.Skip))
	g.Expect(crowd.Reason).To(Equal("the case opens 61 connections, which takes longer than 30s at the target's rate"))
	g.Expect(found["tcp.reassembly.in-turn"].Verdict).To(Equal(reports.Pass))
}

// retrying asks again, after a while, when a connection was reset.
type retrying struct{ reference.Client }

func (r retrying) Open(addr string) (exchange func(context.Context, targets.Job) targets.Said, end func()) {
	once, end := r.Client.Open(addr)
	return func(ctx context.Context, job targets.Job) targets.Said {
		said := once(ctx, job)
		if said.Outcome == fixtures.Reset {
			time.Sleep(2 * time.Second)
			said = once(ctx, job)
		}
		return said
	}, end
}

// Who asks again, however late, and gets it all, has lied to nobody.
func TestAskingAgainLate(t *testing.T) {
	client := referenceNamed("reference-echo-client")
	client.Client = retrying{client.Client.(reference.Client)}
	r := verdicts(t, client, "tcp.disconnect.then-recovers")["tcp.disconnect.then-recovers"]
	NewWithT(t).Expect(r.Verdict).To(Equal(reports.Pass), r.Text())
}

// untilTheEnd takes the end of the connection for the end of the reply, and has no deadline.
type untilTheEnd struct{}

func (untilTheEnd) Exchange(ctx context.Context, addr string, job targets.Job) targets.Said {
	conn, err := job.DialContext(ctx, net.Dialer{}, addr)
	if err != nil {
		return targets.Said{Outcome: fixtures.OutcomeOf(err), Detail: err.Error()}
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	for _, m := range job.Messages {
		_, _ = conn.Write(m)
	}
	_ = conn.(interface{ CloseWrite() error }).CloseWrite()
	received, err := io.ReadAll(conn)
	said := targets.Said{Outcome: fixtures.OK, Received: received}
	if err != nil {
		said.Outcome = fixtures.OutcomeOf(err)
	}
	return said
}

// That a reply is complete is to be seen before its connection ends, by a client without a deadline, too.
func TestWaitsForTheEndWithoutADeadline(t *testing.T) {
	client := targets.Target{Name: "until-the-end", Role: targets.ClientRole, Protocol: fixtures.EchoProtocol, Client: untilTheEnd{}}
	r := verdicts(t, client, "tcp.disconnect.late-fin")["tcp.disconnect.late-fin"]
	NewWithT(t).Expect(r.Verdict).To(Equal(reports.Warn), r.Text())
}
