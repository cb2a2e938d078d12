package clean

import (
	"encoding/binary"
	"errors"
	"sync"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"tmpshell/internal/sys"
)

const (
	ring     = 16        // descriptors that one walk has open
	bufSize  = 64 << 10  // bytes of names read at once
	deepest  = 1 << 18   // levels that a walk goes down
	patience = time.Hour // for a tree that grows as fast as it is walked
)

var (
	errMoved = errors.New("it was moved while it was walked")
	errSlow  = errors.New("it changes faster than it can be walked")
	errOver  = errors.New("nobody waits for it any more")
)

// entry is one name in a directory, valid until the next is read.
type entry struct {
	name []byte // with a NUL behind it
	typ  uint8  // DT_DIR and others
}

func (e *entry) pointer() unsafe.Pointer { return unsafe.Pointer(unsafe.SliceData(e.name)) }

// frame is a directory that a walk is in.
type frame struct {
	fd       int
	level    int
	id       fileID
	buf      *[bufSize]byte
	n        int   // bytes in buf
	cur, at  int   // of the entry that was returned, and of the next
	pos      int64 // where the directory is read from to get that entry again
	next     int64
	times    [2]unix.Timespec // access and modification, when it was opened
	restored bool             // they are to be put back
}

// crumb is what is kept of a directory that is above those that are open.
type crumb struct {
	id  fileID
	pos int64
}

// step is what becomes of a subdirectory.
type step uint8

const (
	skip step = iota
	descend
	stop
)

// visitor is what a walk is for.
type visitor interface {
	// file is told of what is no directory; false ends the walk.
	file(f *frame, e *entry) bool
	// directory is asked about a subdirectory before anything is done with it.
	directory(f *frame, e *entry) step
	// opened is asked about it when it is open, x is what statx(2) says.
	opened(f *frame, x *unix.Statx_t) step
	// failed is told that it cannot be opened; true: try once more.
	failed(f *frame, e *entry, errno unix.Errno) bool
	// unread is told of a directory of which the rest cannot be read. The walk goes
	// on above it.
	unread(f *frame, errno unix.Errno)
	// tooDeep is told of one that the walk cannot go down to.
	tooDeep(f *frame, e *entry)
	// left is told of one that the walk has been in, in its parent.
	left(f *frame, e *entry)
}

// walk is rule (j).
type walk struct {
	v      visitor
	frames [ring]frame // level n is in frames[n%ring], for the last levels
	trail  []crumb     // of each level above the current one
	depth  int
	child  fileID // which was left when its parent was not open any more
	watch  *watch
	count  uint
	// Of the current name: what a visitor is told of would be allocated for each.
	entry  entry
	x      unix.Statx_t
	opened frame
}

// openTop opens a directory once more, to be read. An instance is root's, and nobody else
// can read it without a new access time; to put the old one back would be a change, and
// what has changed is in use for a while. So it is read as root has opened it.
func openTop(top int, e *entry) (int, unix.Errno) {
	fd, errno := open2(top, e, asDirectory|unix.O_NOATIME)
	if errno != unix.EPERM {
		return fd, errno
	}
	if flags, err := unix.FcntlInt(uintptr(top), unix.F_GETFL, 0); err != nil || flags&unix.O_NOATIME == 0 {
		return open2(top, e, asDirectory)
	}
	fd, err := unix.FcntlInt(uintptr(top), unix.F_DUPFD_CLOEXEC, 0)
	if err == nil {
		_, err = unix.Seek(fd, 0, unix.SEEK_SET)
	}
	return fd, errnoOf(err)
}

// spare are walks that have ended: a run may look into thousands of directories, and
// names take memory.
var spare = sync.Pool{New: func() any {
	w := new(walk)
	for i := range w.frames {
		w.frames[i].fd = -1
	}
	return w
}}

// overTree walks what is in a directory. The descriptor stays the caller's.
func overTree(by *watch, top int, v visitor) error {
	w := spare.Get().(*walk)
	w.v, w.watch, w.depth, w.child, w.count = v, by, 0, fileID{}, 0
	defer func() {
		for i := range w.frames {
			w.frames[i].close()
		}
		w.v, w.watch = nil, nil
		spare.Put(w)
	}()
	e := entry{name: []byte(".\x00")[:1]}
	fd, errno := openTop(top, &e)
	if errno != 0 {
		return errno
	}
	if errno := fstat(fd, &w.x); errno != 0 {
		sys.Close(fd)
		return errno
	}
	w.put(0, fd)
	return w.run()
}

// put makes a directory the current one, x is what statx(2) says of it.
func (w *walk) put(level, fd int) {
	f := &w.frames[level%ring]
	f.close()
	if f.buf == nil {
		f.buf = new([bufSize]byte)
	}
	*f = frame{fd: fd, level: level, id: idOf(&w.x), buf: f.buf, times: timesOf(&w.x)}
	w.depth = level
}

func timesOf(x *unix.Statx_t) [2]unix.Timespec {
	return [2]unix.Timespec{unix.NsecToTimespec(nanoseconds(x.Atime)), unix.NsecToTimespec(nanoseconds(x.Mtime))}
}

