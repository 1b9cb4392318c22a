package targets

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/faultwire/faultwire/fixtures"
)

func readDeadlines(n node, d *fixtures.Deadlines) error {
	return n.read(fields{
		"connect": func(n node) error { return n.duration(&d.Connect) },
		"read":    func(n node) error { return n.duration(&d.Read) },
		"write":   func(n node) error { return n.duration(&d.Write) },
		"total":   func(n node) error { return n.duration(&d.Total) },
		"idle":    func(n node) error { return n.duration(&d.Idle) },
	})
}

// readConversation reads what the two sides say. A pattern matches from the first byte on.
func readConversation(n node) (*fixtures.Conversation, error) {
	var c fixtures.Conversation
	pattern := func(to **regexp.Regexp) func(node) error {
		return func(n node) (err error) { *to, err = readPattern(n); return err }
	}
	err := n.read(fields{
		"greeting":         func(n node) error { return n.string(&c.Greets) },
		"greeting_matches": pattern(&c.Greeting),
		"request":          func(n node) error { return n.string(&c.Request) },
		"reply":            func(n node) error { return n.string(&c.Reply) },
		"reply_matches":    pattern(&c.Answers),
		"prints":           func(n node) error { return n.string(&c.Prints) },
		"limit":            func(n node) error { return n.int(&c.Limit) },
	})
	if c.Greeting == nil && c.Greets != "" {
		c.Greeting = regexp.MustCompile(regexp.QuoteMeta(c.Greets))
	}
	return &c, err
}

func readMethods(n node) (map[string][]string, error) {
	all := map[string][]string{}
	err := n.each(func(key *yaml.Node, value node) (err error) {
		all[key.Value], err = readCommand(value)
		return err
	})
	return all, err
}

func readKnownFailures(n node) (map[string]Known, error) {
	all := map[string]Known{}
	err := n.each(func(key *yaml.Node, value node) error {
		known, err := readKnown(value)
		known.Line = key.Line
		all[key.Value] = known
		return err
	})
	return all, err
}

func readKnown(n node) (known Known, err error) {
	err = n.read(fields{
		"reason": func(n node) error { return n.string(&known.Reason) },
		"until": func(n node) error {
			s, err := n.text()
			if err != nil {
				return err
			}
			if known.Until, err = time.Parse(time.DateOnly, s); err != nil {
				return n.errorf("%q is no date; write year-month-day, such as 2027-01-31", s)
			}
			return nil
		},
	})
	if err == nil && strings.TrimSpace(known.Reason) == "" {
		err = n.errorf("has no reason; say why the failure is accepted")
	}
	return known, err
}

func readLimits(n node, to *Limits) error {
	return n.read(fields{
		"connections": func(n node) error { return n.int(&to.Connections) },
		"rate": func(n node) error {
			s, err := n.text()
			if err != nil {
				return err
			}
			number, unit, _ := strings.Cut(s, "/")
			seconds := map[string]float64{"s": 1, "m": 60}[unit]
			if to.Rate, err = strconv.ParseFloat(number, 64); err != nil || seconds == 0 || !(to.Rate > 0) {
				return n.errorf("%q is no rate; write new connections a second or a minute, such as 40/s or 100/m", s)
			}
			to.Rate /= seconds
			return nil
		},
	})
}

func readOutput(n node) (none bool, err error) {
	s, err := n.text()
	if err == nil && s != "body" && s != "none" {
		err = n.errorf("%q is neither body (stdout is what was received) nor none (it is not)", s)
	}
	return s == "none", err
}

func readCommand(n node) ([]string, error) {
	if n.Kind == yaml.SequenceNode {
		return readStrings(n)
	}
	line, err := n.text()
	if err != nil {
		return nil, err
	}
	args, err := SplitCommand(line)
	if err != nil {
		return nil, n.errorf("%v", err)
	}
	return args, nil
}

func readStrings(n node) ([]string, error) {
	items, err := n.items()
	if err != nil {
		return nil, err
	}
	var all []string
	for _, item := range items {
		s, err := item.text()
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, nil
}

func readEnv(n node) (map[string]string, error) {
	env := map[string]string{}
	err := n.each(func(key *yaml.Node, value node) error {
		s, err := value.text()
		env[key.Value] = s
		return err
	})
	return env, err
}

func readPattern(n node) (*regexp.Regexp, error) {
	s, err := n.text()
	if err != nil {
		return nil, err
	}
	re, err := regexp.Compile(s)
	if err != nil {
		return nil, n.errorf("%q is no pattern: %v", s, err)
	}
	return re, nil
}

// readClassify reads the name of a preset, or a mapping of exit codes and of patterns on stderr to outcomes.
func readClassify(n node) (*Classifier, error) {
	if n.Kind == yaml.ScalarNode {
		return readPreset(n)
	}
	c := &Classifier{Exits: map[int]fixtures.Outcome{}}
	err := n.read(fields{
		"preset": func(n node) (err error) { c.Base, err = readPreset(n); return err },
		"exits": func(n node) error {
			return n.each(func(key *yaml.Node, value node) error {
				code, err := strconv.Atoi(key.Value)
				if err != nil || code < 1 || code > 255 {
					return value.errorf("%q is no exit code of a failure; they are 1 to 255", key.Value)
				}
				c.Exits[code], err = readOutcome(value)
				return err
			})
		},
		"stderr": func(n node) error {
			return n.each(func(key *yaml.Node, value node) error {
				match, err := regexp.Compile(key.Value)
				if err != nil {
					return value.errorf("%q is no pattern: %v", key.Value, err)
				}
				outcome, err := readOutcome(value)
				c.Stderr = append(c.Stderr, Pattern{match, outcome})
				return err
			})
		},
	})
	return c, err
}

func readPreset(n node) (*Classifier, error) {
	name, err := n.text()
	if err != nil {
		return nil, err
	}
	c, ok := Preset(name)
	if !ok {
		return nil, n.errorf("unknown preset %q%s; known: %s", name, didYouMean(name, PresetNames()),
			strings.Join(PresetNames(), ", "))
	}
	return c, nil
}

func readOutcome(n node) (fixtures.Outcome, error) {
	name, err := n.text()
	if err != nil {
		return "", err
	}
	o, err := outcomeNamed(name)
	if err != nil {
		return "", n.errorf("%v", err)
	}
	return o, nil
}
