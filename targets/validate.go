package targets

import (
	"fmt"
	"maps"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/faultwire/faultwire/fixtures"
)

// targetName is what file names, labels and JUnit's class names all take.
var targetName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.-]*$`)

// Validate says what is wrong with the target as it is described, by a [ConfigError] whose Key is the key of
// faultwire.yaml. It neither starts nor looks anything up: [Command.Find] tells whether a program exists.
func (t *Target) Validate() error {
	for _, check := range []func() *ConfigError{t.checkNames, t.checkKind, t.checkCommand, t.checkNumbers, t.checkPackets, t.checkGateway} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

func (t *Target) checkNames() *ConfigError {
	roles := []string{string(ClientRole), string(ServerRole), string(PeerRole)}
	var protocols []string
	for _, p := range fixtures.Protocols() {
		protocols = append(protocols, string(p))
	}
	switch {
	case t.Name == "":
		return bad("name", "is missing; give the target a name")
	case !targetName.MatchString(t.Name):
		return bad("name", "%q must be letters, digits, '-', '_' and '.', and begin with a letter or a digit", t.Name)
	case t.Role == "":
		return bad("role", "is missing; say which side is under test: %s", strings.Join(roles, " or "))
	case !slices.Contains(roles, string(t.Role)):
		return bad("role", "unknown role %q%s; known: %s", t.Role, didYouMean(string(t.Role), roles), strings.Join(roles, ", "))
	case t.Protocol == "":
		return bad("protocol", "is missing; say how a message is known to be complete: %s", strings.Join(protocols, ", "))
	case !t.Protocol.Valid():
		return bad("protocol", "unknown protocol %q%s; known: %s", t.Protocol, didYouMean(string(t.Protocol), protocols),
			strings.Join(protocols, ", "))
	case t.Protocol == fixtures.ConversationProtocol && t.Conversation == nil:
		return bad("conversation", "is missing; say in %s what is asked and what is answered: request and reply", "faultwire.yaml")
	case t.Protocol != fixtures.ConversationProtocol && t.Conversation != nil:
		return bad("conversation", "is for protocol: conversation; leave it out, or correct the protocol")
	}
	switch {
	case t.Path != "" && (t.Protocol != fixtures.HTTPProtocol || t.Role != ServerRole):
		return bad("path", "is for servers that speak http: where the page is that they serve")
	case t.Path != "" && (!strings.HasPrefix(t.Path, "/") || strings.ContainsAny(t.Path, " \r\n\t")):
		return bad("path", "%q is no path; it begins with a slash and has no white space, such as /index.html", t.Path)
	}
	if t.Conversation != nil {
		if err := t.Conversation.Check(t.Role == ServerRole); err != nil {
			return bad("conversation", "%v", err)
		}
	}
	return nil
}

func (t *Target) checkKind() *ConfigError {
	var kinds []string
	for kind, set := range map[string]bool{
		"Client": t.Client != nil, "Server": t.Server != nil, "Gateway": t.Gateway != nil, "Packets": t.Packets != nil, "Peer": t.Peer != nil, "command": t.Command != nil, "address": t.Address != "",
	} {
		if set {
			kinds = append(kinds, kind)
		}
	}
	slices.Sort(kinds)
	if t.Role == PeerRole {
		return t.checkPeer(kinds)
	}
	switch {
	case len(kinds) == 0 && t.Role == ServerRole:
		return bad("command", "is missing; give a command, or the address of a server that is running")
	case len(kinds) == 0:
		return bad("command", "is missing; give the program and its arguments")
	case len(kinds) > 1:
		return bad(kinds[len(kinds)-1], "cannot be given together with %s; keep one", strings.Join(kinds[:len(kinds)-1], ", "))
	case t.Client != nil && t.Role != ClientRole, (t.Server != nil || t.Packets != nil || t.Gateway != nil) && t.Role != ServerRole, t.Peer != nil:
		return bad("role", "is %s, but what is given is a %s", t.Role, strings.ToLower(strings.Replace(kinds[0], "Packets", "Server", 1)))
	case t.Address != "" && t.Role != ServerRole:
		return bad("address", "is for servers; a client is given as a command")
	}
	if t.Address != "" {
		if host, port, err := net.SplitHostPort(t.Address); err != nil || host == "" || port == "" {
			return bad("address", "%q is no address; write host:port, such as 127.0.0.1:7000", t.Address)
		}
	}
	return nil
}

// checkPeer checks what a peer is made of.
func (t *Target) checkPeer(kinds []string) *ConfigError {
	switch {
	case !slices.Contains(fixtures.Echoing(), t.Protocol):
		return bad("protocol", "of a peer is one in which it sends back what it is sent: echo, framed or line")
	case len(kinds) == 0:
		return bad("command", "is missing; give the program and its arguments")
	case t.Command == nil && t.Peer == nil || len(kinds) > 1:
		return bad("role", "is peer: that needs a command, or a Peer, and nothing else; what is given is %s", strings.Join(kinds, ", "))
	case t.Command != nil && !t.Command.Session:
		return bad("session", "is missing; a peer is asked in a session to ask: session: true")
	}
	return nil
}

func (t *Target) checkCommand() *ConfigError {
	c := t.Command
	if c == nil {
		return nil
	}
	if len(c.Args) == 0 || strings.TrimSpace(c.Args[0]) == "" {
		return bad("command", "is empty; give the program and its arguments")
	}
	if placeholder.MatchString(c.Args[0]) {
		return bad("command", "the program itself cannot be a placeholder: %s", c.Args[0])
	}
	for _, arg := range c.Args[1:] {
		if err := t.checkPlaceholders(arg); err != nil {
			return bad("command", "%v", err)
		}
	}
	for _, method := range slices.Sorted(maps.Keys(c.Methods)) {
		switch key, args := "methods."+method, c.Methods[method]; {
		case t.Role != ClientRole || t.Protocol != fixtures.HTTPProtocol || c.Session:
			return bad("methods", "is for clients that speak http and are run once for each exchange")
		case method != http.MethodHead && method != http.MethodPost:
			return bad(key, "is not asked by; known: HEAD, POST; GET is the command itself")
		case len(args) == 0 || strings.TrimSpace(args[0]) == "":
			return bad(key, "is empty; give the program and its arguments")
		default:
			for _, arg := range args[1:] {
				if err := t.checkPlaceholders(arg); err != nil {
					return bad(key, "%v", err)
				}
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.Env)) {
		switch key := "env." + name; {
		case name == "" || strings.ContainsAny(name, "=\x00"):
			return bad(key, "%q is no name for a variable", name)
		case strings.HasPrefix(name, envPrefix):
			return bad(key, "%s* is set by Faultwire; choose another name", envPrefix)
		default:
			if err := t.checkPlaceholders(c.Env[name]); err != nil {
				return bad(key, "%v", err)
			}
		}
	}
	switch {
	case t.Role == ServerRole && c.Session:
		return bad("session", "is for clients")
	case c.Session && c.Classify != nil:
		return bad("classify", "is for a client that is run once for each exchange; a session says its outcomes itself")
	case t.Role == ServerRole && c.NoOutput:
		return bad("output", "is for clients")
	case t.Role == ServerRole && c.Classify != nil:
		return bad("classify", "is for clients")
	case t.Role == ClientRole && c.StartTimeout != 0:
		return bad("start_timeout", "is for servers")
	case t.Role == ClientRole && c.Ready != nil:
		return bad("ready", "is for servers")
	case c.StartTimeout < 0:
		return bad("start_timeout", "%v is negative", c.StartTimeout)
	}
	return nil
}

func (t *Target) checkNumbers() *ConfigError {
	for _, name := range deadlineNames {
		if d := t.Promises.Of(name); d < 0 || d > 0 && d < time.Millisecond {
			return bad("timeouts."+string(name), "%v is too short; the least is 1ms", d)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(t.KnownFailures)) {
		if strings.TrimSpace(t.KnownFailures[id].Reason) == "" {
			return bad("known_failures."+id, "has no reason; say why the failure is accepted")
		}
	}
	switch {
	case t.Limits.Connections < 0:
		return bad("limits.connections", "%d is negative", t.Limits.Connections)
	case t.Limits.Rate < 0:
		return bad("limits.rate", "%v is negative", t.Limits.Rate)
	}
	return nil
}

var deadlineNames = []fixtures.Deadline{fixtures.ConnectDeadline, fixtures.ReadDeadline, fixtures.WriteDeadline,
	fixtures.TotalDeadline, fixtures.IdleDeadline}

func bad(key, format string, args ...any) *ConfigError {
	return &ConfigError{Key: key, Msg: fmt.Sprintf(format, args...)}
}
