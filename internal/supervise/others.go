package supervise

import (
	"strings"

	"golang.org/x/sys/unix"

	"tmpshell/internal/bare"
)

// look is how often it is asked whether there are still others, in milliseconds:
// of those that are nobody's children here, nothing tells.
const look = 20

// lastMillis is for how long those that were killed are waited for: one that
// hangs in the kernel ends when it can.
const lastMillis = 1000

// endOthers ends what the program has left: SIGTERM, the grace time, SIGKILL.
func (p *parent) endOthers() {
	p.tell(unix.SIGTERM)
	p.until(bare.Milliseconds()+p.orders.Grace, unix.SIGTERM)
	p.killOthers()
}

func (p *parent) killOthers() {
	if p.others() {
		p.told, p.groupTold = [len(p.told)]int{}, false
		p.tell(unix.SIGKILL)
		p.until(bare.Milliseconds()+lastMillis, unix.SIGKILL)
	}
}

// until waits until there are no others, or for a time. Whoever comes meanwhile, as
// children of those that end do, is told as well.
func (p *parent) until(end int64, n unix.Signal) {
	for p.others() && bare.Milliseconds() < end {
		p.wait(look)
		if !p.first || n == unix.SIGKILL {
			p.tell(n)
		}
	}
}

// others tells whether there are any.
func (p *parent) others() bool {
	p.reap()
	if p.first {
		// Zombies of others' children count, too: they are gone at once.
		return send(-1, 0) == 0
	}
	return !p.last
}

// tell sends a signal to all others: of a namespace, or else to the children,
// which those become whose parents end.
func (p *parent) tell(n unix.Signal) {
	if p.first {
		_ = send(-1, n)
		return
	}
	if !p.groupTold {
		p.groupTold = true
		_ = send(-p.child, n) // its group, whoever their parents are
	}
	file, e := bare.Open("/proc/thread-self/children", unix.O_RDONLY)
	if e != 0 {
		return // a kernel without it (CONFIG_PROC_CHILDREN)
	}
	var text [4096]byte
	got, e := bare.ReadAll(file, text[:])
	bare.Close(file)
	if e != 0 && e != bare.Errno(unix.EFBIG) {
		return
	}
	list := bare.NewText(text[:])
	list.Advance(got)
	for rest := list.String(); ; {
		word, after, whole := strings.Cut(rest, " ")
		if !whole {
			return // where there are more, they are told when these have ended
		}
		rest = after
		if pid, ok := bare.ParseUint(word, 1<<30); ok && pid > 1 && bare.Group(int(pid)) != p.child && !p.knows(int(pid)) {
			_ = send(int(pid), n)
		}
	}
}

// knows tells whether a process was told already: some programs take a second
// SIGTERM for another thing. Where too many are remembered, they are told again.
func (p *parent) knows(pid int) bool {
	slot := &p.told[pid%len(p.told)]
	if *slot == pid {
		return true
	}
	*slot = pid
	return false
}

// removerMillis bounds the removal. What is left then, tmpshellctl clean finds.
const removerMillis = 10_000

// remove has the directories removed. A first process waits for that: its end is
// everybody's. Another one does not, for it is itself a process of the user's, and
// so is who waits for it.
func (p *parent) remove() {
	if bare.Getuid() == 0 {
		return // of root nobody knows who else is using them
	}
	pid, e := bare.ForkTold()
	if e != 0 {
		return
	}
	if pid == 0 {
		first := 3 // a container has no log: what fails is said
		if !p.first {
			first = 0
			_ = bare.Setsid()
		}
		bare.CloseFrom(first)
		becomeRemover()
		bare.Exit(0)
	}
	for end := bare.Milliseconds() + removerMillis; p.first && !reaped(pid); {
		left := end - bare.Milliseconds()
		if left <= 0 {
			bare.Kill(pid)
			return
		}
		p.waitQuietly(left)
	}
}

// reaped takes what has ended, and tells whether a child is among it, or there is
// none.
func reaped(child int) bool {
	for {
		pid, status, e := reapOne()
		if e != 0 || pid == child && !status.Stopped() {
			return true
		}
		if pid == 0 {
			return false
		}
	}
}

// waitQuietly takes signals without passing them on.
func (p *parent) waitQuietly(ms int64) {
	list := [1]unix.PollFd{{Fd: int32(p.signals), Events: unix.POLLIN}}
	if bare.Poll(list[:], ms) != 0 {
		return
	}
	for readSignal(p.signals) != 0 {
	}
}
