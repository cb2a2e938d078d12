package account

import (
	"path"
	"strings"
)

// ShellsFile is shells(5).
const ShellsFile = "/etc/shells"

// Shells returns the absolute paths that shells(5) lists, in order. A file that
// cannot be read lists none.
func Shells(file string) []string {
	var list []string
	_ = eachLine(file, func(line []byte) bool {
		s, _, _ := strings.Cut(string(line), "#")
		if s = strings.TrimSpace(s); strings.HasPrefix(s, "/") {
			list = append(list, s)
		}
		return true
	})
	return list
}

// ShellsNamed returns those of the list whose base name is name.
func ShellsNamed(list []string, name string) []string {
	var found []string
	for _, s := range list {
		if path.Base(s) == name {
			found = append(found, s)
		}
	}
	return found
}
