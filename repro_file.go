package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/faultwire/faultwire/reports"
	"github.com/faultwire/faultwire/suites"
)

// claimRepro refuses a file that is there already and is no repro: it is somebody's. It finds what cannot be written before anything runs.
func claimRepro(file string) error {
	text, err := readBounded(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return canBeWritten(file)
	case err != nil:
		return &ended{reports.ExitError, unwritten(file, err)}
	}
	if _, err := suites.ParseRepro(file, text); err != nil {
		return fmt.Errorf("--output: %s is there already, and is no repro; name another file", file)
	}
	return canBeWritten(file)
}

func canBeWritten(file string) error {
	temporary, err := os.CreateTemp(filepath.Dir(file), "."+filepath.Base(file)+".*")
	if err != nil {
		return &ended{reports.ExitError, unwritten(file, err)}
	}
	_ = temporary.Close()
	_ = os.Remove(temporary.Name())
	return nil
}

func unwritten(file string, err error) error {
	return fmt.Errorf("cannot write the repro into %s: %w; name another file with --output", file, err)
}

// writeRepro writes the file under a name of its own and renames it: a reader sees the old file or the new, never half.
func writeRepro(file string, r *suites.Repro) error {
	temporary, err := os.CreateTemp(filepath.Dir(file), "."+filepath.Base(file)+".*")
	if err != nil {
		return unwritten(file, err)
	}
	_, err = temporary.Write(r.YAML())
	if err == nil {
		err = temporary.Chmod(0o644) // a temporary file is its owner's alone
	}
	if closed := temporary.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(temporary.Name(), file)
	}
	if err != nil {
		_ = os.Remove(temporary.Name())
		return unwritten(file, err)
	}
	return nil
}
