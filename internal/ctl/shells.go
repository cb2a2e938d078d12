package ctl

import (
	"bytes"
	"slices"
	"strings"

	"tmpshell/internal/account"
	"tmpshell/internal/wrapper"
)

// shellsFile is a variable for the tests alone.
var shellsFile = account.ShellsFile

// shellsSuffix is what the tools of the distributions write it as, before they
// rename it.
const shellsSuffix = ".tmp"

// listShells adds what is missing to shells(5): chsh, su -s, pkexec and GNOME
// look there.
func listShells(want []string) step {
	const what = "/etc/shells"
	var added []string
	change := func(text []byte) ([]byte, error) {
		if added = unlisted(text, want); len(added) == 0 {
			return nil, errAsItWas
		}
		if text == nil {
			// Without the file, getusershell(3) has a list of its own, which
			// the new file must not take away.
			text = []byte("/bin/sh\n/bin/csh\n")
		}
		if len(text) > 0 && text[len(text)-1] != '\n' {
			text = append(text, '\n')
		}
		for _, w := range added {
			text = append(text, w+"\n"...)
		}
		return text, nil
	}
	if err := editFile(shellsFile, shellsSuffix, change); err != nil || len(added) > 0 {
		return result(what, "added "+strings.Join(added, ", "), err)
	}
	return result(what, "lists tmpshell (as it was)", nil)
}

// unlistShells removes every line that names tmpshell.
func unlistShells() step {
	const what = "/etc/shells"
	var removed []string
	change := func(old []byte) ([]byte, error) {
		text := []byte{}
		for line := range bytes.Lines(old) {
			if name := shellOf(line); strings.HasPrefix(name, "/") && wrapper.Is(name) {
				removed = append(removed, name)
				continue
			}
			text = append(text, line...)
		}
		if len(removed) == 0 {
			return nil, errAsItWas
		}
		return text, nil
	}
	if err := editFile(shellsFile, shellsSuffix, change); err != nil || len(removed) > 0 {
		return result(what, "removed "+strings.Join(removed, ", "), err)
	}
	return result(what, "does not list tmpshell (as it was)", nil)
}

// shellOf is what a line of shells(5) lists, as account.Shells reads it.
func shellOf(line []byte) string {
	name, _, _ := strings.Cut(string(line), "#")
	return strings.TrimSpace(name)
}

// unlisted are those that a text does not list.
func unlisted(text []byte, want []string) []string {
	have := make(map[string]bool)
	for line := range bytes.Lines(text) {
		have[shellOf(line)] = true
	}
	return slices.DeleteFunc(slices.Clone(want), func(w string) bool { return have[w] })
}
