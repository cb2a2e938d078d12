package doctor

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"tmpshell/internal/account"
	"tmpshell/internal/build"
	"tmpshell/internal/config"
	"tmpshell/internal/wrapper"
)

// checkShells: shells(5) lists tmpshell, for all that looks there, and the
// shells that the links ask for.
func checkShells(_ *machine, r *report) error {
	nodes, err := way(account.ShellsFile)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	r.rootsAlone(nodes, "the list of shells", make(map[string]bool))
	listed := account.Shells(account.ShellsFile)
	for _, w := range wrapper.Shells() {
		if _, err := os.Stat(w); err == nil && !slices.Contains(listed, w) {
			r.warn(account.ShellsFile+" does not list "+w+": chsh, su -s and others refuse it", setUp)
		}
		name, isLink := strings.CutPrefix(filepath.Base(w), "tmpshell-")
		if isLink && len(account.ShellsNamed(listed, name)) == 0 {
			r.error(account.ShellsFile+" lists no shell "+name+": accounts with the shell "+w+" cannot log in", listShell(name))
		}
	}
	for _, l := range listed {
		if _, err := os.Stat(l); wrapper.Is(l) && errors.Is(err, fs.ErrNotExist) {
			r.warn(account.ShellsFile+" lists "+l+", which is missing", run("sed", "-i", `\|^`+sedLiteral(l)+`\s*\(#.*\)\?$|d`, account.ShellsFile))
		}
	}
	r.otherwise(account.ShellsFile + " lists every name of tmpshell that is installed")
	return nil
}

// sedLiteral quotes what means something in a basic regular expression between
// two '|'.
func sedLiteral(s string) string {
	var b strings.Builder
	for i := range len(s) {
		if strings.IndexByte(`\|.*[]^$`, s[i]) >= 0 {
			b.WriteByte('\\')
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// listShell adds a shell that is installed.
func listShell(name string) *Fix {
	for _, dir := range []string{"/bin", "/usr/bin", "/usr/local/bin"} {
		shell := filepath.Join(dir, name)
		if unix.Access(shell, unix.X_OK) == nil {
			return appendLine(shell, account.ShellsFile)
		}
	}
	return &Fix{Write: "the absolute path of " + name, In: account.ShellsFile}
}

// checkPasswd: whose shell is tmpshell can log in. sshd and login(1) refuse an
// account whose shell is missing.
func checkPasswd(m *machine, r *report) error {
	if m.usersErr != nil {
		return m.usersErr
	}
	for _, a := range m.users {
		switch err := unix.Access(a.Shell, unix.X_OK); {
		case err != nil:
			r.error(fmt.Sprintf("the shell of %s, %s, cannot be run (%v): no login is possible", a.Name, a.Shell, err), restore(a))
		case !wrapper.IsLauncher(a.Shell):
			r.warn(fmt.Sprintf("the shell of %s, %s, is another file than %s", a.Name, a.Shell, build.Launcher()), restore(a))
		}
	}
	switch len(m.users) {
	case 0:
		r.otherwise("no account in /etc/passwd has tmpshell as its shell")
	case 1:
		r.otherwise("1 account in /etc/passwd has tmpshell as its shell, and can run it")
	default:
		r.otherwise(fmt.Sprintf("%d accounts in /etc/passwd have tmpshell as their shell, and can run it", len(m.users)))
	}
	return nil
}

// restore makes the link again where that is all that is missing, and gives the
// account its real shell otherwise.
func restore(a account.Account) *Fix {
	name, isLink := strings.CutPrefix(filepath.Base(a.Shell), "tmpshell-")
	_, missing := os.Lstat(a.Shell)
	if isLink && wrapper.Is(a.Shell) && missing != nil && wrapper.IsLauncher(build.Launcher()) {
		return run("ln", "-sfn", "tmpshell", a.Shell).then("tmpshellctl", "setup")
	}
	shell := build.Launcher()
	if unix.Access(shell, unix.X_OK) != nil {
		shell = "/bin/sh"
		for _, s := range account.ShellsNamed(account.Shells(account.ShellsFile), name) {
			if isLink && !config.IsWrapperName(s) {
				shell = s
				break
			}
		}
	}
	return run("usermod", "-s", shell, a.Name)
}
