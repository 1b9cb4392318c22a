package suites

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/proxy"
	"github.com/faultwire/faultwire/targets"
)

// A Spoken is the exchange of a hunt's schedule, as a repro has it.
type Spoken struct {
	Messages []fixtures.Message
	Session  bool                 // each message is an exchange of its own, in one session; with a server: it is answered before the next is sent
	Shown    fixtures.Certificate // under TLS: what the server shows
}

// What a file may ask for, so that a stranger's costs no more than one of ours.
const (
	mostMessages = 64
	mostInterims = 16
)

var (
	kinds        = []string{"random", "text", "utf8", "binary"} // by their [fixtures.Kind]
	framings     = []string{"length", "chunks", "close"}        // by their [fixtures.Framing]
	methods      = []string{"GET", "HEAD", "POST"}              // those that a client may be asked for
	certificates = []string{string(fixtures.Expired), string(fixtures.WrongName), string(fixtures.SelfSigned), string(fixtures.Stranger)}
)

// write writes what is not as it is by default.
func (s *Spoken) write(b *bytes.Buffer) {
	b.WriteString("exchange:\n")
	if s.Session {
		b.WriteString("  session: true # one after the other\n")
	}
	if s.Shown != fixtures.Valid {
		fmt.Fprintf(b, "  certificate: %s\n", s.Shown)
	}
	b.WriteString("  messages:\n")
	for _, m := range s.Messages {
		fmt.Fprintf(b, "  - {size: %d, kind: %s", m.Size, kinds[m.Kind])
		if m.Of != 0 {
			fmt.Fprintf(b, ", of: %d", m.Of)
		}
		if m.HTTP != (fixtures.HTTP{}) {
			fmt.Fprintf(b, ", http: {%s}", strings.Join(spokenHTTP(m.HTTP), ", "))
		}
		b.WriteString("}\n")
	}
}

func spokenHTTP(h fixtures.HTTP) (said []string) {
	add := func(special bool, format string, args ...any) {
		if special {
			said = append(said, fmt.Sprintf(format, args...))
		}
	}
	add(h.Method != "", "method: %s", h.Method)
	add(h.Status != 0, "status: %d", h.Status)
	add(h.Framing != 0, "framing: %s", framings[h.Framing])
	add(h.Chunk != 0, "chunk: %d", h.Chunk)
	add(h.Gzip, "gzip: true")
	add(h.Interim != 0, "interim: %d", h.Interim)
	add(h.Interims != 0, "interims: %d", h.Interims)
	add(h.Location != 0, "location: %d", h.Location)
	add(h.Awaits, "awaits: true")
	return said
}

func (r *reproReader) exchange(n *yaml.Node, key string) *Spoken {
	s := &Spoken{}
	r.mapping(n, key, map[string]func(*yaml.Node, string){
		"session":     func(n *yaml.Node, key string) { r.decode(n, key, &s.Session, "true or false") },
		"certificate": func(n *yaml.Node, key string) { s.Shown = fixtures.Certificate(r.word(n, key, certificates...)) },
		"messages": func(n *yaml.Node, key string) {
			r.list(n, key, mostMessages, func(n *yaml.Node, key string) { s.Messages = append(s.Messages, r.message(n, key)) })
		},
	})
	if len(s.Messages) == 0 {
		r.fail(n, key+".messages", "is missing: what is exchanged")
	}
	all := 0
	for i, m := range s.Messages {
		all += m.Size
		if m.HTTP.Location >= len(s.Messages) {
			r.fail(n, fmt.Sprintf("%s.messages[%d].http.location", key, i), "there is no message %d", m.HTTP.Location)
		}
	}
	if all > fixtures.MaxFrame {
		r.fail(n, key+".messages", "have %d bytes in all; %d are the most", all, fixtures.MaxFrame)
	}
	return s
}

func (r *reproReader) message(n *yaml.Node, key string) (m fixtures.Message) {
	sized := false
	r.mapping(n, key, map[string]func(*yaml.Node, string){
		"size": func(n *yaml.Node, key string) { m.Size, sized = r.number(n, key, 0, fixtures.MaxFrame), true },
		"kind": func(n *yaml.Node, key string) { m.Kind = fixtures.Kind(slices.Index(kinds, r.word(n, key, kinds...))) },
		"of":   func(n *yaml.Node, key string) { m.Of = r.number(n, key, 0, 1<<20) },
		"http": func(n *yaml.Node, key string) { m.HTTP = r.http(n, key) },
	})
	if !sized {
		r.fail(n, key+".size", "is missing: how many bytes the message has")
	}
	return m
}

