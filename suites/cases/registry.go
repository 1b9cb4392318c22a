package cases

import (
	"fmt"
	"regexp"
	"runtime"
	"strings"
)

// Version is the catalogue's version: a case says since which it is part of it.
const Version = "0.1"

// registry is appended to during package initialisation and only read after it: the one exception to "no global state".
var registry []Case

// Register adds the case to the catalogue and records the source line. It is called from package-level variables only.
func Register(c Case) Case {
	_, file, line, _ := runtime.Caller(1)
	return register(c, file, line)
}

// RegisterFamily adds one case for each value of an axis; member makes the case of a value, without the axis in its ID.
func RegisterFamily[V any](axis string, values []V, member func(V) Case) []Case {
	_, file, line, _ := runtime.Caller(1)
	var family []Case
	for _, v := range values {
		c := member(v)
		c.ID += fmt.Sprintf("[%s=%v]", axis, v)
		family = append(family, register(c, file, line))
	}
	return family
}

func register(c Case, file string, line int) Case {
	if i := strings.LastIndex(file, "/suites/"); i >= 0 {
		file = file[i+1:]
	}
	c.File, c.Line = file, line
	registry = append(registry, c)
	return c
}

// All returns the catalogue in the order of registration: by package, then by file.
func All() []Case { return append([]Case(nil), registry...) }

// rooms are the folders of the themes, by name. What the standard library has a package of has an x.
var rooms = map[string]string{
	"connect": "connect", "timeout": "timeout", "disconnect": "disconnect", "reassembly": "reassembly", "bandwidth": "bandwidth",
	"http": "httpx", "tls": "tlsx", "udp": "datagram", "peer": "peer",
}

// ThemePattern is the pattern of a theme's IDs.
func ThemePattern(theme string) string {
	switch theme {
	case "http", "tls", "udp": // protocols that are a theme of their own
		return theme + ".**"
	}
	return "tcp." + theme + ".*"
}

var idForm = regexp.MustCompile(`^(tcp|tls|http|udp)\.([a-z]+)\.([a-z][a-z0-9-]*)(\[[a-z]+=[a-z0-9-]+\])?$`)

// idParts splits an ID into protocol, theme, name and axis; it returns empty parts for an ID of another form.
func idParts(id string) [4]string {
	m := idForm.FindStringSubmatch(id)
	if m == nil {
		return [4]string{}
	}
	return [4]string{m[1], m[2], m[3], m[4]}
}

// Lint lists what is wrong with the cases: IDs, bases, texts and expectations that are missing or doubtful.
func Lint(all []Case) []string {
	var wrong []string
	seen := map[string]string{}
	for _, c := range all {
		say := func(format string, args ...any) {
			wrong = append(wrong, fmt.Sprintf("%s (%s:%d): ", c.ID, c.File, c.Line)+fmt.Sprintf(format, args...))
		}
		where := fmt.Sprintf("%s:%d", c.File, c.Line)
		if other, twice := seen[c.ID]; twice {
			say("the ID is already that of %s", other)
		}
		seen[c.ID] = where
		switch parts := idParts(c.ID); {
		case parts[1] == "":
			say("the ID is not of the form <protocol>.<theme>.<name>[axis=value]")
		case !strings.Contains(c.File, "/"+rooms[c.Theme()]+"/"):
			say("theme %q does not live in %s", c.Theme(), c.File)
		}
		if c.Level != Must && c.Level != Should && c.Level != May {
			say("unknown level %q", c.Level)
		}
		if c.Role != Client && c.Role != Server && c.Role != Both && c.Role != Peer {
			say("unknown role %q", c.Role)
		}
		if len(c.Speaks) == 0 {
			say("speaks no protocol")
		}
		if c.Basis.Kind == "" || c.Basis.Source == "" {
			say("has no basis")
		}
		if c.Basis.Kind != PracticeBasis && c.Basis.Clause == "" {
			say("a norm without a clause")
		}
		if c.Title == "" || strings.HasSuffix(c.Title, ".") {
			say("the title is missing or ends in a full stop")
		}
		if len(strings.Fields(c.Why)) < 10 {
			say("the Why is missing or too short to explain anything")
		}
		for _, language := range []string{"Go:", "Python:", "Node:", "Java:"} {
			if !strings.Contains(c.Fix, language) {
				say("the Fix has no line for %s", strings.TrimSuffix(language, ":"))
			}
		}
		if c.Expect == nil {
			say("expects nothing")
		}
		if c.Quick && c.Full {
			say("is for quick runs and for full ones only")
		}
		if c.Since == "" {
			say("has no since version")
		}
		if len(c.Exchange.Messages) == 0 {
			say("its exchange has no message")
		}
	}
	return wrong
}
