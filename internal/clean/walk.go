package clean

import (
	"errors"
	"sync"
	"time"

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
