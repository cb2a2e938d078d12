package audit

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path"
	"strings"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Kinds of objects.
const (
	kindFile    = "file"
	kindLock    = "lock" // a file that was locked, or is called so
	kindUnnamed = "unnamed file"
	kindDir     = "directory"
	kindSocket  = "socket"
	kindFIFO    = "FIFO"
	kindDevice  = "device"
	kindSymlink = "symlink"
	kindLink    = "hard link"
	kindRename  = "rename"
)

// attempt is a call that has been let through, and may have made something.
type attempt struct {
	target
	deed    deed
	in      int32 // the watch of the directory
	name    string
	place   Place
	path    string
	process process
	kind    string
	mode    uint32
	excl    bool
	follow  bool // a symbolic link
}

type expectation struct {
	in   int32
	name string
}

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
		byTarget: map[target]*attempt{}, expected: map[expectation][]*attempt{}, records: newRecords(), known: known{byThread: map[target]knownThread{}},
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
	if err != nil && err != unix.ENOENT {
		return os.NewSyscallError("seccomp", err)
	}
	return nil
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
	if errors.As(err, &errno) && (errno == unix.EPERM || errno == unix.EACCES) && !t.readable() {
		w.notes.unreadable[w.known.name(t)]++
		w.expectBlind(t, n, c)
	}
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
	fd, name := -1, ""
	if a.kind == kindUnnamed {
		fd, err = t.directory(dir, path)
	} else {
		fd, name, err = t.parent(dir, path, a.follow && !a.excl)
	}
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	place, found := placeOf(fd, w.Places)
	if !found || place.Private && !w.Private {
		return nil
	}
	a.target, a.deed, a.place, a.name = t, c.deed, place, name
	a.process = w.known.of(t)
	if !waiting(w.listener, n.id) {
		return nil // it was killed, and who is read now has its number
	}
	a.mode &^= a.process.umask
	a.path = strings.TrimSuffix(descriptor(fd)+"/"+name, "/")
	if a.kind == kindUnnamed {
		if unix.Faccessat(fd, ".", unix.W_OK, unix.AT_EACCESS) == nil {
			w.made(&a)
		}
		return nil
	}
	if a.in, err = w.watch(fd, place); err != nil {
		return err
	}
	w.byTarget[t] = &a
	key := expectation{a.in, name}
	w.expected[key] = append(w.expected[key], &a)
	if len(w.byTarget) > 4096 {
		w.forgetDead()
	}
	return nil
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

// describe reads the arguments of a call. The kind is empty if it makes nothing.
func describe(t target, n notification, c call) (a attempt, dir int32, path string, err error) {
	argument := func(i int8) uint64 {
		if i == none {
			return 0
		}
		return n.args[i]
	}
	dir = unix.AT_FDCWD
	if c.dir != none {
		dir = int32(n.args[c.dir])
	}
	a.mode, a.excl = uint32(argument(c.mode)), true
	flags := argument(c.flags)
	switch c.deed {
	case creat:
		flags = unix.O_CREAT | unix.O_WRONLY | unix.O_TRUNC
	case openHow:
		var mode uint64
		if flags, mode, err = t.how(n.args[c.flags]); err != nil {
			return a, dir, "", err
		}
		a.mode = uint32(mode)
	case socketcall, bind:
		return bound(t, n, c)
	case rename:
		a.excl = false
	}
	a.kind = kinds[c.deed]
	switch c.deed {
	case open, openHow, creat:
		a.excl = flags&unix.O_EXCL != 0
		a.follow = flags&unix.O_NOFOLLOW == 0
		if flags&unix.O_TMPFILE == unix.O_TMPFILE {
			a.kind = kindUnnamed
		} else if flags&unix.O_CREAT == 0 {
			a.kind = ""
			return a, dir, "", nil
		}
	case mknod:
		a.kind = nodeKind(a.mode)
	}
	a.mode &= 0o7777
	path, err = t.text(n.args[c.path])
	return a, dir, path, err
}

var kinds = map[deed]string{open: kindFile, openHow: kindFile, creat: kindFile, mkdir: kindDir, link: kindLink, symlink: kindSymlink, rename: kindRename}

func nodeKind(mode uint32) string {
	switch mode & unix.S_IFMT {
	case unix.S_IFIFO:
		return kindFIFO
	case unix.S_IFSOCK:
		return kindSocket
	case unix.S_IFCHR, unix.S_IFBLK:
		return kindDevice
	}
	return kindFile
}

