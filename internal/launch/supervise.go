package launch

import (
	"golang.org/x/sys/unix"

	"tmpshell/internal/bare"
	"tmpshell/internal/build"
)

// supervise has tmpshell-supervise stay where somebody asks for it: beside the
// session for Supervise yes, above the program for --init and --pty. It comes
// before any privilege does, and the program that has some is executed by the
// session.
//
// Beside, not above: the session is the very process that the caller has started.
// Its signals, its terminal, its end are what they are without, and whatever
// happens to the one that stays, the session goes on.
//
// A session inside another one that has its directories mounted already has that one's
// watcher, which waits for what a session leaves. Its own would stand in that namespace,
// where nobody can remove what share= has something mounted on.
func (l *launcher) supervise() bool {
	switch {
	case l.execFn == build.Session():
		return true // done before that was executed
	case l.inv.Init || l.inv.PTY:
		return l.stayAbove()
	case l.policy.Supervise && !l.policy.Exempt && !l.session.entered:
		return l.haveWatched()
	}
	return true
}

var (
	superviseName = [19]byte{'t', 'm', 'p', 's', 'h', 'e', 'l', 'l', '-', 's', 'u', 'p', 'e', 'r', 'v', 'i', 's', 'e', 0}
	superviseArgs [7]*byte
	watchWord     = [6]byte{'w', 'a', 't', 'c', 'h', 0}
)

// haveWatched starts the one that waits for this process to end. The process in
// between ends at once: the session gets no child that it did not make, and no
// SIGCHLD. That is why it does not inherit orphans for so long: a subreaper that
// waits for its last child would wait for the watcher, which waits for it.
func (l *launcher) haveWatched() bool {
	self, e := bare.PidFD(bare.Getpid())
	if e.Kind() == bare.Object {
		l.notWatched(e) // a kernel without it
		return true
	}
	what := "pidfd_open"
	if e == 0 {
		var pid, code int
		what = "clone"
		subreaper := bare.SetSubreaper(false)
		if pid, e = bare.Fork(); e == 0 && pid == 0 {
			bare.Exit(l.betweenWatch(self))
		}
		bare.Close(self)
		if e == 0 {
			if code, e = bare.Wait(pid); e == 0 && code != 0 {
				e = bare.Errno(unix.EAGAIN)
			}
		}
		if subreaper {
			_ = bare.SetSubreaper(true)
		}
	}
	t := bare.Failed(what, e, build.Supervise(), "")
	return l.goOn(&t)
}

// betweenWatch returns 0 when the other one has begun.
func (l *launcher) betweenWatch(session int) int {
	pid, e := bare.Fork()
	if e != 0 {
		return ExitOwn
	}
	if pid == 0 {
		l.becomeWatcher(session)
	}
	return 0
}

// becomeWatcher executes it with nothing of the caller's but the identity: not the
// session, which a terminal hangs up, no descriptor, which somebody may wait for
// the end of, no working directory, and no environment.
func (l *launcher) becomeWatcher(session int) {
	e := bare.Setsid()
	if e == 0 {
		e = bare.Dup(session, 0)
	}
	bare.CloseFrom(1)
	if root, e := bare.Open("/", unix.O_PATH|unix.O_DIRECTORY); e == 0 {
		_ = bare.Fchdir(root)
		bare.Close(root)
	}
	if e == 0 {
		none := [1]*byte{}
		superviseArgs = [len(superviseArgs)]*byte{&superviseName[0], &watchWord[0]}
		e = bare.Execve(build.Supervise(), superviseArgs[:], none[:])
	}
	l.notWatched(e)
	bare.Exit(ExitOwn)
}

// notWatched: the session is as it must be, but for its end.
func (l *launcher) notWatched(e bare.Errno) {
	l.warn(l.strings.join(build.Supervise(), ": ", e.Text()))
}
