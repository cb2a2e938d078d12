package audit

import (
	"errors"
	"os"
	"strings"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// watched is a directory that inotify(7) tells of.
type watched struct {
	path  string
	place Place
}

// watcher answers the questions of one program and all that it starts.
type watcher struct {
	listener, inotify int
	Options
	calls       map[uint32]abi
	directories map[int32]watched
	byTarget    map[target]*attempt
	expected    map[expectation][]*attempt
	remembered  map[string]*remembered
	// blind are calls of threads that may not be looked at.
	blind   map[target]*attempt
	records *records
	known   known
	notes   notes
	events  [64 << 10]byte
}

// notes are what an audit has not seen, or has changed.
type notes struct {
	unreadable map[string]int // calls, by the name of the thread
	rings      map[string]int // io_uring_setup that was refused
	powerless  map[string]int // set-user-ID programs
	lost       int            // overflows of inotify
}

func newWatcher(listener int, abis []abi, o Options) (*watcher, error) {
	fd, err := unix.InotifyInit1(unix.IN_NONBLOCK | unix.IN_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("inotify_init1", err)
	}
	w := &watcher{listener: listener, inotify: fd, Options: o, calls: map[uint32]abi{}, directories: map[int32]watched{}, blind: map[target]*attempt{},
		byTarget: map[target]*attempt{}, expected: map[expectation][]*attempt{}, records: newRecords(), remembered: map[string]*remembered{},
		known: known{byThread: map[target]knownThread{}, root: rootOf(unix.AT_FDCWD, "/")},
		notes: notes{unreadable: map[string]int{}, rings: map[string]int{}, powerless: map[string]int{}}}
	for _, a := range abis {
		w.calls[a.arch] = a
	}
	return w, nil
}

// serve answers until ended can be read.
func (w *watcher) serve(ended int) error {
	for {
		p := []unix.PollFd{{Fd: int32(w.listener), Events: unix.POLLIN}, {Fd: int32(w.inotify), Events: unix.POLLIN}, {Fd: int32(ended), Events: unix.POLLIN}}
		if err := wait(p); err != nil {
			return err
		}
		if p[0].Revents&unix.POLLIN != 0 {
			if err := w.answer(); err != nil {
				return err
			}
			continue
		}
		w.drain()
		if p[2].Revents != 0 {
			return nil
		}
		if p[0].Revents != 0 { // nobody asks any more: not to be told so again
			w.listener = -1
		}
	}
}

// wait waits for one of some descriptors. As long as the questions come one after the
// other, the runtime is not told: that it gives the processor to other goroutines
// meanwhile takes longer than the answer.
func wait(p []unix.PollFd) error {
	soon := unix.Timespec{Nsec: 1e6}
	n, _, errno := unix.RawSyscall6(unix.SYS_PPOLL, uintptr(unsafe.Pointer(&p[0])), uintptr(len(p)), uintptr(unsafe.Pointer(&soon)), 0, 0, 0)
	if errno == 0 && n == 0 {
		_, errno := unix.Poll(p, -1)
		if errno != nil && errno != unix.EINTR {
			return os.NewSyscallError("ppoll", errno)
		}
		return nil
	}
	if errno != 0 && errno != unix.EINTR {
		return os.NewSyscallError("ppoll", errno)
	}
	return nil
}

// answer answers one question. The call is always made: the audit decides nothing,
// but for io_uring, which this filter does not see.
func (w *watcher) answer() error {
	n, err := receive(w.listener)
	if err == unix.EINTR || err == unix.ENOENT { // killed meanwhile
		return nil
	}
	if err != nil {
		return os.NewSyscallError("seccomp", err)
	}
	t := target(n.tid)
	w.drain()
	w.over(t)
	abi := w.calls[n.arch]
	c := abi.calls[uint32(n.number)&^abi.alike]
	if c.deed == ring {
		w.notes.rings[w.known.name(t)]++
		err = refuse(w.listener, n.id, unix.ENOSYS)
	} else {
		w.look(t, n, c)
		err = carryOn(w.listener, n.id)
	}
	if err == unix.ENOENT { // it was killed, and what was read may have been another's
		w.over(t)
		return nil
	}
	return os.NewSyscallError("seccomp", err)
}

// look finds out what a call is about to make.
func (w *watcher) look(t target, n notification, c call) {
	var err error
	switch c.deed {
	case lock:
		w.sawLock(t, int(int32(n.args[c.dir])))
		return
	case execute:
		w.known.changes(t)
		if restricted() {
			w.sawExec(t, n, c)
		}
		return
	case umask:
		w.known.changes(t)
		return
	default:
		err = w.expect(t, n, c)
	}
	var errno syscall.Errno
	if !errors.As(err, &errno) {
		return
	}
	if kept(errno) || (errno == unix.EPERM || errno == unix.EACCES) && !t.readable() {
		w.notes.unreadable[w.known.name(t)]++
		w.expectBlind(t, n, c)
	}
}

// kept tells whether an error is the auditor's own trouble, and not what the call
// itself meets.
func kept(e syscall.Errno) bool {
	switch e {
	case unix.EMFILE, unix.ENFILE, unix.ENOMEM, unix.ENOSPC, unix.EAGAIN, unix.EINTR, unix.EIO:
		return true
	}
	return false
}

// readable tells whether the auditor may look at a thread: not if it has executed
// a program that it may not read (PR_SET_DUMPABLE of prctl(2)).
func (t target) readable() bool {
	_, err := os.Readlink(t.proc("cwd"))
	return err == nil || !errors.Is(err, os.ErrPermission)
}

// expect watches the directory that a call may make something in.
func (w *watcher) expect(t target, n notification, c call) error {
	a, dir, path, err := describe(t, n, c)
	if err != nil || a.kind == "" {
		return err
	}
	a.target, a.deed = t, c.deed
	if p, ok := w.known.alike(t); ok && a.kind != kindUnnamed {
		if r, name := w.recall(path, a.follow && !a.excl); r != nil {
			if !r.place.Private || w.Private {
				a.process, a.place, a.name, a.path, a.in = p, r.place, name, path, r.in
				w.hope(&a)
			}
			return nil
		}
	}
	return w.find(t, n, &a, dir, path)
}

// find follows the path of a call.
func (w *watcher) find(t target, n notification, a *attempt, dir int32, path string) (err error) {
	fd := -1
	if a.kind == kindUnnamed {
		fd, err = t.directory(dir, path)
	} else {
		fd, a.name, err = t.parent(dir, path, a.follow && !a.excl)
	}
	if err != nil {
		return err
	}
	kept := false
	defer func() {
		if !kept {
			unix.Close(fd)
		}
	}()
	place, found := placeOf(fd, w.Places)
	if !found {
		return nil
	}
	a.place, a.process = place, w.known.of(t)
	if !waiting(w.listener, n.id) {
		return nil // it was killed, and who is read now has its number
	}
	a.in = -1
	if a.kind == kindUnnamed {
		a.path = descriptor(fd)
		if (!place.Private || w.Private) && unix.Faccessat(fd, ".", unix.W_OK, unix.AT_EACCESS) == nil {
			a.mode &^= a.process.umask
			w.made(a)
		}
		return nil
	}
	if !place.Private || w.Private {
		a.path = strings.TrimSuffix(descriptor(fd)+"/"+a.name, "/")
		if a.in, err = w.watch(fd, place); err != nil {
			return err
		}
		w.hope(a)
	}
	if before, name, _ := cutLast(path); name == a.name {
		if _, ok := w.known.alike(t); ok {
			kept = w.remember(before, fd, place, a.in)
		}
	}
	return nil
}

// hope has an event of the directory be taken for what a call has made.
func (w *watcher) hope(a *attempt) {
	a.mode &^= a.process.umask
	w.byTarget[a.target] = a
	key := expectation{a.in, a.name}
	w.expected[key] = append(w.expected[key], a)
	if len(w.byTarget) > 4096 {
		w.forgetDead()
	}
}

// watch has inotify(7) tell of a directory. That something has gone is told, too: of two
// equal events in a row, one is told.
func (w *watcher) watch(fd int, place Place) (int32, error) {
	const mask = unix.IN_CREATE | unix.IN_MOVED_TO | unix.IN_MOVED_FROM | unix.IN_DELETE | unix.IN_ONLYDIR
	wd, err := unix.InotifyAddWatch(w.inotify, descriptorName(fd), mask)
	if err != nil {
		return -1, os.NewSyscallError("inotify_add_watch", err)
	}
	w.directories[int32(wd)] = watched{descriptor(fd), place}
	return int32(wd), nil
}
