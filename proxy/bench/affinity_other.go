//go:build !linux

package main

import (
	"errors"
	"fmt"
)

func onOneCPU(func() error) error { return fmt.Errorf("pinning to one CPU: %w", errors.ErrUnsupported) }
