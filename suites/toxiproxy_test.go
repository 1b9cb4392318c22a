package suites_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/Shopify/toxiproxy/v2"
	. "github.com/onsi/gomega"
	"github.com/rs/zerolog"
	"github.com/rs/zerolog/log"

	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/proxy/remote"
	"github.com/faultwire/faultwire/reports"
	"github.com/faultwire/faultwire/suites"
	"github.com/faultwire/faultwire/targets"
	"github.com/faultwire/faultwire/targets/mutants"
	"github.com/faultwire/faultwire/targets/reference"
)

// toxiproxyHere is a Toxiproxy server in this process, whose API is wrapped if wrap is not nil. It must be left as it was.
func toxiproxyHere(t *testing.T, wrap func(http.Handler) http.Handler) *remote.Server {
	t.Helper()
	g := NewWithT(t)
	log.Logger = zerolog.Nop() // the bandwidth toxic talks to the process
	api := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	var routes http.Handler = api.Routes()
	if wrap != nil {
		routes = wrap(routes)
	}
	there := httptest.NewServer(routes)
	t.Cleanup(func() {
		there.Close()
		if wrap == nil {
			g.Expect(api.Collection.Proxies()).To(BeEmpty(), "nothing is left behind")
		}
		_ = api.Collection.Clear()
	})
	s, err := remote.New(there.URL)
	g.Expect(err).NotTo(HaveOccurred())
	return s
}

func runAll(t *testing.T, o suites.Options) *reports.Run {
	t.Helper()
	e, err := suites.New(o)
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	defer e.Close()
	return e.Run(t.Context(), nil)
}

func TestTheReferenceTargetsKeepEveryPromiseOverToxiproxy(t *testing.T) {
	g := NewWithT(t)
	run := runAll(t, suites.Options{Targets: reference.Targets(1), Seed: 1, Toxiproxy: toxiproxyHere(t, nil)})
	var summary strings.Builder
	g.Expect(run.WriteSummary(&summary, reports.Look{})).To(Succeed())
	g.Expect(run.Exit()).To(Equal(reports.ExitOK), summary.String())
	for _, target := range run.Targets {
		if target.Protocol == string(fixtures.UDPProtocol) {
			continue // which no Toxiproxy carries
		}
		g.Expect(run.Count(target.Name)[reports.Pass]).To(BeNumerically(">=", 20), summary.String())
	}
	for _, r := range run.Results {
		if r.Verdict == reports.Skip && !strings.Contains(r.Reason, "Toxiproxy") && !strings.Contains(r.Reason, "needs a command") {
			t.Errorf("%s %s: skipped, but not for what Toxiproxy lacks: %s", r.Target, r.Case.ID, r.Reason)
		}
	}
}

// What Toxiproxy blurs must be skipped, not passed: a mutant is caught over it by a case named for it, or that case is not run.
func TestNoMutantPassesForSoundOverToxiproxy(t *testing.T) {
	named := map[string][]mutants.Catch{}
	o := suites.Options{Seed: 1, Toxiproxy: toxiproxyHere(t, nil)}
	for _, m := range mutants.All() {
		o.Targets = append(o.Targets, m.Target)
		named[m.Target.Name] = m.Caught
	}
	e, err := suites.New(o)
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	defer e.Close()
	pairs := slices.DeleteFunc(slices.Clone(e.Pairs()), func(p suites.Pair) bool {
		return !isNamed(named[p.Target.Name], p.Case.ID)
	})
	e.Begin(t.Context(), pairs)
	caught := 0
	for _, p := range pairs {
		r := e.Result(t.Context(), p)
		if r.Finding != nil {
			caught++
		} else if r.Verdict != reports.Skip || !strings.Contains(r.Reason, "Toxiproxy") {
			t.Errorf("%s does not catch it: %s %s", p.Name(), r.Verdict, r.Reason)
		}
	}
	NewWithT(t).Expect(caught).To(BeNumerically(">=", 20))
}

// A Toxiproxy that ends in the middle is an error of the run, and says nothing about the target.
func TestAToxiproxyThatEndsIsNobodysFailure(t *testing.T) {
	g := NewWithT(t)
	var asked atomic.Int64
	there := toxiproxyHere(t, func(routes http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if asked.Add(1) > 120 {
				panic(http.ErrAbortHandler) // as if the process had gone
			}
			routes.ServeHTTP(w, r)
		})
	})
	run := runAll(t, suites.Options{Targets: reference.Targets(1), Seed: 1, Patterns: []string{"tcp.reassembly.**"}, Toxiproxy: there})
	count := run.Count("")
	g.Expect(count[reports.Fail]).To(BeZero())
	g.Expect(count[reports.Error]).To(BeNumerically(">", 10))
	g.Expect(run.Exit()).To(Equal(reports.ExitError))
	for _, r := range run.Results {
		if r.Verdict == reports.Error {
			g.Expect(r.Reason).To(ContainSubstring("Toxiproxy"))
		}
	}
}

// A client that half-closes gets no reply through a Toxiproxy, however sound it is.
func TestAClientThatHalfClosesIsNotBlamedForToxiproxy(t *testing.T) {
	g := NewWithT(t)
	o := suites.Options{Seed: 1, Patterns: []string{"tcp.reassembly.binary"}, Targets: []targets.Target{{
		Name: "half-closes", Role: targets.ClientRole, Protocol: fixtures.EchoProtocol, Client: halfCloser{},
	}}}
	g.Expect(runAll(t, o).Exit()).To(Equal(reports.ExitOK), "by our own wire")
	o.Toxiproxy = toxiproxyHere(t, nil)
	run := runAll(t, o)
	g.Expect(run.Exit()).To(Equal(reports.ExitNoVerdict))
	g.Expect(run.Results[0].Reason).To(ContainSubstring("test it without Toxiproxy"))
}

// A halfCloser sends what it has, ends its direction, and reads until the end: as netcat does.
type halfCloser struct{}

func (halfCloser) Exchange(ctx context.Context, addr string, job targets.Job) (said targets.Said) {
	var d net.Dialer
	c, err := d.DialContext(ctx, "tcp", addr)
	if err == nil {
		defer c.Close()
		if _, err = c.Write(slices.Concat(job.Messages...)); err == nil {
			err = c.(*net.TCPConn).CloseWrite()
		}
	}
	if err == nil {
		said.Received, err = io.ReadAll(c)
	}
	said.Outcome = fixtures.OutcomeOf(err)
	return said
}
