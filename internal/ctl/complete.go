package ctl

import (
	"errors"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"tmpshell/internal/doctor"
)

// wantShell makes the verb completion, which is cobra's own, refuse what is no shell
// that it knows: a script that is empty, or help in its place, would be sourced.
func wantShell(root *cobra.Command, args []string) {
	root.InitDefaultCompletionCmd(args...)
	for _, c := range root.Commands() {
		if c.Name() == "completion" {
			c.RunE = func(*cobra.Command, []string) error { return errors.New("no shell given") }
		}
	}
}

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

// completeUser is for one name, and nothing after it.
func completeUser(c *cobra.Command, given []string, begun string) ([]string, cobra.ShellCompDirective) {
	if len(given) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return completeUsers(c, nil, begun)
}

// completeChecks offers those of doctor, after a comma as well.
func completeChecks(_ *cobra.Command, _ []string, begun string) ([]string, cobra.ShellCompDirective) {
	before := begun[:strings.LastIndexByte(begun, ',')+1]
	var list []string
	for _, name := range doctor.Names() {
		if !slices.Contains(strings.Split(before, ","), name) {
			list = append(list, before+name)
		}
	}
	return list, cobra.ShellCompDirectiveNoFileComp
}