func (r *reproReader) http(n *yaml.Node, key string) (h fixtures.HTTP) {
	r.mapping(n, key, map[string]func(*yaml.Node, string){
		"method": func(n *yaml.Node, key string) { h.Method = r.word(n, key, methods...) },
		"status": func(n *yaml.Node, key string) { h.Status = r.number(n, key, 200, 599) },
		"framing": func(n *yaml.Node, key string) {
			h.Framing = fixtures.Framing(slices.Index(framings, r.word(n, key, framings...)))
		},
		"chunk":    func(n *yaml.Node, key string) { h.Chunk = r.number(n, key, 0, fixtures.MaxFrame) },
		"gzip":     func(n *yaml.Node, key string) { r.decode(n, key, &h.Gzip, "true or false") },
		"interim":  func(n *yaml.Node, key string) { h.Interim = r.number(n, key, 100, 199) },
		"interims": func(n *yaml.Node, key string) { h.Interims = r.number(n, key, 1, mostInterims) },
		"location": func(n *yaml.Node, key string) { h.Location = r.number(n, key, 0, mostMessages) },
		"awaits":   func(n *yaml.Node, key string) { r.decode(n, key, &h.Awaits, "true or false") },
	})
	return h
}

// checkExchange refuses an exchange where the case says what is exchanged, and none where it does not, and what the protocol has no use for.
func (r *Repro) checkExchange(read *reproReader, root *yaml.Node) {
	switch {
	case r.Exchange == nil && r.Case == huntID:
		read.fail(root, "exchange", "is missing: what is exchanged, for no case of the catalogue says it")
	case r.Exchange == nil:
	case r.Case != huntID:
		read.fail(root, "exchange", "only what a hunt found has one; the case says what is exchanged")
	case r.Role == targets.PeerRole:
		read.fail(root, "target.role", "is %s; what a hunt found is about a client or a server", r.Role)
	case r.Role == targets.ServerRole && r.Exchange.Shown != fixtures.Valid:
		read.fail(root, "exchange.certificate", "is what a server shows; it is for clients")
	case r.Exchange.Shown != fixtures.Valid && !r.TLS:
		read.fail(root, "exchange.certificate", "is shown under TLS only, and the target speaks none")
	case r.Protocol != string(fixtures.HTTPProtocol) && slices.ContainsFunc(r.Exchange.Messages, func(m fixtures.Message) bool { return m.HTTP != (fixtures.HTTP{}) }):
		read.fail(root, "exchange.messages", "have http, but the target speaks %s", r.Protocol)
	}
}

// repro is what it takes to see the schedule's failure again.
func (s schedule) repro(seed uint64, scale float64) *Repro {
	return &Repro{
		Case: huntID, Title: s.toTarget().Title, Target: s.target.Name, Role: s.target.Role, Protocol: string(s.target.Protocol), TLS: s.target.TLS,
		Seed: seed, Scale: scale, Exchange: &Spoken{Messages: s.Messages, Session: s.Session, Shown: s.Shown},
		Plan: proxy.Plan{Seed: seed, Faults: s.Plan.Facing(side(s.target)).Faults},
	}
}

// side is where the target is.
func side(t *targets.Target) proxy.Side {
	if t.Role == targets.ServerRole {
		return proxy.ServerSide
	}
	return proxy.ClientSide
}

// schedule is the hunt's schedule that the repro holds, for the target.
func (r *Repro) schedule(t *targets.Target) schedule {
	x := r.Exchange
	return schedule{
		Messages: x.Messages, Session: x.Session, Shown: x.Shown, target: t,
		Plan: proxy.Plan{Seed: r.Seed, Faults: relative(r.Plan.Faults, r.Role)},
	}
}

// relative are the faults with their streams as the target sees them, which is how they are judged and told.
func relative(faults []proxy.Fault, role targets.Role) []proxy.Fault {
	towards, from := proxy.Downstream, proxy.Upstream
	if role == targets.ServerRole {
		towards, from = from, towards
	}
	faults = slices.Clone(faults)
	for i, f := range faults {
		switch f.Stream {
		case towards:
			faults[i].Stream = proxy.TowardsTarget
		case from:
			faults[i].Stream = proxy.FromTarget
		}
	}
	return faults
}
