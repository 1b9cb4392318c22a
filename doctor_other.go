//go:build !linux

package main

import (
	"fmt"

	"github.com/faultwire/faultwire/suites/cases"
)

// systemFindings are what only Linux can be asked.
func systemFindings() findings {
	_, watch := needing(func(c cases.Case) bool { return c.Watch != nil })
	return findings{{less, "sight of processes", fmt.Sprintf("only on Linux; %s: these are skipped", watch)}}
}

func processorQuota() float64 { return 0 }
