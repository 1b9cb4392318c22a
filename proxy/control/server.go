package control

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/faultwire/faultwire/proxy"
)

// Compatible is the version of Toxiproxy whose API this is.
const Compatible = "2.12.0"

// maxBody bounds what a request may send.
const maxBody = 1 << 20

// Options are what a [Server] needs to know.
type Options struct {
	Seed    uint64            // of proxies' plans that say none
	Lenient bool              // take what Toxiproxy takes and we refuse, with a warning
	Remote  bool              // the API is meant for other machines, too: any Host is answered
	Warn    func(text string) // is told of warnings; nil: nobody
}

// A Server holds the proxies that the API makes. Its methods may be called from any goroutine.
type Server struct {
	options Options

	mu      sync.Mutex // one change of the proxies at a time
	proxies map[string]*proxied
}

// New is a server without proxies.
func New(o Options) *Server {
	if o.Warn == nil {
		o.Warn = func(string) {}
	}
	return &Server{options: o, proxies: map[string]*proxied{}}
}

// Close closes all proxies.
func (s *Server) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.proxies {
		s.drop(p)
	}
}

// drop closes the proxy and forgets it; the caller holds mu.
func (s *Server) drop(p *proxied) {
	p.disable()
	close(p.gone)
	delete(s.proxies, p.name)
}

// Handler serves the API.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	for pattern, h := range map[string]func(*http.Request) (int, any, error){
		"GET /version":                               s.version,
		"POST /reset":                                s.reset,
		"POST /populate":                             s.populate,
		"GET /proxies":                               s.index,
		"POST /proxies":                              s.create,
		"GET /proxies/{proxy}":                       s.on((*Server).show),
		"POST /proxies/{proxy}":                      s.on((*Server).update),
		"PATCH /proxies/{proxy}":                     s.on((*Server).update),
		"DELETE /proxies/{proxy}":                    s.on((*Server).remove),
		"GET /proxies/{proxy}/toxics":                s.on((*Server).toxics),
		"POST /proxies/{proxy}/toxics":               s.on((*Server).addToxic),
		"GET /proxies/{proxy}/toxics/{toxic}":        s.on((*Server).showToxic),
		"POST /proxies/{proxy}/toxics/{toxic}":       s.on((*Server).updateToxic),
		"PATCH /proxies/{proxy}/toxics/{toxic}":      s.on((*Server).updateToxic),
		"DELETE /proxies/{proxy}/toxics/{toxic}":     s.on((*Server).removeToxic),
		"GET /proxies/{proxy}/plan":                  s.on((*Server).showPlan),
		"PUT /proxies/{proxy}/plan":                  s.on((*Server).arm),
		"GET /proxies/{proxy}/trace":                 s.on((*Server).trace),
		"GET /proxies/{proxy}/connections/{n}/trace": s.on((*Server).connTrace),
		"GET /proxies/{proxy}/events":                s.events,
	} {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			r.Body = http.MaxBytesReader(w, r.Body, maxBody)
			status, answer, err := h(r)
			respond(w, status, answer, err)
		})
	}
	return s.guard(mux)
}

// guard refuses browsers, as Toxiproxy does, and requests under a foreign name: a page could have its own name resolve to
// this machine.
func (s *Server) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasPrefix(r.UserAgent(), "Mozilla/"):
			http.Error(w, "User agent not allowed", http.StatusForbidden)
		case !s.options.Remote && !loopback(r.Host):
			http.Error(w, fmt.Sprintf("Host %q is not this machine's loopback; start faultwire proxy with another --host to serve others", r.Host),
				http.StatusForbidden)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