// bound describes bind(2).
func bound(t target, n notification, c call) (a attempt, dir int32, path string, err error) {
	at, size := n.args[c.path], uint64(0)
	if c.deed == socketcall {
		var three [12]byte
		if n, err := t.memory(at, three[:]); err != nil || n < len(three) {
			return a, dir, "", errors.Join(err, errFault)
		}
		words := (*[3]uint32)(unsafe.Pointer(&three))
		at, size = uint64(words[1]), uint64(words[2])
	} else {
		size = uint64(uint32(n.args[c.flags]))
	}
	path, err = t.bound(at, size)
	if path != "" {
		a.kind, a.mode, a.excl = kindSocket, 0o777, true
	}
	return a, unix.AT_FDCWD, path, err
}

// over is for a thread that makes another call: what the one before it has made is
// known.
func (w *watcher) over(t target) {
	a := w.byTarget[t]
	if a == nil {
		return
	}
	delete(w.byTarget, t)
	if w.blind[t] == a {
		delete(w.blind, t)
		return
	}
	key := expectation{a.in, a.name}
	list := w.expected[key]
	for i := range list {
		if list[i] == a {
			list = append(list[:i:i], list[i+1:]...)
			break
		}
	}
	if len(list) == 0 {
		delete(w.expected, key)
		return
	}
	w.expected[key] = list
}

// forgetDead drops calls of threads that have ended, and made nothing.
func (w *watcher) forgetDead() {
	w.drain()
	for t := range w.byTarget {
		if unix.Access(t.proc(""), unix.F_OK) == unix.ENOENT {
			w.over(t)
		}
	}
}

// drain reads what has been made.
func (w *watcher) drain() {
	for {
		n, err := unix.Read(w.inotify, w.events[:])
		if err == unix.EINTR {
			continue
		}
		if err != nil || n <= 0 {
			return
		}
		for rest := w.events[:n]; len(rest) >= unix.SizeofInotifyEvent; {
			e := (*unix.InotifyEvent)(unsafe.Pointer(&rest[0]))
			end := unix.SizeofInotifyEvent + int(e.Len)
			name, _, _ := bytes.Cut(rest[unix.SizeofInotifyEvent:end], []byte{0})
			w.event(e.Wd, e.Mask, string(name))
			rest = rest[end:]
		}
	}
}

func (w *watcher) event(wd int32, mask uint32, name string) {
	switch {
	case mask&unix.IN_Q_OVERFLOW != 0:
		w.notes.lost++
	case mask&unix.IN_IGNORED != 0:
		delete(w.directories, wd)
	case mask&(unix.IN_CREATE|unix.IN_MOVED_TO) != 0:
		for _, a := range w.expected[expectation{wd, name}] {
			if (a.deed == rename) == (mask&unix.IN_MOVED_TO != 0) {
				w.over(a.target)
				w.made(a)
				return
			}
		}
		w.madeBlind(wd, mask, name)
	}
}

// made records an object.
func (w *watcher) made(a *attempt) {
	private := a.excl && a.mode&0o077 == 0
	// What is below a directory that the program has made is as safe as that.
	below := strings.TrimPrefix(a.path, a.place.Path+"/")
	first, _, _ := strings.Cut(below, "/")
	_, random := pattern(first, a.process, private || first != below)
	text, _ := pattern(below, a.process, private)
	o := Object{Path: a.path, Pattern: path.Join(a.place.Path, text), Kind: a.kind, Place: a.place.Path, Private: a.place.Private,
		Program: a.process.exe, Command: a.process.args, Predictable: !random && !a.place.Private, Exclusive: a.excl, NoFollow: !a.follow && isOpen(a.deed)}
	if a.kind == kindUnnamed {
		o.Predictable, o.Pattern = false, o.Path
	}
	if a.kind != kindLink && a.kind != kindRename && a.kind != kindSymlink {
		o.Mode = fmt.Sprintf("%04o", a.mode)
	}
	w.records.add(o)
	if w.Seen != nil {
		w.Seen(o)
	}
}

func isOpen(d deed) bool { return d == open || d == openHow || d == creat }

// sawLock notes that a file is locked.
func (w *watcher) sawLock(t target, fd int) {
	file, err := os.Readlink(t.proc(fmt.Sprint("fd/", fd)))
	if err != nil {
		return
	}
	for _, p := range w.Places {
		if below, ok := strings.CutPrefix(file, p.Path+"/"); ok {
			for _, private := range []bool{true, false} {
				text, _ := pattern(below, process{pid: int(t)}, private)
				w.records.locked[path.Join(p.Path, text)] = true
			}
		}
	}
}
