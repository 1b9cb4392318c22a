package reports

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
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
	{markdownFile, (*Run).WriteMarkdown},
	{requirementsFile, (*Run).WriteRequirements},
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

// WriteFolder writes the report into dir ([DefaultFolder] if empty), which it creates: results.json, what is derived from it, and for
// each pair that neither passed nor was skipped, or with [EvidenceAll] for each, its attachments as cases/<target>/<id>/<name>; last
// SHA256SUMS, over all of them. What an earlier report in dir listed as its files is removed; nothing else is: a folder whose files
// of these names are not Faultwire's is an error.
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
	old, err := earlier(root)
	if err != nil {
		return err
	}
	stage := newStage(root)
	defer stage.strike()
	if err := stage.put(resultsFile, results.Bytes()); err != nil {
		return err
	}
	for _, d := range derived {
		var content bytes.Buffer
		if err := d.write(safe, &content); err != nil {
			return fmt.Errorf("%s: %w", d.name, err)
		}
		if err := stage.put(d.name, content.Bytes()); err != nil {
			return err
		}
	}
	for _, res := range safe.all() {
		made, err := safe.derivedBeside(res)
		if err != nil {
			return fmt.Errorf("%s: %w", res.folder(), err)
		}
		maps.Copy(made, res.evidence(safe.Evidence))
		for name, content := range made {
			if err := stage.put(name, content); err != nil {
				return err
			}
		}
	}
	return stage.take(old)
}

// derivedNames are the files beside results.json that are a report's, whatever was tested.
func derivedNames() []string {
	names := []string{sumsFile}
	for _, d := range derived {
		names = append(names, d.name)
	}
	return names
}

// evidence is the attachments worth keeping, by the files they are kept in: of all results, or of those that neither passed nor
// were skipped.
func (res *Result) evidence(of string) map[string][]byte {
	evidence := map[string][]byte{}
	if of != EvidenceAll && (res.Verdict == Pass || res.Verdict == Skip) {
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

// earlier is the report that is in the folder already; nil if there is none. A folder whose files of a report's names are not
// Faultwire's is an error.
func earlier(root *os.Root) (*Run, error) {
	data, err := root.ReadFile(resultsFile)
	if errors.Is(err, fs.ErrNotExist) {
		for _, name := range append(derivedNames(), casesFolder) {
			if _, err := root.Lstat(name); err == nil {
				return nil, fmt.Errorf("it holds %s of something else than Faultwire", name)
			}
		}
		return nil, nil
	}
	if err != nil {
		return nil, reason(resultsFile, err)
	}
	old, err := decode(data)
	if err != nil {
		return nil, fmt.Errorf("its %s %w", resultsFile, err)
	}
	return old, nil
}
