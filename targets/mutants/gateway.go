package mutants

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/targets"
	"github.com/faultwire/faultwire/targets/reference"
)

// gatewayMutants make of what the server behind them does something else.
func gatewayMutants() []Mutant {
	return []Mutant{
		gatewayMutant("gateway-ends-in-order",
			"copies until there is no more, for whatever reason, and ends its reply in order",
			gateway{orderly: true},
			by(neverLie, "http.gateway.cut[framing=chunks]", "http.gateway.until-close-reset")),
		gatewayMutant("gateway-counts-what-came",
			"gathers what came, and states its length",
			gateway{gathers: true},
			by(neverLie, "http.gateway.cut*", "http.gateway.until-close-reset")),
		gatewayMutant("gateway-friendly-page",
			"shows a friendly page, with status 200, when it has no reply",
			gateway{friendly: true},
			by(neverLie, "http.gateway.no-reply", "http.gateway.silent[at=begin]")),
		gatewayMutant("gateway-no-deadline",
			"has no deadline for the server behind it",
			gateway{patient: true},
			by(neverHang, "http.gateway.silent*")),
		gatewayMutant("gateway-header-deadline",
			"has a deadline for the header of the server behind it, and none for the content",
			gateway{headerOnly: true},
			by(neverHang, "http.gateway.silent[at=content]")),
		gatewayMutant("gateway-one-at-a-time",
			"asks the server behind it for one client after another",
			gateway{oneAtATime: true},
			by(recovers, "http.gateway.slow-neighbour")),
	}
}

// A gateway is what it does wrong; the zero value has no defect.
type gateway struct {
	orderly, gathers, friendly, patient, headerOnly, oneAtATime bool
}

func gatewayMutant(name, does string, g gateway, caught ...[]Catch) Mutant {
	return newMutant(g.target(name), does, caught)
}

func (g gateway) target(name string) targets.Target {
	return targets.Target{
		Name: name, Role: targets.ServerRole, Protocol: fixtures.HTTPProtocol,
		Promises: fixtures.Deadlines{Read: reference.ReadDeadline, Idle: reference.IdleDeadline},
		Gateway: func(dial func(context.Context) (net.Conn, error)) targets.Server {
			return &gatewayAtWork{g, dial, make(chan struct{}, 1)}
		},
	}
}

type gatewayAtWork struct {
	gateway
	dial func(context.Context) (net.Conn, error)
	turn chan struct{} // not a mutex: time has to pass, virtual time too, while another waits for it
}

// Serve implements [targets.Server].
func (g *gatewayAtWork) Serve(ctx context.Context, l net.Listener) error {
	return reference.HTTPServer{Idle: reference.IdleDeadline, Handler: g}.Serve(ctx, l)
}

// ServeHTTP asks the server behind it, by a connection for each request, and passes the reply on.
func (g *gatewayAtWork) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if g.oneAtATime {
		g.turn <- struct{}{}
		defer func() { <-g.turn }()
	}
	carried, err := io.ReadAll(io.LimitReader(r.Body, fixtures.MaxFrame))
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	ctx, cancel := context.WithCancel(context.Background()) // r.Context() ends with what the client sends, and not with the client
	defer cancel()
	silence := time.AfterFunc(reference.ReadDeadline, cancel)
	defer silence.Stop()
	if g.patient {
		silence.Stop()
	}
	transport := &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) { return g.dial(ctx) }}
	asked, err := http.NewRequestWithContext(ctx, r.Method, "http://origin"+r.URL.Path, bytes.NewReader(carried))
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	reply, err := transport.RoundTrip(asked)
	if err != nil {
		if g.friendly {
			_, _ = io.WriteString(w, "Something went wrong. Please try again later.\n")
			return
		}
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	defer reply.Body.Close()
	if g.headerOnly {
		silence.Stop()
	}
	if g.gathers {
		content, _ := io.ReadAll(reply.Body)
		w.Header().Set("Content-Length", strconv.Itoa(len(content)))
		_, _ = w.Write(content)
		return
	}
	if reply.ContentLength >= 0 {
		w.Header().Set("Content-Length", strconv.FormatInt(reply.ContentLength, 10))
	}
	buf := make([]byte, 1024)
	for {
		n, err := reply.Body.Read(buf)
		if !g.patient && !g.headerOnly {
			silence.Reset(reference.ReadDeadline)
		}
		if n > 0 {
			if _, err := w.Write(buf[:n]); err != nil {
				panic(http.ErrAbortHandler)
			}
		}
		switch {
		case err == io.EOF, err != nil && g.orderly:
			return
		case err != nil:
			panic(http.ErrAbortHandler)
		}
	}
}
