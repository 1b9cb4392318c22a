package main

import (
	"github.com/spf13/cobra"
)

// completeMore has the shell complete what cobra knows nothing of by itself.
func completeMore(root *cobra.Command) {
	files := map[string]string{"replay": "yaml"} // by command: what its arguments' names end in
	for _, c := range root.Commands() {
		if extension, known := files[c.Name()]; known && c.ValidArgsFunction == nil {
			c.ValidArgsFunction = func(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
				return []cobra.Completion{extension}, cobra.ShellCompDirectiveFilterFileExt
			}
		}
	}
}

// targetNames are the names of the targets that the command line has so far, for the shell to complete.
func (o *options) targetNames(*cobra.Command, []string, string) (names []cobra.Completion, _ cobra.ShellCompDirective) {
	all, _, _ := o.named()
	for _, t := range all {
		names = append(names, t.Name)
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}
