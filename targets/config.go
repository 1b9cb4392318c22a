package targets

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Load reads the targets from a configuration file. Relative folders and programs in it are relative to the file's own
// folder, which is also the working folder of commands without cwd. Every mistake is a [ConfigError].
func Load(path string) ([]Target, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &ConfigError{File: path, Msg: "does not exist; name the configuration file, or give the target by flags", Err: err}
	}
	if err != nil {
		return nil, &ConfigError{File: path, Msg: fmt.Sprintf("cannot be read: %v", err), Err: err}
	}
	dir, err := filepath.Abs(filepath.Dir(path))
	if err != nil {
		return nil, err
	}
	all, err := parse(text, dir)
	if mistake, ok := errors.AsType[*ConfigError](err); ok {
		mistake.File = path
	}
	for _, t := range all {
		for pattern, known := range t.KnownFailures {
			known.File = path
			t.KnownFailures[pattern] = known
		}
	}
	return all, err
}

func parse(text []byte, dir string) ([]Target, error) {
	var document yaml.Node
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	if err := decoder.Decode(&document); errors.Is(err, io.EOF) {
		return nil, &ConfigError{Msg: "is empty; it needs a list of targets"}
	} else if err != nil {
		return nil, syntaxError(err)
	}
	if err := decoder.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return nil, &ConfigError{Msg: "holds more than one YAML document; keep one"}
	}
	var all []Target
	root := node{document.Content[0], ""}
	err := root.read(fields{"targets": func(n node) error {
		items, err := n.items()
		if err != nil {
			return err
		}
		lines := map[string]int{}
		for _, item := range items {
			t, err := readTarget(item, dir)
			if err != nil {
				return err
			}
			if line, taken := lines[t.Name]; taken {
				return item.errorf("the name %q is taken by the target in line %d; choose another", t.Name, line)
			}
			lines[t.Name] = item.Line
			all = append(all, t)
		}
		return nil
	}})
	if err == nil && len(all) == 0 {
		err = root.errorf("has no targets; give at least one under targets:")
	}
	if err != nil {
		return nil, err
	}
	return all, nil
}

// syntaxError takes the line out of the YAML parser's message.
func syntaxError(err error) error {
	e := &ConfigError{Msg: strings.TrimPrefix(err.Error(), "yaml: "), Err: err}
	if rest, ok := strings.CutPrefix(e.Msg, "line "); ok {
		if number, what, ok := strings.Cut(rest, ": "); ok {
			if line, err := strconv.Atoi(number); err == nil {
				e.Line, e.Msg = line, what
			}
		}
	}
	e.Msg = "is no YAML: " + e.Msg
	return e
}

// readTarget reads one target and validates it.
func readTarget(n node, dir string) (Target, error) {
	var t Target
	var c Command
	var start string
	err := n.read(fields{
		"name":           func(n node) error { return n.string(&t.Name) },
		"version":        func(n node) error { return n.string(&t.Version) },
		"role":           func(n node) error { return n.string((*string)(&t.Role)) },
		"protocol":       func(n node) error { return n.string((*string)(&t.Protocol)) },
		"conversation":   func(n node) (err error) { t.Conversation, err = readConversation(n); return err },
		"path":           func(n node) error { return n.string(&t.Path) },
		"methods":        func(n node) (err error) { c.Methods, err = readMethods(n); return err },
		"address":        func(n node) error { return n.string(&t.Address) },
		"start":          func(n node) error { return n.string(&start) },
		"timeouts":       func(n node) error { return readDeadlines(n, &t.Promises) },
		"limits":         func(n node) error { return readLimits(n, &t.Limits) },
		"labels":         func(n node) (err error) { t.Labels, err = readStrings(n); return err },
		"known_failures": func(n node) (err error) { t.KnownFailures, err = readKnownFailures(n); return err },
		"session":        func(n node) (err error) { c.Session, err = n.bool(); return err },
		"tls":            func(n node) (err error) { t.TLS, err = n.bool(); return err },
		"command":        func(n node) (err error) { c.Args, err = readCommand(n); t.Command = &c; return err },
		"cwd":            func(n node) error { return n.string(&c.Dir) },
		"env":            func(n node) (err error) { c.Env, err = readEnv(n); return err },
		"output":         func(n node) (err error) { c.NoOutput, err = readOutput(n); return err },
		"classify":       func(n node) (err error) { c.Classify, err = readClassify(n); return err },
		"start_timeout":  func(n node) error { return n.duration(&c.StartTimeout) },
		"ready":          func(n node) (err error) { c.Ready, err = readPattern(n); return err },
	})
	if err != nil {
		return Target{}, err
	}
	if t.Command != nil {
		c.relativeTo(dir)
	}
	err = t.Validate()
	if err == nil {
		err = checkBeside(n, start, t.Command != nil)
	}
	if mistake, ok := errors.AsType[*ConfigError](err); ok {
		key, _, _ := strings.Cut(mistake.Key, ".")
		mistake.Line, _ = n.has(key)
		mistake.Key = n.path + "." + mistake.Key
		return Target{}, mistake
	}
	return t, nil
}

// checkBeside checks the keys that make sense only beside others.
func checkBeside(n node, start string, command bool) error {
	for _, key := range []string{"cwd", "env", "methods", "session", "output", "classify", "start_timeout", "ready"} {
		if _, given := n.has(key); given && !command {
			return bad(key, "is for commands; what runs at an address is not ours to start")
		}
	}
	switch {
	case start == "", start == "per-case" && command, start == "never" && !command:
		return nil
	case start == "per-case":
		return bad("start", "per-case needs a command; leave it out for an address")
	case start == "never":
		return bad("start", "never is for an address; leave it out for a command")
	case start == "per-run":
		return bad("start", "per-run is not supported by this version; start the server yourself and give its address")
	}
	known := []string{"per-case", "never"}
	return bad("start", "unknown value %q%s; known: %s", start, didYouMean(start, known), strings.Join(known, ", "))
}

// relativeTo makes the command's paths independent of the harness's working folder.
func (c *Command) relativeTo(dir string) {
	for _, args := range append(slices.Collect(maps.Values(c.Methods)), c.Args) {
		if len(args) > 0 && filepath.Base(args[0]) != args[0] && !filepath.IsAbs(args[0]) {
			args[0] = filepath.Join(dir, args[0])
		}
	}
	if !filepath.IsAbs(c.Dir) {
		c.Dir = filepath.Join(dir, c.Dir)
	}
}
