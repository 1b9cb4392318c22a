package control

import (
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/faultwire/faultwire/proxy"
)

func (s *Server) showPlan(p *proxied, _ *http.Request) (int, any, error) {
	plan := p.plan
	if plan.Faults == nil {
		plan.Faults = []proxy.Fault{}
	}
	return http.StatusOK, plan, nil
}

// arm takes a whole plan: for connections that are open it begins now.
func (s *Server) arm(p *proxied, r *http.Request) (int, any, error) {
	text, err := io.ReadAll(r.Body)
	if err != nil {
		return 0, nil, badBody(err)
	}
	plan, err := proxy.ParsePlan("plan", text)
	if err != nil {
		return 0, nil, fail(http.StatusBadRequest, "%v", err)
	}
	if plan.Seed == 0 {
		plan.Seed = s.options.Seed
	}
	if err := p.arm(plan); err != nil {
		return 0, nil, err
	}
	return s.showPlan(p, r)
}

func (s *Server) trace(p *proxied, _ *http.Request) (int, any, error) {
	if p.relay == nil {
		return http.StatusOK, proxy.Trace{}, nil
	}
	return http.StatusOK, p.relay.Trace(), nil
}

func (s *Server) connTrace(p *proxied, r *http.Request) (int, any, error) {
	if p.relay != nil {
		for _, c := range p.relay.Trace().Conns {
			if strconv.Itoa(c.N) == r.PathValue("n") {
				return http.StatusOK, c, nil
			}
		}
	}
	return 0, nil, fail(http.StatusNotFound, "connection not found")
}

// maxWait bounds how long a request for events waits.
const maxWait = 25 * time.Second

// events answers with the events after since (default 0), and waits for one if there is none. what asks for events of one kind
// alone.
func (s *Server) events(r *http.Request) (int, any, error) {
	since, wait := 0, time.Duration(0)
	var err error
	if text := r.FormValue("since"); text != "" {
		if since, err = strconv.Atoi(text); err != nil {
			return 0, nil, fail(http.StatusBadRequest, "since: %q is no number of an event", text)
		}
	}
	if text := r.FormValue("wait"); text != "" {
		if wait, err = time.ParseDuration(text); err != nil {
			return 0, nil, fail(http.StatusBadRequest, "wait: %q is no duration such as 2s", text)
		}
	}
	s.mu.Lock()
	p, err := s.find(r)
	if err != nil {
		s.mu.Unlock()
		return 0, nil, err
	}
	s.mu.Unlock()

	type answer struct {
		Events []proxy.Notice `json:"events"`
		Next   int            `json:"next"` // ask for events since this next time
	}
	a := answer{[]proxy.Notice{}, since}
	over := time.NewTimer(min(wait, maxWait))
	defer over.Stop()
	for {
		fresh, more := p.board.Since(max(0, a.Next))
		for _, n := range fresh {
			a.Next = n.Seq
			if what := r.FormValue("what"); what == "" || what == n.What {
				a.Events = append(a.Events, n)
			}
		}
		if len(a.Events) > 0 {
			return http.StatusOK, a, nil
		}
		select {
		case <-more:
		case <-over.C:
			return http.StatusOK, a, nil
		case <-p.gone:
			return http.StatusOK, a, nil
		case <-r.Context().Done():
			return http.StatusOK, a, nil
		}
	}
}
