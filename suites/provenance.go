package suites

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"maps"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"

	"github.com/faultwire/faultwire/reports"
	"github.com/faultwire/faultwire/targets"
)

// hashLimit is how long a file may be to be hashed.
const hashLimit = 64 << 20

// programs are the files that the command is made of: the program, and whatever among the arguments is a regular file, such as a
// script. known are those of which the sum has been taken.
func programs(c *targets.Command, known map[string]reports.Program) (all []reports.Program) {
	if c == nil {
		return nil
	}
	add := func(name, path string) {
		info, err := os.Stat(path)
		if err != nil || !info.Mode().IsRegular() || slices.ContainsFunc(all, func(p reports.Program) bool { return p.File == name }) {
			return
		}
		p, done := known[path]
		if !done {
			p = reports.Program{Bytes: info.Size(), SHA256: sumOf(path, info.Size())}
			known[path] = p
		}
		p.File = name
		all = append(all, p)
	}
	addAll := func(args []string) {
		by := *c
		by.Args = args
		if path, err := by.Find(); err == nil {
			add(path, path)
		}
		for _, arg := range args[min(1, len(args)):] {
			path := arg
			if !filepath.IsAbs(path) {
				path = filepath.Join(c.Dir, path)
			}
			add(arg, path)
		}
	}
	addAll(c.Args)
	for _, method := range slices.Sorted(maps.Keys(c.Methods)) {
		addAll(c.Methods[method])
	}
	return all
}

// sumOf is the file's SHA-256; empty if it is too long or cannot be read.
func sumOf(path string, size int64) string {
	if size > hashLimit {
		return ""
	}
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	h := sha256.New()
	if n, err := io.Copy(h, io.LimitReader(f, hashLimit+1)); err != nil || n > hashLimit {
		return ""
	}
	return hex.EncodeToString(h.Sum(nil))
}

// Revision is the revision of the tool's source, with a "+" behind it if there were changes; empty if the build does not know it.
func Revision() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Path != module {
		return "" // what it knows is another module's
	}
	settings := map[string]string{}
	for _, s := range info.Settings {
		settings[s.Key] = s.Value
	}
	revision := settings["vcs.revision"]
	if revision != "" && settings["vcs.modified"] == "true" {
		revision += "+"
	}
	return revision
}
