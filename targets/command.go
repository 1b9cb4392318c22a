package targets

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

// A Command is a client or a server in processes of its own.
//
// A client's process plays one exchange: it connects to {addr}, sends what stdin (or the file {payload}) holds, writes
// the bodies it receives to stdout and says by its exit code how that ended; [ExitOutcome] has the codes. A server's
// process listens on {addr} until SIGTERM; each [Target.Start] begins a fresh one on a port of its own.
//
// Args and the values of Env may hold the placeholders {host} {port} {addr} {url} and, for clients, {size} (of the
// payload in bytes), {timeout_ms} (the declared read deadline, else total, else connect) and {payload}. The same stand in the
// environment as FAULTWIRE_HOST and so on. {{name}} is the literal {name}.
type Command struct {
	Args []string          // the program and its arguments; a program without a slash is looked up in PATH
	Env  map[string]string // added to the harness's own environment
	Dir  string            // the working folder; empty means the harness's own

	// Methods is how clients that speak HTTP ask by other methods than GET: the program and its arguments, by the method's name.
	// A command with {method} among its arguments is for all.
	Methods map[string][]string

	Session  bool        // clients: one process plays several exchanges; see [Session]
	NoOutput bool        // clients: stdout is not what was received ("output: none")
	Classify *Classifier // clients: what exit codes and stderr mean, where they do not follow the contract

	StartTimeout time.Duration  // servers: from start to readiness; 0 means DefaultStartTimeout
	Ready        *regexp.Regexp // servers: a line of output that says "ready"; nil means that the port is in LISTEN
}

// DefaultStartTimeout is how long a server may take until it is ready.
const DefaultStartTimeout = 10 * time.Second

// marker names the variable by which processes that left their group and session are still recognised as ours.
const marker = "FAULTWIRE_RUN"

// Find returns the path of the program. Its error is a [ConfigError] that names where was looked and what to do.
func (c *Command) Find() (string, error) {
	if len(c.Args) == 0 || c.Args[0] == "" {
		return "", &ConfigError{Key: "command", Msg: "is empty; give the program and its arguments"}
	}
	if c.Dir != "" {
		if info, err := os.Stat(c.Dir); err != nil || !info.IsDir() {
			return "", &ConfigError{Key: "cwd", Msg: fmt.Sprintf("the folder %s does not exist; correct cwd", c.Dir)}
		}
	}
	name := c.Args[0]
	path := name
	if filepath.Base(name) != name && !filepath.IsAbs(name) {
		abs, err := filepath.Abs(filepath.Join(c.Dir, name))
		if err != nil {
			return "", err
		}
		path = abs
	}
	found, err := exec.LookPath(path)
	if err == nil || errors.Is(err, exec.ErrDot) {
		return filepath.Abs(found)
	}
	return "", &ConfigError{Key: "command", Msg: notFound(path, err), Err: err}
}

func notFound(path string, err error) string {
	switch {
	case errors.Is(err, exec.ErrNotFound) && filepath.Base(path) == path:
		return fmt.Sprintf("the program %q is not in PATH (%s); install it, or give its path", path, os.Getenv("PATH"))
	case errors.Is(err, fs.ErrPermission):
		return fmt.Sprintf("%s may not be executed; run chmod +x %s, or name its interpreter first", path, path)
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Sprintf("the program %s does not exist; build it first, or correct its path", path)
	}
	return fmt.Sprintf("%s cannot be executed: %v", path, err)
}

// trustVariables are where programs look for the authorities that they are to trust: OpenSSL, Go and others; requests; curl; Node.
var trustVariables = []string{"SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"}

// asking is the command for a request of HTTP by the method; false if it has none.
func (c *Command) asking(method string) (*Command, bool) {
	for _, arg := range c.Args {
		if strings.Contains(arg, "{method}") {
			return c, true
		}
	}
	args, other := c.Methods[method]
	if !other {
		return c, method == "" || method == http.MethodGet
	}
	by := *c
	by.Args = args
	return &by, true
}

// cmd is the command made ready to start: placeholders filled in, environment clean. It carries the mark.
func (c *Command) cmd(v values, mark string) (*exec.Cmd, error) {
	path, err := c.Find()
	if err != nil {
		return nil, err
	}
	cmd := &exec.Cmd{Path: path, Args: []string{c.Args[0]}, Dir: c.Dir}
	for _, arg := range c.Args[1:] {
		arg, err := expand(arg, v)
		if err != nil {
			return nil, &ConfigError{Key: "command", Msg: err.Error()}
		}
		cmd.Args = append(cmd.Args, arg)
	}
	cmd.Env = append(cmd.Env, marker+"="+mark)
	for _, pair := range os.Environ() {
		if !strings.HasPrefix(pair, envPrefix) {
			cmd.Env = append(cmd.Env, pair)
		}
	}
	if ca, secure := v["ca_file"]; secure {
		for _, name := range trustVariables {
			cmd.Env = append(cmd.Env, name+"="+ca)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(v)) {
		cmd.Env = append(cmd.Env, envPrefix+strings.ToUpper(name)+"="+v[name])
	}
	for _, name := range slices.Sorted(maps.Keys(c.Env)) {
		value, err := expand(c.Env[name], v)
		if err != nil {
			return nil, &ConfigError{Key: "env." + name, Msg: err.Error()}
		}
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	return cmd, nil
}
