package launch

import (
	"strings"

	"golang.org/x/sys/unix"

	"tmpshell/internal/accounts"
	"tmpshell/internal/bare"
	"tmpshell/internal/build"
	"tmpshell/internal/policy"
)

// The choice of the real shell, in the order of tmpshell(8): Shell of the
// configuration; NAME of a link tmpshell-NAME; the shell of the account, where
// that is not tmpshell; /bin/bash if shells(5) lists it, else /bin/sh.
//
// A shell that somebody has named may be one that restricts its user. So
// nothing stands in for it, unless it is one of those that everybody knows not
// to; and only an error that says that it is not there, or is no program, leads
// on to the next one: every other one can be brought about by the caller.

// refusals are the programs in place of a shell whose accounts are not to log
// in. shells(5) does not list them.
var refusals = [...]struct{ name, first, second string }{
	{"nologin", "/usr/sbin/nologin", "/sbin/nologin"},
	{"false", "/bin/false", "/usr/bin/false"},
}

// posixShell is there on every machine on which somebody can log in.
const posixShell = "/bin/sh"

// trial is what came of a candidate.
type trial uint8

const (
	skipped trial = iota // it is tmpshell itself, or no path
	absent               // it is not there, or no program
	settled              // nothing may stand in: l.code is the exit code
)

// becomeShell tries the candidates and returns an exit code when none could be
// started.
func (l *launcher) becomeShell() int {
	l.code = ExitNotFound
	if l.policy.Shell != "" && l.only(l.policy.Shell) == settled {
		return l.code
	}
	if name := l.inv.ShellName(); name != "" && l.named(name) == settled {
		return l.code
	}
	if l.ofAccount() == settled {
		return l.code
	}
	bash := false
	t := accounts.EachShell(func(path string) bool {
		bash = path == "/bin/bash"
		return !bash
	})
	if !t.OK() && !l.goOn(&t) {
		return ExitOwn
	}
	if bash && l.attempt("/bin/bash") == settled {
		return l.code
	}
	_ = l.attempt(posixShell)
	return l.code
}

// named tries all lines of shells(5) whose base name is NAME. A NAME that is not
// there is not a shell, and nothing stands in for it.
func (l *launcher) named(name string) trial {
	found, result := false, skipped
	t := accounts.EachShell(func(path string) bool {
		if bare.Base(path) != name {
			return true
		}
		found = true
		result = max(result, l.attempt(path))
		return result != settled
	})
	for i := range refusals {
		if r := &refusals[i]; r.name == name && result != settled {
			if l.attempt(r.first) != settled {
				_ = l.attempt(r.second)
			}
			return settled
		}
	}
	switch {
	case result == settled:
	case !t.OK():
		l.verdict = refused // a link restricts, whatever the configuration says
		l.complain(&t)
		l.code = ExitOwn
		return settled
	case !found, result == skipped && !policy.IsUnrestricted(name):
		why := "names a shell that is not in /etc/shells"
		if found {
			why = "names tmpshell itself by /etc/shells"
		}
		t = bare.Broken(l.strings.join(prefix, name, ""), "", why)
		l.complainOfShell(&t)
		l.code = ExitNotFound
		return settled
	}
	return instead(name, result)
}

// ofAccount tries the shell of the account. One that is tmpshell's link asks for
// another shell: as ForceCommand or in a crontab, tmpshell is called by its own
// name.
func (l *launcher) ofAccount() trial {
	shell, t := l.accountShell()
	if !t.OK() {
		l.verdict = refused
		l.complain(&t)
		l.code = ExitOwn
		return settled
	}
	if name := shellName(shell); name != "" {
		return l.named(name)
	}
	if shell == "" { // the default shell (passwd(5)), and no choice of anybody's
		return skipped
	}
	return l.only(shell)
}

// accountShell is the shell of the passwd entry: from /etc/passwd, or as root
// has learnt it from the name service; empty where there is no entry.
func (l *launcher) accountShell() (string, bare.Trouble) {
	if l.inv.Login && l.inv.Mode == Shell && bare.Base(l.inv.Name) == "tmpshell" {
		return "", bare.Trouble{} // it is tmpshell: login(1) takes argv[0] from the entry
	}
	var a accounts.Account
	found, t := accounts.ByUID(l.uid, &a)
	if !t.OK() || found {
		return l.strings.join(a.Shell, "", ""), t
	}
	if reach, t := accounts.ReachOf(accounts.NSSwitch, "passwd"); !t.OK() || reach == accounts.Files {
		return "", t
	}
	if shell, _, ok := policyFile.Learnt(policy.SubjectShell, l.uid); ok {
		return shell, bare.Trouble{}
	}
	if !l.session.helped {
		if t := l.runHelper(); t.Kind() == bare.Kept {
			return "", t
		}
	}
	if t := readPolicy(); t.Kind() == bare.Kept {
		return "", t
	}
	if shell, _, ok := policyFile.Learnt(policy.SubjectShell, l.uid); ok {
		return shell, bare.Trouble{}
	}
	if l.session.setup || policyFile.Size() == 0 {
		return "", bare.Trouble{} // nobody here can ask: there is no such account
	}
	return "", bare.Broken("the name service", "", "did not say what the shell of this account is")
}

// complainOfShell tells the user and the log of a candidate that is not started.
func (l *launcher) complainOfShell(t *bare.Trouble) {
	var buf [maxLine]byte
	text := bare.NewText(buf[:])
	t.Tell(&text)
	l.tell(text.String(), "", "")
	l.warn(text.String())
}

// only tries a shell that somebody has named by its path.
func (l *launcher) only(shell string) trial { return instead(bare.Base(shell), l.attempt(shell)) }

// instead tells whether another shell may stand in for one of this name.
func instead(name string, t trial) trial {
	if t == absent && !policy.IsUnrestricted(name) {
		return settled
	}
	return t
}

// attempt becomes one candidate, and returns when that failed.
func (l *launcher) attempt(shell string) trial {
	if !strings.HasPrefix(shell, "/") || IsWrapperName(shell) || isSelf(shell) {
		return skipped
	}
	kept := l.strings.join(shell, "", "") // the caller's may be a line of a file
	l.setVariable("SHELL", kept)
	t := l.strings.text()
	l.inv.AddArgv0(&t, kept)
	e := l.execShell(kept, l.strings.keep(&t))
	trouble := bare.Trouble{Call: "cannot run", Errno: e, Where: kept}
	l.complainOfShell(&trouble)
	l.code = exitCode(e)
	switch unix.Errno(e) {
	case unix.ENOENT, unix.ENOTDIR, unix.EACCES, unix.ELOOP, unix.ENOEXEC:
		return absent
	}
	return settled
}

// isSelf tells whether a file is tmpshell, by device and inode.
func isSelf(path string) bool {
	var st, own bare.Stat
	if bare.StatPath(path, &st) != 0 {
		return false
	}
	for _, program := range [...]string{"/proc/self/exe", build.Launcher(), build.Session()} {
		if bare.StatPath(program, &own) == 0 && own.SameFile(&st) {
			return true
		}
	}
	return false
}
