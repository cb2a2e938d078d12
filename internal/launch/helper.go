package launch

import (
	"golang.org/x/sys/unix"

	"tmpshell/internal/bare"
	"tmpshell/internal/build"
)

// Exit codes of tmpshell-helper.
const (
	helperOK     = 0
	helperSetup  = 2 // it has no capabilities
	helperKept   = 3 // it was kept from finding out
	helperNoExec = 126
)

// helperMillis bounds the helper: it may ask a name service that is slow.
const helperMillis = 20_000

var helperSaid [4096]byte

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
	if l.uid == 0 && l.session.memory < 0 {
		l.session.memory, _ = bare.MemoryFile()
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
	text := helperReason(helperSaid[:n])
	switch {
	case e != 0:
		return bare.Failed("read", e, build.Helper(), "")
	case waited != 0:
		return bare.Failed("wait4", waited, build.Helper(), "")
	case code < 0, code == helperKept:
		return bare.Trouble{Call: build.Helper(), Errno: bare.Errno(unix.EINTR), Where: text}
	case code == helperOK:
		return bare.Trouble{}
	}
	l.session.setup = code == helperSetup
	return bare.Broken(build.Helper(), "", text)
}

// between is the process that starts the helper, waits for it and ends as it
// does.
func (l *launcher) between(w int) int {
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

// becomeHelper executes it with the pipe on the standard descriptors, at most
// one more, nothing of the environment, and "/" for a working directory.
func (l *launcher) becomeHelper(w int) {
	memory := l.session.memory
	for fd := range 3 {
		if e := bare.Dup(w, fd); e != 0 {
			bare.Exit(helperKept)
		}
	}
	first := 3
	if memory >= 0 {
		if e := bare.Dup(memory, 3); e != 0 {
			bare.Exit(helperKept)
		}
		first = 4
	}
	bare.CloseFrom(first)
	if root, e := bare.Open("/", unix.O_PATH|unix.O_DIRECTORY); e == 0 {
		_ = bare.Fchdir(root) // the helper does so, too
		bare.Close(root)
	}
	none := [1]*byte{}
	e := bare.Execve(build.Helper(), helperArgs[:], none[:])
	l.tell("cannot run it", e.Text(), "")
	if e.Kind() == bare.Kept {
		bare.Exit(helperKept)
	}
	bare.Exit(helperNoExec)
}

// helperReason is the first line that the helper has printed, without its name.
func helperReason(b []byte) string {
	t := bare.NewText(b)
	t.Advance(len(b))
	line, _, _ := bare.Cut(t.String(), '\n')
	for _, name := range [...]string{"tmpshell-helper: ", program} {
		if bare.HasPrefix(line, name) {
			line = line[len(name):]
		}
	}
	if line == "" {
		return "it failed and gave no reason"
	}
	return line
}
