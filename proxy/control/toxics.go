package control

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/faultwire/faultwire/proxy"
)

// A toxic is a fault as the API shows it: Toxiproxy's own have all their attributes and a name, whether given or not.
type toxic = proxy.Fault

// native are Toxiproxy's own toxics and their attributes, which it takes as 0 where they are not given.
var native = map[string][]string{
	"latency":    {"latency", "jitter"},
	"bandwidth":  {"rate"},
	"slow_close": {"delay"},
	"timeout":    {"timeout"},
	"slicer":     {"average_size", "size_variation", "delay"},
	"limit_data": {"bytes"},
	"reset_peer": {"timeout"},
}

// shown is the fault with all that Toxiproxy shows of it.
func shown(f proxy.Fault) toxic {
	f.Name = f.ID()
	f.Attributes = maps.Clone(f.Attributes)
	if f.Attributes == nil {
		f.Attributes = map[string]int64{}
	}
	for _, name := range native[f.Type] {
		if _, given := f.Attributes[name]; !given {
			f.Attributes[name] = 0
		}
	}
	return f
}

// toxic reads a toxic as Toxiproxy does, but refuses what it would only misunderstand; --lenient takes that, too.
func (s *Server) toxic(of string, text []byte) (proxy.Fault, error) {
	var plain map[string]any
	if err := json.Unmarshal(text, &plain); err != nil {
		return proxy.Fault{}, badBody(err)
	}
	kind, _ := plain["type"].(string)
	if stream, given := plain["stream"].(string); given && !slices.Contains([]string{"upstream", "downstream"}, strings.ToLower(stream)) {
		return proxy.Fault{}, fail(http.StatusBadRequest, "stream was invalid, can be either upstream or downstream")
	}
	if !slices.Contains(proxy.Types(), kind) {
		return proxy.Fault{}, fail(http.StatusBadRequest, "invalid toxic type")
	}
	attributes, _ := plain["attributes"].(map[string]any)
	if attributes == nil {
		attributes = map[string]any{}
	}
	for _, name := range native[kind] {
		if _, given := attributes[name]; !given && name != "average_size" { // a slicer of 0 bytes crashes Toxiproxy
			attributes[name] = 0
		}
	}
	plain["attributes"] = attributes
	if s.options.Lenient {
		s.forgive(of, plain, attributes)
	}
	text, err := json.Marshal(plain)
	if err != nil {
		return proxy.Fault{}, badBody(err)
	}
	var f proxy.Fault
	if err := json.Unmarshal(text, &f); err != nil {
		return f, err
	}
	f.Name = f.ID()
	return f, nil
}

// forgive mends what Toxiproxy takes and we refuse, and warns of each.
func (s *Server) forgive(of string, plain, attributes map[string]any) {
	kind, _ := plain["type"].(string)
	warn := func(key, what string) {
		s.options.Warn(fmt.Sprintf("proxy %s, toxic %s: %s %s", of, kind, key, what))
	}
	if _, ours := native[kind]; !ours {
		return
	}
	for _, key := range slices.Sorted(maps.Keys(plain)) {
		if !slices.Contains([]string{"name", "type", "stream", "toxicity", "attributes", "connection", "trigger", "until"}, key) {
			warn(key, "is no key of a toxic: ignored")
			delete(plain, key)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(attributes)) {
		switch n, isNumber := attributes[key].(float64); {
		case !proxy.Takes(kind, key):
			warn("attributes."+key, "is no attribute of it: ignored")
			delete(attributes, key)
		case isNumber && n < 0:
			warn("attributes."+key, fmt.Sprintf("of %v is negative: taken as 0", n))
			attributes[key] = 0
		}
	}
	if n, ok := plain["toxicity"].(float64); ok && (n < 0 || n > 1) {
		warn("toxicity", fmt.Sprintf("of %v is not between 0 and 1: taken as the nearer", n))
		plain["toxicity"] = min(1, max(0, n))
	}
}

func (s *Server) toxics(p *proxied, _ *http.Request) (int, any, error) {
	return http.StatusOK, p.toxics(), nil
}

func (s *Server) addToxic(p *proxied, r *http.Request) (int, any, error) {
	text, err := io.ReadAll(r.Body)
	if err != nil {
		return 0, nil, badBody(err)
	}
	f, err := s.toxic(p.name, text)
	if err != nil {
		return 0, nil, err
	}
	if slices.ContainsFunc(p.plan.Faults, func(g proxy.Fault) bool { return g.ID() == f.ID() }) {
		return 0, nil, fail(http.StatusConflict, "toxic already exists")
	}
	plan := p.plan
	plan.Faults = append(slices.Clone(plan.Faults), f)
	return http.StatusOK, shown(f), p.arm(plan)
}

func (s *Server) showToxic(p *proxied, r *http.Request) (int, any, error) {
	i, err := p.of(r)
	if err != nil {
		return 0, nil, err
	}
	return http.StatusOK, shown(p.plan.Faults[i]), nil
}

// updateToxic keeps what the request does not give. As in Toxiproxy, a toxic's name, type and stream cannot be changed.
func (s *Server) updateToxic(p *proxied, r *http.Request) (int, any, error) {
	i, err := p.of(r)
	if err != nil {
		return 0, nil, err
	}
	var given map[string]any
	if err := json.NewDecoder(r.Body).Decode(&given); err != nil {
		return 0, nil, badBody(err)
	}
	old, err := json.Marshal(shown(p.plan.Faults[i]))
	if err != nil {
		return 0, nil, err
	}
	var next map[string]any
	if err := json.Unmarshal(old, &next); err != nil {
		return 0, nil, err
	}
	for key, value := range given {
		switch key {
		case "name", "type", "stream":
		case "attributes":
			if changes, ok := value.(map[string]any); ok {
				attributes, _ := next["attributes"].(map[string]any)
				if attributes == nil {
					attributes = map[string]any{}
				}
				maps.Copy(attributes, changes)
				next["attributes"] = attributes
			}
		default:
			next[key] = value
		}
	}
	text, err := json.Marshal(next)
	if err != nil {
		return 0, nil, badBody(err)
	}
	f, err := s.toxic(p.name, text)
	if err != nil {
		return 0, nil, err
	}
	plan := p.plan
	plan.Faults = slices.Clone(plan.Faults)
	plan.Faults[i] = f
	return http.StatusOK, shown(f), p.arm(plan)
}

func (s *Server) removeToxic(p *proxied, r *http.Request) (int, any, error) {
	i, err := p.of(r)
	if err != nil {
		return 0, nil, err
	}
	plan := p.plan
	plan.Faults = slices.Delete(slices.Clone(plan.Faults), i, i+1)
	return http.StatusNoContent, nil, p.arm(plan)
}
