// Package launch is what a login does: who is this, what does the policy say,
// verify the directories, mount, say so in the environment, become the shell.
//
// It is one process with one thread, without the Go runtime, and it makes
// nothing but a fallback: what is missing, tmpshell-helper makes. It keeps the
// rules of package bare.
//
// The user's other processes can stop it, signal it, and change its limits
// between any two system calls. So an error is answered by its kind, at one
// place (verdict.go), and what a decision rests on never comes from a process
// that runs as the user.
package launch

import (
	_ "unsafe" // go:linkname

	"golang.org/x/sys/unix"

	"tmpshell/internal/bare"
	"tmpshell/internal/build"
	"tmpshell/internal/policy"
	"tmpshell/internal/session"
)

// usualGroups is how many supplementary groups need no memory but the program's
// own. The kernel's limit is 65536 (NGROUPS_MAX, limits.h).
const usualGroups = 1024

// launcher is one run of tmpshell. What is large is at its end, or a variable of its
// own, so that the rest is in one page: each that is used costs as much as several
// system calls.
type launcher struct {
	inv Invocation
	// args and given are what the program was called with, unchanged.
	args, given []*byte
	execFn      string

	uid, gid uint32
	groups   []uint32

	verdict verdict
	// few is room for the arguments of a shell under ForceCommand.
	few [4]*byte
	// became: the process is the user of --user.
	became bool
	// code is what the last candidate for the shell came to.
	code int

	session prepared
	env     Environment
	strings arena
	// Room for the usual number of directories.
	fewDirectories [fewDirectories]directory
	fewMounted     [fewDirectories]session.Directory

	policy policy.Policy
}

const fewDirectories = 4

// self is the one launcher of a process: too large for a stack.
var (
	self     launcher
	groupIDs [usualGroups]uint32

	directoryList  [policy.MaxDirectories + 1]directory // more than a few, and one to look for in vain
	entryPointers  [usualEntries + 1]*byte
	stringsOfLogin [2 * arenaSize]byte
)

// Run is the program: it becomes the shell, or exits.
//
//go:linkname Run tmpshell_program
func Run(block *bare.Block) {
	bare.Exit(self.run(block))
}

// run returns an exit code when no program could be started.
func (l *launcher) run(block *bare.Block) int {
	_, _ = bare.Prctl(unix.PR_SET_DUMPABLE, 0, 0) // until execve(2): nobody reads or traces it
	l.takeMemory()
	l.args, l.given, l.execFn = block.Args(), block.Env(), block.ExecFn()
	reached(atStart)
	l.takeEnvironment()
	l.inv = ParseInvocation(l.args, &l.env)
	switch l.inv.Mode {
	case Version:
		return l.print("tmpshell ", build.Version, "\n")
	case Help:
		return l.print(usage, "", "")
	case Wrong:
		l.tell(l.inv.Word, l.inv.Problem, "")
		return ExitOwn
	}
	reached(atCall)
	if !l.becomeUser() || !l.whoIsThis() || !l.whatDoesThePolicySay() {
		return ExitOwn
	}
	reached(atPolicy)
	needs := l.needsPrivilege()
	if !l.supervise() {
		return ExitOwn
	}
	if needs && !l.becomeSession() {
		return ExitOwn
	}
	if !l.directories() || !l.restrict() {
		return ExitOwn
	}
	reached(atDirectories)
	l.sayInTheEnvironment()
	return l.become()
}

// takeMemory gives it its variables.
func (l *launcher) takeMemory() {
	l.session.list = l.fewDirectories[:]
	l.env.usual, l.strings.buf = entryPointers[:], stringsOfLogin[:arenaSize]
}

// whoIsThis asks the kernel, and nobody else.
func (l *launcher) whoIsThis() bool {
	var e bare.Errno
	l.uid, l.gid = bare.Getuid(), bare.Getgid()
	l.groups, e = bare.Groups(groupIDs[:])
	t := bare.Failed("getgroups", e, "", "")
	return l.goOn(&t)
}

const usage = `tmpshell gives a session private temporary directories and becomes its shell.

usage:
  tmpshell [SHELL ARGUMENTS...]        as the user's real shell would be called
  tmpshell --exec [--user USER[:GROUP]] [--init[=LIST]] [--pty] [--] PROGRAM [ARG...]
                                       run a program instead, as in a container
  tmpshell --version | --help

Set as a shell in passwd(5), as ForceCommand in sshd_config(5), as SHELL in a
crontab(5), or as a container's entrypoint. See tmpshell(8), tmpshell.conf(5).
`
