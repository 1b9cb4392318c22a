package remote

import (
	"fmt"
	"reflect"
	"sync"

	toxiproxy "github.com/Shopify/toxiproxy/v2/client"

	"github.com/faultwire/faultwire/proxy"
)

// A Proxy is one proxy on the server, with a plan's faults as its toxics.
type Proxy struct {
	made  *toxiproxy.Proxy // as the server had it when it was complete
	close func() error
}

// Open makes a proxy to upstream with the plan's faults, before anyone connects: a toxic that is added to a live connection
// can crash a Toxiproxy. The error wraps [errors.ErrUnsupported] if stock Toxiproxy does not have such faults.
func (s *Server) Open(upstream string, plan proxy.Plan) (*Proxy, error) {
	if err := Takes(plan); err != nil {
		return nil, err
	}
	name := fmt.Sprintf("%s-%d", s.prefix, s.opened.Add(1))
	made, err := s.make(name, upstream, plan)
	if err != nil {
		_ = s.remove(name) // whatever there is of it
		return nil, fmt.Errorf("%s: making the proxy %s to %s: %w; is that Toxiproxy still there?", s.url, name, upstream, err)
	}
	return &Proxy{made: made, close: sync.OnceValue(func() error { return s.end(made) })}, nil
}

func (s *Server) make(name, upstream string, plan proxy.Plan) (*toxiproxy.Proxy, error) {
	p, err := s.client.CreateProxy(name, "127.0.0.1:0", upstream)
	if err != nil {
		return nil, err
	}
	for _, f := range plan.Faults {
		attributes := toxiproxy.Attributes{}
		for name, v := range f.Attributes {
			attributes[name] = v
		}
		if _, err := p.AddToxic(f.ID(), f.Type, string(f.Stream), 1, attributes); err != nil {
			return nil, err
		}
	}
	return s.client.Proxy(name)
}

func (s *Server) remove(name string) error {
	p := s.client.NewProxy()
	p.Name = name
	return p.Delete()
}

// end removes the proxy and says whether it was there, as it was made, all the time. It may not have been: the server can have
// ended or been reset, and others can change what is on it.
func (s *Server) end(made *toxiproxy.Proxy) error {
	last, err := s.client.Proxy(made.Name)
	if e := s.remove(made.Name); err == nil {
		err = e
	}
	if err != nil {
		return fmt.Errorf("%s: removing the proxy %s: %w; the Toxiproxy has ended, or somebody else has removed it",
			s.url, made.Name, err)
	}
	if !reflect.DeepEqual(made, last) {
		return fmt.Errorf("%s: the proxy %s was changed meanwhile, by a reset of the server or by somebody else; run when nobody does that",
			s.url, made.Name)
	}
	return nil
}

// Addr is the address that clients connect to.
func (p *Proxy) Addr() string { return p.made.Listen }

// Close ends the proxy's connections and removes it. An error says that it may not have been there all the time, so that
// nothing can be said about what passed. Close may be called again.
func (p *Proxy) Close() error { return p.close() }
