package main

import (
	"slices"

	"github.com/spf13/cobra"
)

// completeMore has the shell complete what cobra knows nothing of by itself.
func completeMore(root *cobra.Command) {
	files := map[string]string{"replay": "yaml", "shrink": "yaml", "flake": "yaml"} // by command: what its arguments' names end in
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

// otherIDs are the catalogue's that do not stand in args.
func otherIDs(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	return slices.DeleteFunc(ids(), func(id string) bool { return slices.Contains(args, id) }), cobra.ShellCompDirectiveNoFileComp
}