func loopback(hostport string) bool {
	host, _, err := net.SplitHostPort(hostport)
	if err != nil {
		host = strings.Trim(hostport, "[]")
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// A failure is an error with its status, in Toxiproxy's form.
type failure struct {
	Message string `json:"error"`
	Status  int    `json:"status"`
}

func (f *failure) Error() string { return f.Message }

func fail(status int, format string, args ...any) error {
	return &failure{fmt.Sprintf(format, args...), status}
}

func badBody(err error) error {
	if tooLarge, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return fail(http.StatusRequestEntityTooLarge, "bad request body: larger than %d bytes", tooLarge.Limit)
	}
	return fail(http.StatusBadRequest, "bad request body: %v", err)
}

// asFailure gives every error a status.
func asFailure(err error) *failure {
	if f, ok := errors.AsType[*failure](err); ok {
		return f
	}
	status := http.StatusInternalServerError
	_, badFault := errors.AsType[*proxy.InvalidFault](err)
	_, badPlan := errors.AsType[*proxy.PlanError](err)
	switch {
	case badFault || badPlan || errors.Is(err, errors.ErrUnsupported):
		status = http.StatusBadRequest
	case errors.Is(err, proxy.ErrFaultExists):
		return &failure{"toxic already exists", http.StatusConflict}
	case errors.Is(err, proxy.ErrNoFault):
		return &failure{"toxic not found", http.StatusNotFound}
	}
	return &failure{err.Error(), status}
}

func respond(w http.ResponseWriter, status int, answer any, err error) {
	if err != nil {
		f := asFailure(err)
		text, _ := json.Marshal(f) // two plain fields
		http.Error(w, string(text), f.Status)
		return
	}
	if status == http.StatusNoContent {
		w.WriteHeader(status)
		return
	}
	text, err := json.Marshal(answer)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(text)
}

// on finds the request's proxy and holds the lock meanwhile.
func (s *Server) on(h func(*Server, *proxied, *http.Request) (int, any, error)) func(*http.Request) (int, any, error) {
	return func(r *http.Request) (int, any, error) {
		body, err := io.ReadAll(r.Body) // before the lock: a slow client holds up nobody
		if err != nil {
			return 0, nil, badBody(err)
		}
		r.Body = io.NopCloser(strings.NewReader(string(body)))
		s.mu.Lock()
		defer s.mu.Unlock()
		p, err := s.find(r)
		if err != nil {
			return 0, nil, err
		}
		return h(s, p, r)
	}
}

// find is the request's proxy; the caller holds mu.
func (s *Server) find(r *http.Request) (*proxied, error) {
	if p := s.proxies[r.PathValue("proxy")]; p != nil {
		return p, nil
	}
	return nil, fail(http.StatusNotFound, "proxy not found")
}

func (s *Server) version(*http.Request) (int, any, error) {
	return http.StatusOK, map[string]string{"version": Compatible}, nil
}

func (s *Server) reset(*http.Request) (int, any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, name := range slices.Sorted(maps.Keys(s.proxies)) {
		p := s.proxies[name]
		if err := p.arm(proxy.Plan{Seed: p.plan.Seed}); err != nil {
			return 0, nil, err
		}
		if err := p.enable(); err != nil {
			return 0, nil, err
		}
	}
	return http.StatusNoContent, nil, nil
}

func (s *Server) index(*http.Request) (int, any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := map[string]View{}
	for name, p := range s.proxies {
		all[name] = p.view()
	}
	return http.StatusOK, all, nil
}

// A Definition is a proxy as a request or a file defines it. Toxics are in force before it takes its first connection.
type Definition struct {
	Name     string            `json:"name"`
	Listen   string            `json:"listen"`
	Upstream string            `json:"upstream"`
	Enabled  *bool             `json:"enabled"`
	Toxics   []json.RawMessage `json:"toxics"`
}

func (s *Server) create(r *http.Request) (int, any, error) {
	var d Definition
	if err := json.NewDecoder(r.Body).Decode(&d); err != nil {
		return 0, nil, badBody(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case d.Name == "":
		return 0, nil, fail(http.StatusBadRequest, "missing required field: name")
	case d.Upstream == "":
		return 0, nil, fail(http.StatusBadRequest, "missing required field: upstream")
	case s.proxies[d.Name] != nil:
		return 0, nil, fail(http.StatusConflict, "proxy already exists")
	}
	p, err := s.make(d)
	if err != nil {
		return 0, nil, err
	}
	return http.StatusCreated, p.view(), nil
}

// make makes a proxy; the caller holds mu and has closed its predecessor.
func (s *Server) make(d Definition) (*proxied, error) {
	plan, err := s.planOf(d)
	if err != nil {
		return nil, err
	}
	p := &proxied{name: d.Name, listen: d.Listen, upstream: d.Upstream, plan: plan,
		board: proxy.NewBoard(), gone: make(chan struct{})}
	if d.Enabled == nil || *d.Enabled {
		if err := p.enable(); err != nil {
			return nil, err
		}
	}
	s.proxies[d.Name] = p
	return p, nil
}

// planOf is the plan of the definition's toxics.
func (s *Server) planOf(d Definition) (proxy.Plan, error) {
	plan := proxy.Plan{Seed: s.options.Seed}
	for _, text := range d.Toxics {
		f, err := s.toxic(d.Name, text)
		if err != nil {
			return plan, err
		}
		plan.Faults = append(plan.Faults, f)
	}
	return plan, plan.Validate()
}

func (s *Server) populate(r *http.Request) (int, any, error) {
	var all []Definition
	if err := json.NewDecoder(r.Body).Decode(&all); err != nil {
		return 0, nil, badBody(err)
	}
	made, err := s.Populate(all)
	answer := struct {
		*failure
		Proxies []View `json:"proxies"`
	}{Proxies: made}
	if err == nil {
		return http.StatusCreated, answer, nil
	}
	answer.failure = asFailure(err)
	return answer.Status, answer, nil
}

// Populate makes the proxies; one that is there already, with the same addresses, is kept, and takes the definition's toxics
// if it has some. It returns those that were made or kept before the first error.
func (s *Server) Populate(all []Definition) ([]View, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, d := range all {
		if d.Name == "" || d.Upstream == "" {
			return nil, fail(http.StatusBadRequest, "missing required field: %s at proxy %d", cmp.Or(missing(d.Name, "name"), "upstream"), i+1)
		}
		if _, err := s.planOf(d); err != nil {
			return nil, err
		}
	}
	var made []View
	for _, d := range all {
		p := s.proxies[d.Name]
		var err error
		switch {
		case p == nil:
			p, err = s.make(d)
		case p.differs(d.Listen, d.Upstream):
			p.disable() // and it stays so, if the other cannot be made
			old := p
			if p, err = s.make(d); err == nil {
				close(old.gone)
			}
		case d.Toxics != nil:
			var plan proxy.Plan
			if plan, err = s.planOf(d); err == nil {
				err = p.arm(plan)
			}
		}
		if err != nil {
			return made, err
		}
		made = append(made, p.view())
	}
	return made, nil
}

func missing(value, name string) string {
	if value == "" {
		return name
	}
	return ""
}
