package ctl

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"tmpshell/internal/account"
	"tmpshell/internal/build"
	"tmpshell/internal/config"
	"tmpshell/internal/msg"
)

// refusals stand in the place of a shell where there is to be no login.
var refusals = []string{"nologin", "false", "true", "sync", "shutdown", "halt"}

func isRefusal(shell string) bool { return slices.Contains(refusals, filepath.Base(shell)) }

// linkFor is the link beside the launcher that becomes a shell: tmpshell takes the
// first line of /etc/shells with the name, and that must be this one.
func linkFor(shell string) (string, error) {
	name := filepath.Base(shell)
	if config.IsWrapperName(shell) || !filepath.IsAbs(shell) || msg.Line(shell) != shell || strings.ContainsAny(name, ": #") {
		return "", fmt.Errorf("%q is no shell that a link could be named after", shell)
	}
	found, err := shellNamed(name)
	if err != nil {
		return "", err
	}
	if !sameFile(found, shell) {
		return "", fmt.Errorf("tmpshell-%s becomes %s, which stands before %s in %s", name, found, shell, shellsFile)
	}
	return build.Launcher() + "-" + name, nil
}

// linkName is NAME of a link tmpshell-NAME.
func linkName(path string) string {
	name, ok := strings.CutPrefix(filepath.Base(path), "tmpshell-")
	if !ok {
		return ""
	}
	return name
}

// shellNamed is what tmpshell-NAME becomes (internal/launch/choose.go).
func shellNamed(name string) (string, error) {
	candidates := account.ShellsNamed(account.Shells(shellsFile), name)
	switch name {
	case "nologin":
		candidates = append(candidates, "/usr/sbin/nologin", "/sbin/nologin")
	case "false":
		candidates = append(candidates, "/bin/false", "/usr/bin/false")
	}
	for _, c := range candidates {
		if unix.Access(c, unix.X_OK) == nil {
			return c, nil
		}
	}
	return "", fmt.Errorf("%s has no line for a shell %s that can be run; add it there first", shellsFile, name)
}

func sameFile(a, b string) bool {
	one, err1 := os.Stat(a)
	other, err2 := os.Stat(b)
	return err1 == nil && err2 == nil && os.SameFile(one, other)
}