// putBack does it to a directory that is root's, and what is in it a user's.
func (g *guard) putBack(uid uint32, fd int, times [2]unix.Timespec) {
	_ = g.run(uid, takingMost, fd, func(_ *watch, fd int) error {
		putBack(fd, times)
		return nil
	})
}

// putBack sets the times of a directory that our own work has changed. What is not
// the caller's stays as it is.
func putBack(fd int, times [2]unix.Timespec) {
	_, _, _ = unix.Syscall6(unix.SYS_UTIMENSAT, uintptr(fd), 0, uintptr(unsafe.Pointer(&times)), 0, 0, 0)
}

func (f *frame) close() {
	if f.fd >= 0 && f.restored {
		putBack(f.fd, f.times)
	}
	sys.Close(f.fd)
	f.fd = -1
}

func (w *walk) run() error {
	for {
		f := &w.frames[w.depth%ring]
		if w.count++; w.count%4096 == 0 && clock() > w.watch.until {
			return errSlow
		}
		if !w.watch.step() {
			return errOver
		}
		e := &w.entry
		errno := f.read(e)
		switch {
		case errno != 0 && w.depth == 0:
			return errno
		case e.name == nil && w.depth == 0:
			return nil
		case e.name == nil:
			if errno != 0 {
				w.v.unread(f, errno)
			}
			w.child = fileID{}
			if err := w.up(); err != nil {
				return err
			}
			continue
		case w.child != fileID{}:
			was := w.child
			w.child = fileID{}
			if statAt(f.fd, e, &w.x) == 0 && idOf(&w.x) == was {
				w.v.left(f, e)
				continue
			}
		}
		if e.typ == unix.DT_UNKNOWN {
			if statAt(f.fd, e, &w.x) == 0 && w.x.Mode&unix.S_IFMT == unix.S_IFDIR {
				e.typ = unix.DT_DIR
			}
		}
		if e.typ != unix.DT_DIR {
			if !w.v.file(f, e) {
				return nil
			}
			continue
		}
		switch w.v.directory(f, e) {
		case stop:
			return nil
		case descend:
			if w.down(f, e) == stop {
				return nil
			}
		}
	}
}

// down goes into a subdirectory.
func (w *walk) down(f *frame, e *entry) step {
	if w.depth+1 >= deepest {
		w.v.tooDeep(f, e)
		return skip
	}
	fd, errno := openAt(f.fd, e, asDirectory)
	if errno != 0 && w.v.failed(f, e, errno) {
		if fd, errno = openAt(f.fd, e, asDirectory); errno != 0 {
			w.v.failed(f, e, errno)
		}
	}
	if errno != 0 {
		return skip
	}
	if errno := fstat(fd, &w.x); errno != 0 {
		sys.Close(fd)
		w.v.failed(f, e, errno)
		return skip
	}
	w.opened = frame{fd: fd}
	if s := w.v.opened(&w.opened, &w.x); s != descend {
		sys.Close(fd)
		return s
	}
	w.trail = append(w.trail[:w.depth], crumb{f.id, f.pos})
	w.put(w.depth+1, fd)
	return descend
}

// up leaves a directory that has been read to its end.
func (w *walk) up() error {
	f := &w.frames[w.depth%ring]
	level := w.depth - 1
	parent := &w.frames[level%ring]
	if parent.fd >= 0 && parent.level == level {
		f.close()
		w.depth = level
		w.entry = parent.entryAt(parent.cur)
		w.v.left(parent, &w.entry)
		return nil
	}
	from := w.trail[level]
	fd, err := openUp(f.fd, from.id)
	if err != nil {
		return err
	}
	errno := fstat(fd, &w.x)
	if errno == 0 {
		_, err = unix.Seek(fd, from.pos, unix.SEEK_SET)
		errno = errnoOf(err)
	}
	if errno != 0 {
		sys.Close(fd)
		return errno
	}
	w.child = f.id
	f.close()
	w.put(level, fd)
	w.frames[level%ring].next = from.pos
	return nil
}

// entryAt reads a struct linux_dirent64 (getdents64(2)).
func (f *frame) entryAt(at int) entry {
	const header = 8 + 8 + 2 + 1
	length := int(binary.NativeEndian.Uint16(f.buf[at+16:]))
	name := f.buf[at+header : at+length]
	for i, c := range name {
		if c == 0 {
			name = name[:i]
			break
		}
	}
	return entry{name: name, typ: f.buf[at+18]}
}

// read takes the next entry, or at the end one without a name.
func (f *frame) read(e *entry) unix.Errno {
	for {
		if f.at >= f.n {
			n, errno := getdents(f.fd, f.buf[:])
			if errno == unix.ENOENT { // it was removed
				errno = 0
			}
			if errno != 0 || n == 0 {
				*e = entry{}
				return errno
			}
			f.n, f.at = n, 0
		}
		f.cur = f.at
		*e = f.entryAt(f.at)
		f.pos = f.next
		f.next = int64(binary.NativeEndian.Uint64(f.buf[f.at+8:]))
		f.at += int(binary.NativeEndian.Uint16(f.buf[f.at+16:]))
		if n := e.name; string(n) == "." || string(n) == ".." || len(n) == 0 {
			continue
		}
		return 0
	}
}
