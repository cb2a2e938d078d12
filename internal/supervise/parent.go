package supervise

import (
	"golang.org/x/sys/unix"

	"tmpshell/internal/bare"
	"tmpshell/internal/orders"
)

// parent is one run above a program.
type parent struct {
	orders orders.Orders
	child  int
	// init: the duties of a first process, see --init in tmpshell(8). first: it
	// is the first process of a PID namespace.
	init, first bool
	// ended: the program has, with status.
	ended  bool
	status unix.WaitStatus
	// last: there is no child any more.
	last    bool
	signals int // descriptor that they are read from
	told    [64]int
	// groupTold: the program's group was told, in which nobody is told alone.
	groupTold bool
	terminal
}

// self is the one of a process: too large for a stack.
var self parent

// run takes the number of the child, "init" or "-", the list of --init, and "pty"
// or "-".
func (p *parent) run(args []*byte) int {
	child, ok := bare.ParseUint(bare.String(args[0]), 1<<30)
	p.init = bare.String(args[1]) == "init"
	if !p.orders.Parse(bare.String(args[2])) || !ok || child < 2 {
		return bare.ExitOwn
	}
	p.child, p.first = int(child), bare.Getpid() == 1
	p.begin(bare.String(args[3]) == "pty")
	var e bare.Errno
	if p.signals, e = signalFile(); e != 0 {
		return p.cannot("signalfd", e)
	}
	if p.init && !p.first {
		if _, e = bare.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0); e != 0 {
			return p.cannot("prctl", e)
		}
	}
	for p.reap(); !p.ended && !p.last; {
		p.wait(p.untilFront())
	}
	p.finish()
	if p.init {
		p.endOthers()
	} else if p.first {
		p.killOthers() // as the end of this process does, but before the removal
	}
	p.remove()
	return p.end()
}

// cannot ends the program, which has begun, where it would be alone.
func (p *parent) cannot(call string, e bare.Errno) int {
	bare.Kill(p.child)
	_, _ = bare.Wait(p.child)
	_ = bare.Write(2, bare.Keep("tmpshell: ", call, ": ", e.Text()))
	_ = bare.Write(2, "\n")
	return bare.ExitOwn
}

// wait waits for a signal, or for something to be copied.
func (p *parent) wait(ms int64) {
	list := p.waitFor()
	list[0] = unix.PollFd{Fd: int32(p.signals), Events: unix.POLLIN}
	if bare.Poll(list, ms) != 0 {
		return
	}
	for n := readSignal(p.signals); n != 0; n = readSignal(p.signals) {
		p.take(n)
	}
	p.copy()
}

// take does with a signal what is to be done.
func (p *parent) take(n unix.Signal) {
	if n == unix.SIGCHLD {
		p.reap()
		return
	}
	// SIGTTIN and SIGTTOU come from somebody: the kernel sends none to a process
	// that blocks them.
	if p.ended || p.ofTerminal(n) {
		return
	}
	to := p.child
	if p.orders.Group {
		to = -p.child
	}
	_ = send(to, n)
}

// reap takes all children that have ended.
func (p *parent) reap() {
	for {
		pid, status, e := reapOne()
		switch {
		case e != 0:
			p.last = true
			return
		case pid == 0:
			return
		case pid != p.child:
		case status.Stopped():
			p.stopToo()
		default:
			p.ended, p.status = true, status
		}
	}
}

// stopToo stops this process when the program was stopped, so that a shell which
// waits for it notices. When that goes on, the program does, and gets the terminal
// back.
func (p *parent) stopToo() {
	switch {
	case p.first || p.master >= 0 && !p.raw:
		return // nobody would wake it
	case p.raw:
		p.suspend()
	default:
		_ = send(bare.Getpid(), unix.SIGSTOP)
	}
	if p.master < 0 && bare.Foreground(0) == bare.Group(0) {
		bare.SetForeground(0, p.child)
	}
	_ = send(-p.child, unix.SIGCONT)
}

// end ends as the program did: by its exit code, or by its signal.
func (p *parent) end() int {
	if !p.ended {
		return bare.ExitOwn
	}
	code := p.status.ExitStatus()
	if p.status.Signaled() {
		code = 128 + int(p.status.Signal())
	}
	if p.orders.Remapped(code) {
		return 0
	}
	if p.status.Signaled() && !p.first { // whom its own signals do not kill
		dieBy(p.status.Signal())
	}
	return code
}
