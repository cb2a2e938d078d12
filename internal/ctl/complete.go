package ctl

import (
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// completeUsers and completeGroups offer the names of the local files: a directory
// may have many thousands.
func completeUsers(_ *cobra.Command, given []string, begun string) ([]string, cobra.ShellCompDirective) {
	return namesIn("/etc/passwd", begun, given), cobra.ShellCompDirectiveNoFileComp
}

func completeGroups(_ *cobra.Command, _ []string, begun string) ([]string, cobra.ShellCompDirective) {
	return namesIn("/etc/group", begun, nil), cobra.ShellCompDirectiveNoFileComp
}

// namesIn are the first fields that begin in a way, but for those already given.
func namesIn(file, begun string, given []string) []string {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil
	}
	var list []string
	for line := range strings.Lines(string(text)) {
		name, _, ok := strings.Cut(line, ":")
		if ok && strings.HasPrefix(name, begun) && !slices.Contains(given, name) {
			list = append(list, name)
		}
	}
	return list
}
