package reports

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// A stage is where a report is written before it takes the place of an earlier one. If there is no room for it, that one stays as it
// was, and whole.
type stage struct {
	root *os.Root
	dir  string // within root, and so on the same disk
	sums sums
}

func newStage(root *os.Root) *stage {
	return &stage{root: root, dir: ".faultwire-" + rand.Text()[:8], sums: sums{}}
}

// put writes a file that the report is to have.
func (s *stage) put(name string, content []byte) error {
	s.sums.add(name, content)
	return s.write(name, content)
}

func (s *stage) write(name string, content []byte) error {
	staged := filepath.FromSlash(path.Join(s.dir, name))
	err := s.root.MkdirAll(filepath.Dir(staged), 0o777)
	if err == nil {
		err = s.root.WriteFile(staged, content, 0o666)
	}
	return reason(name, err)
}

// take lets the report take the place of the old one, if there is any. SHA256SUMS goes first and comes last: a report that has it is
// whole. The list of the evidence comes before the evidence, so that whatever stops us the next run knows what is ours.
func (s *stage) take(old *Run) error {
	names := slices.DeleteFunc(sortedKeys(s.sums), func(name string) bool { return name == resultsFile })
	if err := s.write(sumsFile, s.sums.file()); err != nil {
		return err
	}
	if old != nil {
		if err := drop(s.root, old); err != nil {
			return err
		}
	}
	for _, name := range slices.Concat([]string{resultsFile}, names, []string{sumsFile}) {
		err := s.root.MkdirAll(filepath.FromSlash(path.Dir(name)), 0o777)
		if err == nil { // a reader sees the old file or the new, never half
			err = s.root.Rename(filepath.FromSlash(path.Join(s.dir, name)), filepath.FromSlash(name))
		}
		if err != nil {
			return reason(name, err)
		}
	}
	return nil
}

// strike removes what is left of the stage.
func (s *stage) strike() { _ = s.root.RemoveAll(s.dir) }

// drop removes an earlier report's SHA256SUMS, which would not fit what comes next, what it lists as its evidence, and folders that
// this leaves empty.
func drop(root *os.Root, old *Run) error {
	if err := root.Remove(sumsFile); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return reason(sumsFile, err)
	}
	for _, res := range old.all() {
		for _, name := range res.Files {
			if !strings.HasPrefix(name, casesFolder+"/") || name != path.Clean(name) {
				continue // no report of ours lists it
			}
			if err := root.Remove(filepath.FromSlash(name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return reason(name, err)
			}
			for dir := path.Dir(name); dir != "." && root.Remove(filepath.FromSlash(dir)) == nil; {
				dir = path.Dir(dir)
			}
		}
	}
	return nil
}

// reason names the file as the user knows it, not where it is written first; nil is nil.
func reason(name string, err error) error {
	if err == nil {
		return nil
	}
	if pathError := (*fs.PathError)(nil); errors.As(err, &pathError) {
		err = pathError.Err
	} else if linkError := (*os.LinkError)(nil); errors.As(err, &linkError) {
		err = linkError.Err
	}
	return fmt.Errorf("%s: %w", name, err)
}
