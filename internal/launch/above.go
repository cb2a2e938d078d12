package launch

import (
	"golang.org/x/sys/unix"

	"tmpshell/internal/bare"
	"tmpshell/internal/build"
)

// above is what the two processes of --init and --pty need of each other.
type above struct {
	signals      bare.Signals // that the caller had blocked
	noChild      bool         // the caller ignored SIGCHLD
	ready, begin int          // a pipe: its end says that the other one is there
	master       int          // of the pseudo-terminal, -1 for none
	slave        int
}

var (
	parentWord = [7]byte{'p', 'a', 'r', 'e', 'n', 't', 0}
	initWord   = [5]byte{'i', 'n', 'i', 't', 0}
	ptyWord    = [4]byte{'p', 't', 'y', 0}
	noWord     = [2]byte{'-', 0}
	childWord  [20]byte
)

// masterFD is where tmpshell-supervise finds the pseudo-terminal.
const masterFD = 3

// stayAbove makes a child, which goes on with the session, and becomes
// tmpshell-supervise. The child waits until that is there. Whoever asks for it
// demands it: nothing is run without.
//
// All signals are blocked meanwhile, and stay so for the one above: it reads them
// from a descriptor, and none is lost.
func (l *launcher) stayAbove() bool {
	a := above{master: -1, slave: -1}
	what, e := "pipe2", bare.Errno(0)
	if a.ready, a.begin, e = bare.Pipe(); e == 0 && l.inv.PTY {
		what = "/dev/ptmx"
		a.master, a.slave, e = bare.PTY()
	}
	if e != 0 {
		return l.notAbove(what, e)
	}
	a.signals = bare.BlockedSignals(bare.AllSignals)
	a.noChild = bare.SetIgnored(unix.SIGCHLD, false)
	pid, e := bare.ForkTold()
	switch {
	case e != 0:
		what = "clone"
	case pid == 0:
		return l.below(&a)
	default:
		l.args = nil // a fault begins no second session
		what, e = build.Supervise(), l.becomeParent(&a, pid)
		bare.Kill(pid)
		_, _ = bare.Wait(pid)
	}
	_ = bare.BlockedSignals(a.signals)
	return l.notAbove(what, e)
}

func (l *launcher) notAbove(what string, e bare.Errno) bool {
	l.tell(what, e.Text(), "")
	return false
}

// below is the session's process.
func (l *launcher) below(a *above) bool {
	bare.Close(a.begin)
	bare.Close(a.master)
	var one [1]byte
	n, e := bare.Read(a.ready, one[:])
	bare.Close(a.ready)
	if n != 0 || e != 0 {
		bare.Exit(ExitOwn)
	}
	if a.slave >= 0 {
		if !a.takeTerminal() {
			return l.notAbove("the pseudo-terminal", bare.Errno(unix.EIO))
		}
	} else {
		a.ownGroup()
	}
	if a.noChild {
		_ = bare.SetIgnored(unix.SIGCHLD, true)
	}
	_ = bare.BlockedSignals(a.signals)
	return true
}

// takeTerminal begins a session on the pseudo-terminal.
func (a *above) takeTerminal() bool {
	e := bare.Setsid()
	if e == 0 {
		e = bare.TakeTerminal(a.slave)
	}
	for n := 0; e == 0 && n < 3; n++ {
		e = bare.Dup(a.slave, n)
	}
	bare.Close(a.slave)
	return e == 0
}

// ownGroup gives the program a process group, and the terminal where the caller
// has it: what is typed there is for the program alone.
func (a *above) ownGroup() {
	front := bare.Foreground(0) == bare.Group(0)
	bare.OwnGroup()
	if front {
		bare.SetForeground(0, bare.Group(0))
	}
}

// becomeParent returns where it cannot be executed.
func (l *launcher) becomeParent(a *above, child int) bare.Errno {
	bare.Close(a.ready)
	bare.Close(a.slave)
	if a.master >= 0 && a.master != masterFD {
		if a.begin == masterFD {
			var e bare.Errno
			if a.begin, e = bare.Higher(a.begin, masterFD+1); e != 0 {
				return e
			}
		}
		if e := bare.Dup(a.master, masterFD); e != 0 {
			return e
		}
	} else if a.master == masterFD {
		if e := bare.StayOpen(a.master); e != 0 {
			return e
		}
	}
	t := bare.NewText(childWord[:len(childWord)-1])
	t.AddUint(uint64(child), 10)
	superviseArgs = [len(superviseArgs)]*byte{&superviseName[0], &parentWord[0], &childWord[0], &noWord[0], &empty[0], &noWord[0]}
	if l.inv.Init {
		superviseArgs[3], superviseArgs[4] = &initWord[0], pointer(l.inv.InitList)
	}
	if l.inv.PTY {
		superviseArgs[5] = &ptyWord[0]
	}
	none := [1]*byte{}
	return bare.Execve(build.Supervise(), superviseArgs[:], none[:])
}
