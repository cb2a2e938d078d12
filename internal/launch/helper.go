package launch

import (
	"strings"

	"golang.org/x/sys/unix"

	"tmpshell/internal/bare"
	"tmpshell/internal/build"
)

// Exit codes of tmpshell-helper.
const (
	helperOK     = 0
	helperKept   = 3 // it was kept from finding out
	helperWrong  = 4 // the last good policy is in force
	helperSetup  = 5 // it has no capabilities
	helperFailed = 1
	helperNoExec = 126
)

// helperMillis bounds the helper: it may ask a name service that is slow.
const helperMillis = 20_000

// helperSaid is what the helper has printed.
var (
	helperSaid [4096]byte
	helperEnd  int
)

// runHelper starts the helper and waits for it. It takes no argument and reads
// no environment. What it says is for people alone: whether something is there
// now, is looked at again.
//
// The process in between has no exit signal, so that nothing of a child's end
// reaches a caller that blocks, ignores or waits for SIGCHLD.
func (l *launcher) runHelper() bare.Trouble {
	l.session.helped = true
	said, w, e := bare.Pipe()
	if e != 0 {
		return bare.Failed("pipe2", e, build.Helper(), "")
	}
	pid, e := bare.Fork()
	if e == 0 && pid == 0 {
		bare.Exit(l.between(w))
	}
	bare.Close(w)
	if e != 0 {
		bare.Close(said)
		return bare.Failed("clone", e, build.Helper(), "")
	}
	n, e := bare.ReadFor(said, helperSaid[:], helperMillis)
	bare.Close(said)
	if e != 0 {
		bare.Kill(pid)
	}
	code, waited := bare.Wait(pid)
	helperEnd = n
	text := reasonFor("")
	switch {
	case e != 0:
		return bare.Failed("read", e, build.Helper(), "")
	case waited != 0:
		return bare.Failed("wait4", waited, build.Helper(), "")
	case code == helperOK, code == helperWrong:
		return bare.Trouble{}
	case code == helperFailed, code == helperSetup, code == helperNoExec:
		l.session.setup = code != helperFailed
		return bare.Broken("", "", l.strings.join(build.Helper(), ": ", text))
	}
	// It was killed, or its runtime has given up for a want of memory.
	return bare.Trouble{Why: l.strings.join(build.Helper(), ": ", text), Errno: bare.Errno(unix.EINTR)}
}

// between is the process that starts the helper, waits for it and ends as it
// does.
func (l *launcher) between(w int) int {
	reached(atChild)
	bare.DefaultSignal(unix.SIGCHLD)
	pid, e := bare.Fork()
	if e != 0 {
		return helperKept
	}
	if pid == 0 {
		l.becomeHelper(w)
	}
	bare.Close(w)
	code, e := bare.Wait(pid)
	if e != 0 || code < 0 {
		return helperKept
	}
	return code
}

var helperArgs = [2]*byte{&helperName[0], nil}
var helperName = [16]byte{'t', 'm', 'p', 's', 'h', 'e', 'l', 'l', '-', 'h', 'e', 'l', 'p', 'e', 'r', 0}

// becomeHelper executes it with the pipe on the standard descriptors, nothing of
// the environment, and "/" for a working directory. The
// soft limits with which its runtime may not start become the hard ones, and the
// clock that it reads may be read.
func (l *launcher) becomeHelper(w int) {
	for _, resource := range [...]int{unix.RLIMIT_AS, unix.RLIMIT_DATA, unix.RLIMIT_STACK, unix.RLIMIT_NPROC} {
		bare.RaiseLimit(resource)
	}
	_, _ = bare.Prctl(unix.PR_SET_TSC, unix.PR_TSC_ENABLE, 0)
	for fd := range 3 {
		if e := bare.Dup(w, fd); e != 0 {
			bare.Exit(helperKept)
		}
	}
	bare.CloseFrom(3)
	if root, e := bare.Open("/", unix.O_PATH|unix.O_DIRECTORY); e == 0 {
		_ = bare.Fchdir(root) // the helper does so, too
		bare.Close(root)
	}
	none := [1]*byte{}
	e := bare.Execve(build.Helper(), helperArgs[:], none[:])
	l.tell(e.Text(), "", "")
	switch {
	case e.Kind() == bare.Kept:
		bare.Exit(helperKept)
	case e == bare.Errno(unix.ENOENT):
		bare.Exit(helperNoExec) // make install, and setup, bring it
	}
	bare.Exit(helperFailed)
}

// reasonFor is the line that the helper has printed about a path, without the
// path, or else its first line.
func reasonFor(path string) string {
	t := bare.NewText(helperSaid[:])
	t.Advance(helperEnd)
	first := ""
	for rest, more := t.String(), true; more; {
		var line string
		line, rest, more = strings.Cut(rest, "\n")
		line = strings.TrimPrefix(strings.TrimPrefix(line, program), "tmpshell-helper: ")
		if first == "" {
			first = line
		}
		const about = "cannot make "
		if path != "" && strings.HasPrefix(line, about) && strings.HasPrefix(line[len(about):], path) {
			return strings.TrimPrefix(line[len(about)+len(path):], ": ")
		}
	}
	if first == "" {
		return "it failed and gave no reason"
	}
	return first
}
