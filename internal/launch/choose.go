package launch

import (
	"strings"

	"tmpshell/internal/account"
	"tmpshell/internal/config"
	"tmpshell/internal/sys"
)

// lastResort is POSIX's; a machine without it has no shell to log in with.
const lastResort = "/bin/sh"

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

// each calls try with one candidate after the other until it returns true.
func (c candidates) each(try func(path string) bool) bool {
	var tried []string
	attempt := func(path string) bool {
		if !strings.HasPrefix(path, "/") || config.IsWrapperName(path) || c.isSelf(path) {
			return false
		}
		for _, t := range tried {
			if t == path {
				return false
			}
		}
		tried = append(tried, path)
		return try(path)
	}
	if c.policy.Shell != "" && attempt(c.policy.Shell) {
		return true
	}
	if name := c.inv.ShellName(); name != "" {
		for _, s := range account.ShellsNamed(c.shells(), name) {
			if attempt(s) {
				return true
			}
		}
	}
	if attempt(c.passwd()) {
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
