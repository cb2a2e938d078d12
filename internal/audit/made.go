package audit

import (
	"bytes"
	"fmt"
	"os"
	"path"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"
)

type expectation struct {
	in   int32
	name string
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
	var dead []target
	for t := range w.byTarget {
		if unix.Access(t.proc(""), unix.F_OK) == unix.ENOENT {
			dead = append(dead, t)
		}
	}
	w.drain() // what they have made before they ended is there now
	for _, t := range dead {
		w.over(t)
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
		more := len(w.events)-n < unix.SizeofInotifyEvent+unix.NAME_MAX+1
		for rest := w.events[:n]; len(rest) >= unix.SizeofInotifyEvent; {
			e := (*unix.InotifyEvent)(unsafe.Pointer(&rest[0]))
			end := unix.SizeofInotifyEvent + int(e.Len)
			name, _, _ := bytes.Cut(rest[unix.SizeofInotifyEvent:end], []byte{0})
			w.event(e.Wd, e.Mask, string(name))
			rest = rest[end:]
		}
		if !more {
			return
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
	w.records.add(o, a.process.command)
	if w.Seen != nil {
		w.Seen(o)
	}
}

// sawLock notes that a file is locked.
func (w *watcher) sawLock(t target, fd int) {
	file, err := os.Readlink(t.proc(fmt.Sprint("fd/", fd)))
	if err != nil {
		return
	}
	for _, p := range w.Places {
		if below, ok := strings.CutPrefix(file, p.Path+"/"); ok {
			for _, private := range []bool{true, false} {
				text, _ := pattern(below, w.known.of(t), private)
				w.records.locked[path.Join(p.Path, text)] = true
			}
		}
	}
}
