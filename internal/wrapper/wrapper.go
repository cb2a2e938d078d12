// Package wrapper finds the names that tmpshell is called by as a login shell:
// the launcher, its links tmpshell-NAME, and the accounts that have one of them.
package wrapper

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"tmpshell/internal/account"
	"tmpshell/internal/build"
	"tmpshell/internal/config"
)

// Files are the launcher and the links tmpshell-NAME beside it.
func Files() []string {
	list := []string{build.Launcher()}
	for _, l := range Candidates() {
		if IsLauncher(l) {
			list = append(list, l)
		}
	}
	return list
}

// Shells are those of Files that belong in shells(5). A link for nologin or
// false does not: who is listed there may use su -s, chsh and ftp.
func Shells() []string {
	return slices.DeleteFunc(Files(), func(path string) bool {
		_, name, _ := strings.Cut(filepath.Base(path), "-")
		return name == "nologin" || name == "false"
	})
}

// WithoutShell are those of Shells that ask for a shell which shells(5) does not
// list.
func WithoutShell() []string {
	listed := account.Shells(account.ShellsFile)
	return slices.DeleteFunc(Shells(), func(path string) bool {
		name, isLink := strings.CutPrefix(filepath.Base(path), "tmpshell-")
		return !isLink || len(account.ShellsNamed(listed, name)) > 0
	})
}

// Candidates are all files beside the launcher with a name of such a link.
func Candidates() []string {
	links, _ := filepath.Glob(build.Launcher() + "-*") // a bad pattern only
	return links
}

// IsLauncher tells whether a path leads to the launcher.
func IsLauncher(path string) bool {
	self, err := os.Stat(build.Launcher())
	if err != nil {
		return false
	}
	st, err := os.Stat(path)
	return err == nil && os.SameFile(self, st)
}

// Is tells whether a shell is tmpshell as it is installed, there or not.
func Is(shell string) bool {
	return config.IsWrapperName(shell) && filepath.Dir(shell) == build.Bindir
}

// Leads tells whether who runs this path runs tmpshell as it is installed, under
// whatever name, or would if it were there.
func Leads(path string) bool { return Is(path) || filepath.IsAbs(path) && IsLauncher(path) }

// Users are the accounts in passwd(5), no other source, whose shell has a name
// of tmpshell's, wherever that is.
func Users() ([]account.Account, error) {
	var list []account.Account
	err := account.System().Each(func(a account.Account) bool {
		if config.IsWrapperName(a.Shell) {
			list = append(list, a)
		}
		return true
	})
	return list, err
}
