package targets

import (
	"fmt"
	"net"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/faultwire/faultwire/fixtures"
)

// envPrefix is reserved: what a target inherits under it would be another run's.
const envPrefix = "FAULTWIRE_"

// values are what the placeholders stand for, by name.
type values map[string]string

// The placeholders, by the role of the target that may use them.
var (
	anyPlaceholders    = []string{"host", "port", "addr", "url", "ca_file", "cert_file", "key_file"}
	serverPlaceholders = append(slices.Clone(anyPlaceholders), "origin_host", "origin_port", "origin_addr", "origin_url")
	clientPlaceholders = append(slices.Clone(anyPlaceholders), "method", "size", "timeout_ms", "payload")
)

func placeholdersOf(r Role) []string {
	switch r {
	case ServerRole:
		return serverPlaceholders
	case PeerRole:
		return append(slices.Clone(clientPlaceholders), "listen_host", "listen_port", "listen_addr")
	}
	return clientPlaceholders
}

// addrValues are the values that follow from an address, and from what is asked for there; and with TLS the files.
func (t *Target) addrValues(addr, path string) (values, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	v := values{"host": host, "port": port, "addr": addr, "url": t.scheme() + "://" + addr + path}
	if t.Credentials != nil {
		v["ca_file"], v["cert_file"], v["key_file"] = t.Credentials.CAFile(), t.Credentials.CertFile(), t.Credentials.KeyFile()
	}
	return v, nil
}

// jobValues adds what a client is told of its job. An undeclared deadline has no value.
func (v values) jobValues(job Job, size int, payload string) {
	if job.Method != "" {
		v["method"] = job.Method
	}
	v["size"] = strconv.Itoa(size)
	v["payload"] = payload
	v.timeout(job.Promises)
}

func (v values) timeout(promises fixtures.Deadlines) {
	if d := patience(promises); d > 0 {
		v["timeout_ms"] = strconv.FormatInt(d, 10)
	}
}

// patience is the one deadline, in milliseconds, that a client with a single knob is given.
func patience(d fixtures.Deadlines) int64 {
	for _, limit := range []int64{d.Read.Milliseconds(), d.Total.Milliseconds(), d.Connect.Milliseconds()} {
		if limit > 0 {
			return limit
		}
	}
	return 0
}

// A placeholder is a name in braces; braces around anything else, as in JSON, stand for themselves.
var placeholder = regexp.MustCompile(`\{\{[a-z][a-z0-9_]*\}\}|\{[a-z][a-z0-9_]*\}`)

// expand fills the placeholders in.
func expand(s string, v values) (string, error) {
	var failed error
	out := placeholder.ReplaceAllStringFunc(s, func(found string) string {
		name := strings.Trim(found, "{}")
		if strings.HasPrefix(found, "{{") {
			return "{" + name + "}"
		}
		value, ok := v[name]
		if !ok && failed == nil {
			failed = fmt.Errorf("{%s} has no value here", name)
		}
		return value
	})
	return out, failed
}

// checkPlaceholders makes sure that every placeholder in s will have a value.
func (t *Target) checkPlaceholders(s string) error {
	role, session := t.Role, t.Command.Session
	known := placeholdersOf(role)
	for _, found := range placeholder.FindAllString(s, -1) {
		name := strings.Trim(found, "{}")
		switch {
		case strings.HasPrefix(found, "{{"):
		case (name == "ca_file" || name == "cert_file" || name == "key_file") && !t.TLS:
			return fmt.Errorf("{%s} is for targets with tls: true", name)
		case session && (name == "size" || name == "payload" || name == "method"):
			return fmt.Errorf("{%s} has no value in a session: it stands in each request", name)
		case strings.HasPrefix(name, "origin_") && role == ServerRole && t.Protocol != fixtures.HTTPProtocol:
			return fmt.Errorf("{%s} is for gateways, which speak http", name)
		case name == "method" && t.Protocol != fixtures.HTTPProtocol:
			return fmt.Errorf("{method} is for clients that speak http")
		case name == "timeout_ms" && role != ServerRole && patience(t.Promises) == 0:
			return fmt.Errorf("{timeout_ms} has no value: declare timeouts.read, total or connect")
		case !slices.Contains(known, name):
			return fmt.Errorf("unknown placeholder {%s} for a %s%s; known: {%s}; the text itself is written {{%s}}",
				name, role, didYouMean(name, known), strings.Join(known, "} {"), name)
		}
	}
	return nil
}
