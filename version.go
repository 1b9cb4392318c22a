package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/faultwire/faultwire/suites"
	"github.com/faultwire/faultwire/suites/cases"
)

func versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the versions of Faultwire, its catalogue and what it is built on",
		Args:  cobra.NoArgs,
		Run: func(c *cobra.Command, _ []string) {
			fmt.Fprintf(c.OutOrStdout(), "faultwire %s\ncatalogue %s, %d cases\ntoxiproxy %s, %s %s/%s\n", suites.Version(), cases.Version,
				len(cases.All()), toxiproxyVersion(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
		},
	}
}

// toxiproxyVersion is the version that was built in.
func toxiproxyVersion() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, m := range info.Deps {
			if m.Path == "github.com/Shopify/toxiproxy/v2" {
				return m.Version
			}
		}
	}
	return "(unknown)"
}
