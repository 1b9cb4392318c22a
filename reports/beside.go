package reports

import (
	"path"
	"slices"
)

// beside are the files of a pair that are made of its result and its other evidence alone. They are kept beside the evidence that
// each needs.
var beside = []struct {
	name, needs string
	make        func(*Run, *Result) ([]byte, error)
}{
	{"timeline.svg", eventsFile, (*Run).timelineSVG},
}

// isBeside reports whether the file, by its name alone, is made of others.
func isBeside(name string) bool {
	for _, b := range beside {
		if b.name == name {
			return true
		}
	}
	return false
}

// files are the names of the result's evidence and of what is made of it.
func (r *Run) files(res *Result) []string {
	evidence := res.evidence()
	names := sortedKeys(evidence)
	for _, b := range beside {
		if evidence[path.Join(res.folder(), b.needs)] != nil {
			names = append(names, path.Join(res.folder(), b.name))
		}
	}
	slices.Sort(names)
	return names
}

// derivedBeside makes the files beside the result's evidence.
func (r *Run) derivedBeside(res *Result) (map[string][]byte, error) {
	evidence, made := res.evidence(), map[string][]byte{}
	for _, b := range beside {
		if evidence[path.Join(res.folder(), b.needs)] == nil {
			continue
		}
		content, err := b.make(r, res)
		if err != nil {
			return nil, err
		}
		made[path.Join(res.folder(), b.name)] = content
	}
	return made, nil
}
