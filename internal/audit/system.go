package audit

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"path"
	"strings"
	"unsafe"

	"github.com/moby/sys/mountinfo"
	"golang.org/x/sys/unix"
)

// unknown stands for a program that was gone before it was looked at.
const unknown = "unknown"

// Bounds of what a system watcher keeps, so that its memory stays the same however much
// happens.
const (
	mostUsers = 5000
	mostDirs  = 2000
	mostExecs = 20000
)

type userKey struct {
	pattern, program string
	uid              uint32
}

// SystemWatcher watches the file systems of the shared directories (fanotify(7),
// Linux 5.9), for root.
type SystemWatcher struct {
	fd     int
	places map[[8]byte][]systemPlace // by fsid
	dirs   map[string]string         // paths of directories, by handle; empty: in no place
	execs  map[int32]execution       // by process
	known  known
	users  map[userKey]*User
	last   lastProcess // who the event before was from, in one reading
	lossy  bool        // events have been lost since the queue was empty
	SystemResult
	buf []byte
}

// execution is a program that has been executed: its name, and whose the process is.
// The process itself becomes the program a moment later.
type execution struct {
	name string
	uid  uint32
}

// nobody stands for a user that is not known.
const nobody = ^uint32(0)

type lastProcess struct {
	pid int32
	process
}

type systemPlace struct {
	path string
	fd   int
}

// NewSystemWatcher watches the shared directories that there are, from now on.
func NewSystemWatcher(dirs []string) (*SystemWatcher, error) {
	fd, err := unix.FanotifyInit(unix.FAN_CLASS_NOTIF|unix.FAN_CLOEXEC|unix.FAN_NONBLOCK|unix.FAN_REPORT_DFID_NAME, unix.O_RDONLY|unix.O_LARGEFILE|unix.O_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("fanotify_init", err)
	}
	w := &SystemWatcher{fd: fd, places: map[[8]byte][]systemPlace{}, dirs: map[string]string{}, execs: map[int32]execution{},
		known: known{byThread: map[target]knownThread{}}, users: map[userKey]*User{}, buf: make([]byte, 256<<10)}
	for _, dir := range dirs {
		if err := w.add(dir); err != nil && !errors.Is(err, os.ErrNotExist) {
			w.Unwatched = append(w.Unwatched, err.Error())
		}
	}
	if len(w.places) == 0 {
		w.Close()
		return nil, errors.New(strings.Join(w.Unwatched, "; "))
	}
	w.watchExecs()
	return w, nil
}

// Close ends the watch.
func (w *SystemWatcher) Close() {
	unix.Close(w.fd)
	for _, list := range w.places {
		for _, p := range list {
			unix.Close(p.fd)
		}
	}
	w.forget()
}

func (w *SystemWatcher) add(dir string) error {
	fd, err := unix.Open(dir, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return &os.PathError{Op: "open", Path: dir, Err: err}
	}
	var st unix.Statfs_t
	if err = unix.Fstatfs(fd, &st); err == nil {
		err = unix.FanotifyMark(w.fd, unix.FAN_MARK_ADD|unix.FAN_MARK_FILESYSTEM, unix.FAN_CREATE|unix.FAN_MOVED_TO|unix.FAN_ONDIR, fd, "")
	}
	if err != nil {
		unix.Close(fd)
		return &os.PathError{Op: "fanotify_mark", Path: dir, Err: err}
	}
	id := fsid(st.Fsid)
	w.places[id] = append(w.places[id], systemPlace{dir, fd})
	return nil
}

func fsid(f unix.Fsid) (id [8]byte) {
	binary.NativeEndian.PutUint32(id[:], uint32(f.Val[0]))
	binary.NativeEndian.PutUint32(id[4:], uint32(f.Val[1]))
	return id
}

// watchExecs has the kernel tell of each program that is executed: the process may be
// gone before what it has made is read. A file system without handles is left out.
func (w *SystemWatcher) watchExecs() {
	mounts, _ := mountinfo.GetMounts(nil)
	seen := map[[2]int]bool{}
	for _, m := range mounts {
		device := [2]int{m.Major, m.Minor}
		if seen[device] || strings.Contains(m.VFSOptions+","+m.Options, "noexec") {
			continue
		}
		seen[device] = true
		_ = unix.FanotifyMark(w.fd, unix.FAN_MARK_ADD|unix.FAN_MARK_FILESYSTEM, unix.FAN_OPEN_EXEC, unix.AT_FDCWD, m.Mountpoint)
	}
}

