package launch

import (
	"path"
	"strings"

	"tmpshell/internal/account"
	"tmpshell/internal/config"
	"tmpshell/internal/sys"
)

// lastResort is POSIX's; a machine without it has no shell to log in with.
const lastResort = "/bin/sh"

// refusals are the programs in place of a shell whose accounts are not to log
// in. shells(5) does not list them, and nothing stands in for one.
var refusals = map[string][]string{
	"nologin": {"/usr/sbin/nologin", "/sbin/nologin"},
	"false":   {"/bin/false", "/usr/bin/false"},
}

// candidates lists the real shells to try, in the order of tmpshell(8), each
// once, tmpshell itself left out. It is never empty. What is not needed is not
// looked up: the passwd entry only when nothing before it is there.
type candidates struct {
	inv    Invocation
	policy config.Policy
	// passwd returns the shell of the passwd entry, "" when there is none.
	passwd func() string
	shells func() []string
	isSelf func(path string) bool
}

// each calls try with one candidate after the other until it returns true, or
// the candidate was one that is there to let nobody in.
func (c candidates) each(try func(path string) bool) bool {
	var tried []string
	refused := false
	attempt := func(shell string) bool {
		refusal := refusals[path.Base(shell)] != nil
		if refused && !refusal || !strings.HasPrefix(shell, "/") || config.IsWrapperName(shell) || c.isSelf(shell) {
			return false
		}
		for _, t := range tried {
			if t == shell {
				return false
			}
		}
		tried = append(tried, shell)
		refused = refused || refusal
		return try(shell)
	}
	named := func(name string) bool {
		if name == "" {
			return false
		}
		for _, s := range append(account.ShellsNamed(c.shells(), name), refusals[name]...) {
			if attempt(s) {
				return true
			}
		}
		return false
	}
	if c.policy.Shell != "" && attempt(c.policy.Shell) {
		return true
	}
	if named(c.inv.ShellName()) {
		return true
	}
	// As ForceCommand or in a crontab, tmpshell is called by its own name even
	// where the account has a link.
	if passwd := c.passwd(); attempt(passwd) || named(shellName(passwd)) {
		return true
	}
	for _, s := range c.shells() {
		if s == "/bin/bash" && attempt(s) {
			return true
		}
	}
	return attempt(lastResort)
}

// selfCheck returns a test for "is this file tmpshell", by device and inode.
// Without /proc only the name tells, which IsWrapperName has looked at.
func selfCheck() func(path string) bool {
	self, err := sys.StatPath("/proc/self/exe")
	return func(path string) bool {
		if err != nil {
			return false
		}
		st, statErr := sys.StatPath(path)
		return statErr == nil && st.SameFile(self)
	}
}

// passwdShell is the shell of the session's account. An empty field is the
// default shell (passwd(5)), and is no choice of anybody's.
func passwdShell(s *account.Session) string {
	a, err := s.Account()
	if err != nil {
		return ""
	}
	return a.Shell
}
