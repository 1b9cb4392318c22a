package reports

import (
	"bytes"
	"cmp"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// DefaultFolder is where a run's report goes unless told otherwise.
const DefaultFolder = "faultwire-report"

// The files of a report.
const (
	resultsFile = "results.json"
	junitFile   = "junit.xml"
	casesFolder = "cases"
)

// derived are the files of a report that are made of results.json and the evidence alone.
var derived = []struct {
	name  string
	write func(*Run, io.Writer) error
}{
	{junitFile, (*Run).WriteJUnit},
	{htmlFile, (*Run).WriteHTML},
}

// LoadEvidence reads the attachments that the results list, from the folder of a report. What is missing is left out: derived files
// do with less. Those that are derived themselves are made again, and not read.
func (r *Run) LoadEvidence(dir string) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	for _, res := range r.all() {
		res.Attachments = map[string][]byte{}
		for _, name := range res.Files {
			if isBeside(path.Base(name)) {
				continue
			}
			content, err := root.ReadFile(filepath.FromSlash(name))
			switch {
			case errors.Is(err, fs.ErrNotExist):
			case err != nil:
				return reason(name, err)
			default:
				res.Attachments[path.Base(name)] = content
			}
		}
	}
	return nil
}

// WriteFolder writes the report into dir ([DefaultFolder] if empty), which it creates: results.json, what is derived of it, and for
// each pair that neither passed nor was skipped its attachments as cases/<target>/<id>/<name>. What an earlier report in
// dir listed as its files is removed; nothing else is: a folder whose files of these names are not Faultwire's is an error.
func (r *Run) WriteFolder(dir string) error {
	dir = cmp.Or(dir, DefaultFolder)
	if err := r.writeFolder(dir); err != nil {
		return fmt.Errorf("cannot write the report into %q: %w; name another folder with --output", dir, err)
	}
	return nil
}

func (r *Run) writeFolder(dir string) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()

	safe := r.cleaned()
	for _, res := range safe.all() {
		if len(res.Attachments) == 0 {
			res.Files = nil // of another folder, from which this run was read
		}
	}
	var results bytes.Buffer
	if err := safe.WriteJSON(&results); err != nil {
		return err
	}
	written := map[string][]byte{}
	for _, d := range derived {
		var content bytes.Buffer
		if err := d.write(safe, &content); err != nil {
			return fmt.Errorf("%s: %w", d.name, err)
		}
		written[d.name] = content.Bytes()
	}
	if err := dropOld(root); err != nil {
		return err
	}
	// results.json first: it lists the evidence, so that whatever stops us the next run knows what is ours.
	if err := replace(root, resultsFile, results.Bytes()); err != nil {
		return err
	}
	for _, d := range derived {
		if err := replace(root, d.name, written[d.name]); err != nil {
			return err
		}
	}
	for _, res := range safe.all() {
		made, err := safe.derivedBeside(res)
		if err != nil {
			return fmt.Errorf("%s: %w", res.folder(), err)
		}
		maps.Copy(made, res.evidence())
		for name, content := range made {
			if err := root.MkdirAll(filepath.FromSlash(path.Dir(name)), 0o777); err != nil {
				return reason(path.Dir(name), err)
			}
			if err := replace(root, name, content); err != nil {
				return err
			}
		}
	}
	return nil
}

func derivedNames() (names []string) {
	for _, d := range derived {
		names = append(names, d.name)
	}
	return names
}

// evidence is the attachments worth keeping, by the files they are kept in.
func (res *Result) evidence() map[string][]byte {
	evidence := map[string][]byte{}
	if res.Verdict == Pass || res.Verdict == Skip {
		return evidence
	}
	for name, content := range res.Attachments {
		if len(content) > 0 {
			evidence[path.Join(res.folder(), fileName(name))] = content
		}
	}
	return evidence
}

// all are the results, the controls among them.
func (r *Run) all() (results []*Result) {
	for i := range r.Targets {
		if control := r.Targets[i].Control; control != nil {
			results = append(results, control)
		}
	}
	for i := range r.Results {
		results = append(results, &r.Results[i])
	}
	return results
}

// folder is where the result's evidence is kept, relative to results.json.
func (res *Result) folder() string {
	return path.Join(casesFolder, fileName(res.Target), fileName(res.Case.ID))
}

// dropOld removes what an earlier report in the folder lists as its evidence, and folders that this leaves empty.
func dropOld(root *os.Root) error {
	data, err := root.ReadFile(resultsFile)
	if errors.Is(err, fs.ErrNotExist) {
		for _, name := range append(derivedNames(), casesFolder) {
			if _, err := root.Lstat(name); err == nil {
				return fmt.Errorf("it holds %s of something else than Faultwire", name)
			}
		}
		return nil
	}
	if err != nil {
		return reason(resultsFile, err)
	}
	old, err := decode(data)
	if err != nil {
		return fmt.Errorf("its %s %w", resultsFile, err)
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

// replace writes the file under a name of its own and renames it: a reader sees the old file or the new, never half.
func replace(root *os.Root, name string, content []byte) error {
	target := filepath.FromSlash(name)
	temporary := target + "." + rand.Text()[:8] + ".tmp"
	err := root.WriteFile(temporary, content, 0o666)
	if err == nil {
		err = root.Rename(temporary, target)
	}
	if err != nil {
		_ = root.Remove(temporary)
		return reason(name, err)
	}
	return nil
}

// reason names the file as the user knows it, not by its temporary name.
func reason(name string, err error) error {
	if pathError := (*fs.PathError)(nil); errors.As(err, &pathError) {
		err = pathError.Err
	} else if linkError := (*os.LinkError)(nil); errors.As(err, &linkError) {
		err = linkError.Err
	}
	return fmt.Errorf("%s: %w", name, err)
}
