package control

import (
	"encoding/json"
	"net"
	"net/http"
	"slices"
	"strings"

	"github.com/faultwire/faultwire/proxy"
)

// A proxied is one proxy of the API. A disabled one has no relay, and refuses connections by not being there.
type proxied struct {
	name, listen, upstream string
	plan                   proxy.Plan
	relay                  *proxy.Relay
	board                  *proxy.Board  // the events of all its relays
	gone                   chan struct{} // closed when it is deleted
}

// A View is a proxy as the API shows it.
type View struct {
	Name     string  `json:"name"`
	Listen   string  `json:"listen"`
	Upstream string  `json:"upstream"`
	Enabled  bool    `json:"enabled"`
	Toxics   []toxic `json:"toxics"`
}

func (p *proxied) view() View {
	return View{p.name, p.listen, p.upstream, p.relay != nil, p.toxics()}
}

// toxics are the plan's faults in Toxiproxy's order: upstream first.
func (p *proxied) toxics() []toxic {
	all := []toxic{}
	for _, s := range []proxy.Stream{proxy.Upstream, proxy.Downstream} {
		for _, f := range p.plan.Faults {
			if f.Stream == s {
				all = append(all, shown(f))
			}
		}
	}
	return all
}

// enable listens; without effect if it does already.
func (p *proxied) enable() error {
	if p.relay != nil {
		return nil
	}
	listen := p.listen
	if listen == "" {
		listen = "127.0.0.1:0"
	}
	if strings.HasPrefix(listen, ":") { // loopback unless told otherwise
		listen = "127.0.0.1" + listen
	}
	r, err := proxy.Listen(proxy.Config{Listen: listen, Upstream: p.upstream, Plan: p.plan, Board: p.board})
	if err != nil {
		return err
	}
	p.relay = r
	if r.Addr().Network() != "unix" {
		p.listen = r.Addr().String()
	}
	return nil
}

func (p *proxied) disable() {
	if p.relay == nil {
		return
	}
	_ = p.relay.Close()
	p.relay = nil
}

// arm changes the plan, in force or not.
func (p *proxied) arm(plan proxy.Plan) error {
	if err := plan.Validate(); err != nil {
		return err
	}
	if p.relay != nil {
		if err := p.relay.Arm(plan); err != nil {
			return err
		}
	}
	p.plan = plan
	return nil
}

// differs reports whether the addresses are others.
func (p *proxied) differs(listen, upstream string) bool {
	if upstream != p.upstream {
		return true
	}
	if listen == p.listen {
		return false
	}
	a, err := net.ResolveTCPAddr("tcp", listen)
	if err != nil || a.IP == nil {
		return err != nil || listen == "" || !strings.HasSuffix(p.listen, listen)
	}
	return a.String() != p.listen
}

func (s *Server) show(p *proxied, _ *http.Request) (int, any, error) {
	return http.StatusOK, p.view(), nil
}

func (s *Server) update(p *proxied, r *http.Request) (int, any, error) {
	enabled := p.relay != nil
	d := Definition{Listen: p.listen, Upstream: p.upstream}
	if err := json.NewDecoder(r.Body).Decode(&d); err != nil {
		return 0, nil, badBody(err)
	}
	if p.differs(d.Listen, d.Upstream) {
		if !strings.HasPrefix(d.Listen, "unix:") {
			if _, err := net.ResolveTCPAddr("tcp", d.Listen); err != nil {
				return 0, nil, err
			}
		}
		p.disable()
		p.listen, p.upstream = d.Listen, d.Upstream
	}
	if d.Enabled != nil {
		enabled = *d.Enabled
	}
	if enabled {
		if err := p.enable(); err != nil {
			return 0, nil, err
		}
	} else {
		p.disable()
	}
	return http.StatusOK, p.view(), nil
}

func (s *Server) remove(p *proxied, _ *http.Request) (int, any, error) {
	s.drop(p)
	return http.StatusNoContent, nil, nil
}

// of finds the fault that the request names.
func (p *proxied) of(r *http.Request) (int, error) {
	i := slices.IndexFunc(p.plan.Faults, func(f proxy.Fault) bool { return f.ID() == r.PathValue("toxic") })
	if i < 0 {
		return i, fail(http.StatusNotFound, "toxic not found")
	}
	return i, nil
}
