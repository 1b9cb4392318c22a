package suites_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/reports"
	"github.com/faultwire/faultwire/suites"
	"github.com/faultwire/faultwire/suites/cases"
	"github.com/faultwire/faultwire/targets"
	"github.com/faultwire/faultwire/targets/reference"
)

func gateway(make targets.NewGateway) targets.Target {
	return targets.Target{Name: "gateway", Role: targets.ServerRole, Protocol: fixtures.HTTPProtocol, Gateway: make}
}

// A server that answers by itself is no gateway, whatever it is told of a server behind it.
func TestAGatewayThatAsksNobody(t *testing.T) {
	g := NewWithT(t)
	run := runAll(t, suites.Options{Seed: 1, Patterns: []string{"http.gateway.*"}, Targets: []targets.Target{
		gateway(func(func(context.Context) (net.Conn, error)) targets.Server { return reference.HTTPServer{} }),
	}})
	control := run.Targets[0].Control
	g.Expect(control.Verdict).To(Equal(reports.Fail))
	g.Expect(control.Finding.Seen).To(ContainSubstring("no connection came there"))
	g.Expect(control.Finding.Advice).To(ContainSubstring("never connected to the server behind it"))
}

// An oldGateway asks by HTTP/1.0, and passes on what comes.
type oldGateway func(context.Context) (net.Conn, error)

func (dial oldGateway) Serve(ctx context.Context, l net.Listener) error {
	page := cases.Page(fixtures.ByLength).Size
	return reference.HTTPServer{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, err := dial(ctx)
		if err != nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		defer conn.Close()
		io.WriteString(conn, "GET / HTTP/1.0\r\n\r\n")
		content, err := io.ReadAll(conn)
		if err == nil && len(content) > page {
			w.Write(content[len(content)-page:])
			return
		}
		w.WriteHeader(http.StatusBadGateway)
	})}.Serve(ctx, l)
}

// Who asks by HTTP/1.0 cannot be answered in chunks: that proves nothing. The rest does.
func TestAGatewayThatAsksByHTTP10(t *testing.T) {
	g := NewWithT(t)
	run := runAll(t, suites.Options{Seed: 1, Patterns: []string{"http.gateway.cut", "http.gateway.until-close-reset"}, Targets: []targets.Target{
		gateway(func(dial func(context.Context) (net.Conn, error)) targets.Server { return oldGateway(dial) }),
	}})
	seen := map[string]string{}
	for _, r := range run.Results {
		seen[r.Case.ID] = string(r.Verdict) + " " + r.Reason
		behind := r.Observation.(cases.Observation).Behind
		g.Expect(behind.Reference.Conns).NotTo(BeEmpty(), "what was seen behind it is evidence, too")
		g.Expect(behind.Trace.Conns).NotTo(BeEmpty())
	}
	g.Expect(seen).To(Equal(map[string]string{
		"http.gateway.cut[framing=length]": "pass ",
		"http.gateway.cut[framing=chunks]": "skip void: the gateway asks by HTTP/1.0, which has no chunks",
		"http.gateway.until-close-reset":   "pass ",
	}))
}