// Serve reads events until stop can be read.
func (w *SystemWatcher) Serve(stop int) error {
	for {
		p := []unix.PollFd{{Fd: int32(w.fd), Events: unix.POLLIN}, {Fd: int32(stop), Events: unix.POLLIN}}
		if err := wait(p); err != nil {
			return err
		}
		ended := p[1].Revents != 0
		for range 64 {
			n, err := unix.Read(w.fd, w.buf)
			if w.lossy {
				w.forget()
			}
			if err != nil || n <= 0 {
				w.lossy = false // the next loss is told anew
				break
			}
			w.last = lastProcess{}
			w.read(w.buf[:n])
		}
		if ended {
			return nil
		}
	}
}

// forget forgets what each process executes: that it has executed something else may
// be among what was lost. The kernel tells once that its queue was full, and may lose
// more until the queue is empty.
func (w *SystemWatcher) forget() {
	clear(w.execs)
	for t := range w.known.byThread {
		w.known.drop(t)
	}
}

// read takes the events of one read(2) apart (fanotify(7), Reading fanotify events).
func (w *SystemWatcher) read(rest []byte) {
	const size = int(unsafe.Sizeof(unix.FanotifyEventMetadata{}))
	for len(rest) >= size {
		e := (*unix.FanotifyEventMetadata)(unsafe.Pointer(&rest[0]))
		length := int(e.Event_len)
		if length < size || length > len(rest) {
			return
		}
		if e.Mask&unix.FAN_Q_OVERFLOW != 0 {
			w.Lost++
			w.lossy, w.last = true, lastProcess{}
			w.forget()
		} else {
			w.event(e.Mask, e.Pid, rest[int(e.Metadata_len):length])
		}
		rest = rest[length:]
	}
}

// named is a FAN_EVENT_INFO_TYPE_DFID_NAME record: a directory, and a name in it.
type named struct {
	fsid   [8]byte
	handle []byte // type and bytes
	name   string
}

func parseNamed(info []byte) (r named, ok bool) {
	const fixed = 4 + 8 + 8 // header, fsid, struct file_handle without its bytes
	if len(info) < fixed || info[0] != unix.FAN_EVENT_INFO_TYPE_DFID_NAME {
		return r, false
	}
	copy(r.fsid[:], info[4:12])
	bytesOf := int(binary.NativeEndian.Uint32(info[12:]))
	if bytesOf > len(info)-fixed {
		return r, false
	}
	r.handle = info[16 : fixed+bytesOf]
	name, _, _ := bytes.Cut(info[fixed+bytesOf:], []byte{0})
	r.name = string(name)
	return r, true
}

func (w *SystemWatcher) event(mask uint64, pid int32, info []byte) {
	r, ok := parseNamed(info)
	if !ok {
		return
	}
	if mask&unix.FAN_OPEN_EXEC != 0 && !strings.HasPrefix(r.name, "ld-") { // ld.so(8)
		w.known.drop(target(pid))
		if w.last.pid == pid {
			w.last = lastProcess{} // of another one it stays, which may be gone
		}
		if len(w.execs) >= mostExecs {
			clear(w.execs)
		}
		w.execs[pid] = execution{r.name, w.known.uid(target(pid))}
	}
	if mask&(unix.FAN_CREATE|unix.FAN_MOVED_TO) == 0 {
		return
	}
	if mask&unix.FAN_MOVED_TO != 0 && mask&unix.FAN_ONDIR != 0 {
		clear(w.dirs) // paths have changed
	}
	place, dir, found := w.place(r)
	below := strings.TrimPrefix(path.Join(dir, r.name), place+"/")
	if !found || isPrivate(below) {
		w.Elsewhere++
		return
	}
	w.Events++
	w.count(pid, place, below)
}

// isPrivate: what is in the private directories of method env, or of an audit.
func isPrivate(below string) bool {
	first, _, nested := strings.Cut(below, "/")
	return nested && (first == ".private" || strings.HasPrefix(first, ".private-") || strings.HasPrefix(first, ".audit-"))
}

// place finds the shared directory that an event is from, and the path of the
// directory.
func (w *SystemWatcher) place(r named) (place, dir string, found bool) {
	list := w.places[r.fsid]
	if len(list) == 0 {
		return "", "", false
	}
	dir, cached := w.dirs[string(r.handle)]
	if !cached {
		handle := unix.NewFileHandle(int32(binary.NativeEndian.Uint32(r.handle)), r.handle[4:])
		fd, err := unix.OpenByHandleAt(list[0].fd, handle, unix.O_PATH|unix.O_CLOEXEC)
		if err != nil {
			return "", "", false // the directory is gone, and what was in it
		}
		dir = descriptor(fd)
		unix.Close(fd)
		if len(w.dirs) >= mostDirs {
			clear(w.dirs)
		}
		w.dirs[string(r.handle)] = dir
	}
	for _, p := range list {
		if dir == p.path || strings.HasPrefix(dir, p.path+"/") {
			return p.path, dir, true
		}
	}
	return "", "", false
}
