package reports

import (
	"fmt"
	"hash/fnv"
	"regexp"
	"strings"
)

// reserved are the names that Windows keeps for devices, whatever follows the first dot.
var reserved = regexp.MustCompile(`(?i)^(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|$)`)

// fileName is a name for s that is one path element on every system: [axis=value] becomes --axis-value. Where more than
// that had to be changed, a hash of s keeps two names apart.
func fileName(s string) string {
	plain := strings.NewReplacer("[", "--", "=", "-", ",", "--", "]", "").Replace(s)
	safe := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '-', r == '_', r == '.':
			return r
		}
		return '_'
	}, plain)
	safe = safe[:min(len(safe), 120)]
	if strings.HasPrefix(safe, ".") || strings.HasSuffix(safe, ".") {
		safe = strings.Trim(safe, ".")
	}
	if safe == "" || safe != plain || reserved.MatchString(safe) {
		hash := fnv.New32a()
		_, _ = hash.Write([]byte(s))
		safe = fmt.Sprintf("_%s-%08x", safe, hash.Sum32())
	}
	return safe
}
