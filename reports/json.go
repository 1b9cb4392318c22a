package reports

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// WriteJSON writes the run in the form of results.json, as [ReadJSON] reads it.
func (r *Run) WriteJSON(w io.Writer) error {
	r = r.cleaned()
	r.Schema = SchemaVersion
	for _, res := range r.all() {
		res.Observation = inOrder(res.Observation)
	}

	if r.Targets == nil {
		r.Targets = []Target{}
	}
	if r.Results == nil {
		r.Results = []Result{}
	}
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(r)
}

// inOrder is the value with its keys in the order in which they are written when it has been read back.
func inOrder(v any) any {
	text, err := json.Marshal(v)
	if err != nil {
		return v // who writes it will say so
	}
	var read any
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	if decoder.Decode(&read) != nil {
		return v
	}
	return read
}

// ReadJSON reads a results.json. It refuses what is not one, and what a newer Faultwire wrote. Observations come back as
// maps with json.Number in them; attachments are not loaded.
func ReadJSON(file string) (*Run, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("cannot read the report: %w", err)
	}
	run, err := decode(data)
	if err != nil {
		return nil, fmt.Errorf("%s %w", file, err)
	}
	return run, nil
}

// decode's errors continue a sentence that begins with the file's name.
func decode(data []byte) (*Run, error) {
	var head struct {
		Schema int    `json:"schema"`
		Tool   string `json:"tool"`
	}
	if err := json.Unmarshal(data, &head); err != nil {
		return nil, fmt.Errorf("is not a Faultwire report: %w", err)
	}
	if tool, _, _ := strings.Cut(head.Tool, " "); tool != "faultwire" || head.Schema < 1 {
		return nil, errors.New(`is not a Faultwire report: it has no "schema" with "tool": "faultwire …"`)
	}
	if head.Schema > SchemaVersion {
		return nil, fmt.Errorf("was written by a newer version, %s (schema %d; this one reads up to %d): update Faultwire",
			Clean(head.Tool), head.Schema, SchemaVersion)
	}
	run := new(Run)
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	if err := decoder.Decode(run); err != nil {
		return nil, fmt.Errorf("is damaged: %w", err)
	}
	return run, nil
}
