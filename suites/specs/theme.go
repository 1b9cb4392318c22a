package specs

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/faultwire/faultwire/suites"
	"github.com/faultwire/faultwire/targets"
	"github.com/faultwire/faultwire/targets/reference"
)

// configVariable names the YAML file with the targets to test in place of the reference targets.
const configVariable = "FAULTWIRE_CONFIG"

// RunTheme runs one theme of the catalogue as a Ginkgo suite: against the targets of the YAML file that FAULTWIRE_CONFIG names,
// or else against the reference targets, which tests Faultwire itself.
//
// Tests run in the folder of their package, not where the command was typed. So a relative path is looked for in that folder
// and then in each one above it, up to the module's root (the one with go.mod): typed at the root, it means what it says.
//
// Plain go test keeps the result of a run and does not see that a program under test has changed: give it -count=1.
func RunTheme(t *testing.T, theme string) {
	t.Helper()
	o := suites.Options{Targets: reference.Targets(1)}
	if path := os.Getenv(configVariable); path != "" {
		file, err := findConfig(path)
		if err != nil {
			t.Fatal(err)
		}
		if o.Targets, err = targets.Load(file); err != nil {
			t.Fatal(err)
		}
		o.Replay = func(p suites.Pair, seed uint64) string {
			return configVariable + "=" + targets.JoinCommand([]string{file}) + " " + replay(p, seed)
		}
	}
	Theme(theme)(&o)
	run(t, "Faultwire "+theme, o)
}

// findConfig is the path of the file that the variable names.
func findConfig(path string) (string, error) {
	if filepath.IsAbs(path) {
		return path, nil
	}
	folder, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for from := folder; ; folder = filepath.Dir(folder) {
		if file := filepath.Join(folder, path); exists(file) {
			return file, nil
		}
		if exists(filepath.Join(folder, "go.mod")) || folder == filepath.Dir(folder) {
			return "", &targets.ConfigError{File: path, Msg: fmt.Sprintf(
				"%s names it, but it is neither in %s nor in a folder above, up to %s; give its absolute path",
				configVariable, from, strings.TrimSuffix(folder, string(filepath.Separator)))}
		}
	}
}

func exists(file string) bool {
	_, err := os.Stat(file)
	return err == nil
}
