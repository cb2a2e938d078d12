package clean

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"tmpshell/internal/private"
	"tmpshell/internal/sys"
)

// age removes old files from the directories that stay.
func (r *run) age(stay []*unit) {
	if r.MaxAge == nil {
		return
	}
	for _, u := range stay {
		if u.Kind != Env && u.Kind != Instance && u.Kind != Fallback || u.was != "" || u.job != "" || u.Shared == "" {
			continue
		}
		age, err := r.MaxAge(u.UID, u.Shared)
		if err != nil {
			r.fault(err)
		}
		if err != nil || age == 0 {
			continue
		}
		r.ageOne(u, age)
	}
}

func (r *run) ageOne(u *unit, age time.Duration) {
	r.works()
	fd, err := u.open(asDirectory)
	if err != nil {
		return // it has gone
	}
	defer sys.Close(fd)
	a := &ager{uid: u.UID, cutoff: r.Now.Add(-age).UnixNano(), dry: r.DryRun, counts: r.Counts}
	if u.Kind == Instance && r.Shares != nil {
		a.leads = func(name string) bool { return r.Shares(u.UID, u.Shared, name) }
	}
	at := u.at()
	for _, s := range r.procs.shows {
		if s.covers && s.at.within(at) && s.at != at {
			a.mounts = append(a.mounts, strings.TrimPrefix(s.at.path, at.path+"/"))
		}
	}
	var x unix.Statx_t
	if errno := fstat(fd, &x); errno != 0 {
		r.fault(errno)
		return
	}
	a.top = idOf(&x)
	err = r.guard.asOwner(u.UID, u.UID, fd, func(w *watch, fd int) error {
		if len(a.mounts) > 0 {
			a.findMounts(fd)
		}
		return overTree(w, fd, a)
	})
	if err == ErrStuck { // what it has done is not known
		r.result(u, Failed, err.Error())
		return
	}
	if u.owner != u.UID && a.inTop {
		r.guard.putBack(u.UID, fd, timesOf(&x)) // an instance is root's
	}
	if err == nil {
		err = a.wrong
	}
	if a.Files+a.Directories > 0 || err != nil {
		res := r.result(u, Aged, "")
		res.of(a.Survey)
		res.Paths = a.paths
		if err != nil {
			res.Action, res.Why = Failed, err.Error()
		}
	}
}

// ager removes, as their owner, what nobody has made, written, read or changed for
// a time, from a directory that is in use. What it looks at keeps its times.
type ager struct {
	Survey // of what was removed
	uid    uint32
	cutoff int64
	dry    bool
	counts *Counts
	paths  []string
	// top is the directory itself, in which names that lead to what is shared
	// stay.
	top   fileID
	inTop bool // something was removed from it
	leads func(name string) bool
	// mounts are the directories, from the top, that something is mounted on in
	// a namespace of somebody's: it would be gone with them. mounted are the
	// same as files.
	mounts  []string
	mounted []fileID
}

// findMounts learns which directories those are now.
func (a *ager) findMounts(top int) {
	for _, path := range a.mounts {
		dir, err := unix.Dup(top)
		for name := range strings.SplitSeq(path, "/") {
			if err != nil {
				break
			}
			e := named(name)
			next, errno := openAt(dir, &e, unix.O_PATH)
			sys.Close(dir)
			dir, err = next, nil
			if errno != 0 {
				dir, err = -1, errno
			}
		}
		var x unix.Statx_t
		if err == nil && fstat(dir, &x) == 0 {
			a.mounted = append(a.mounted, idOf(&x))
		}
		sys.Close(dir)
	}
}

// stays tells whether a name is one that sessions need as it is.
func (a *ager) stays(f *frame, e *entry) bool {
	return f.id == a.top && a.leads != nil && a.leads(string(e.name))
}

func (a *ager) file(f *frame, e *entry) bool {
	var x unix.Statx_t
	if a.stays(f, e) || statAt(f.fd, e, &x) != 0 || x.Uid != a.uid || lastUse(&x) > a.cutoff || slices.Contains(a.mounted, idOf(&x)) {
		return true
	}
	var release func()
	free := false
	switch x.Mode & unix.S_IFMT {
	case unix.S_IFREG:
		// The sticky bit is how one asks for a file to be kept, see the XDG
		// Base Directory Specification.
		if x.Mode&unix.S_ISVTX == 0 {
			release, free = unused(f.fd, e, &x)
		}
	case unix.S_IFLNK:
		free = true
	case unix.S_IFSOCK:
		free = unbound(f.fd, e)
	}
	if free && a.remove(f, e, 0) {
		a.Files++
		a.counts.Files.Add(1)
		a.Bytes += x.Blocks * 512
	}
	if release != nil {
		release()
	}
	return true
}

// remove does it, or tells of it.
func (a *ager) remove(f *frame, e *entry, flags int) bool {
	if a.dry {
		a.paths = append(a.paths, pathOf(f.fd, string(e.name)))
		return true
	}
	f.restored = true
	a.inTop = a.inTop || f.id == a.top
	return unlinkAt(f.fd, e, flags) == 0
}

func (a *ager) directory(f *frame, e *entry) step {
	if a.stays(f, e) {
		return skip
	}
	return descend
}

// opened passes a directory over that somebody has locked (flock(2)), as
// systemd-tmpfiles does, and holds the lock while it is in there.
func (a *ager) opened(f *frame, x *unix.Statx_t) step {
	if x.Uid != a.uid || slices.Contains(a.mounted, idOf(x)) || unix.Flock(f.fd, unix.LOCK_EX|unix.LOCK_NB) != nil {
		return skip
	}
	return descend
}

func (a *ager) failed(f *frame, e *entry, errno unix.Errno) bool {
	switch errno {
	case unix.ENOENT, unix.EACCES, unix.EXDEV, unix.ENOTDIR, unix.ELOOP:
	default:
		a.cannot(f.fd, string(e.name), errno)
	}
	return false
}

func (a *ager) unread(f *frame, errno unix.Errno) { a.cannot(f.fd, "", errno) }
func (a *ager) tooDeep(*frame, *entry)            {}

// left removes a directory that is old and empty. Its change time is that of our
// own work; reading it is use, here.
func (a *ager) left(f *frame, e *entry) {
	var x unix.Statx_t
	if f.id == a.top && string(e.name) == private.RuntimeName {
		return // XDG_RUNTIME_DIR
	}
	if statAt(f.fd, e, &x) != 0 || x.Uid != a.uid || x.Mode&unix.S_IFMT != unix.S_IFDIR {
		return
	}
	last := max(nanoseconds(x.Mtime), nanoseconds(x.Atime), nanoseconds(x.Btime))
	if last > a.cutoff || a.dry {
		return
	}
	if a.remove(f, e, unix.AT_REMOVEDIR) {
		a.Directories++
		a.counts.Directories.Add(1)
	}
}

// unused tells whether nobody has a file open or locked. Until it is released,
// whoever opens it waits: a lease can be had where nobody else has the file
// open, and no one else knows that.
func unused(dir int, e *entry, x *unix.Statx_t) (release func(), free bool) {
	fd, errno := openAt(dir, e, unix.O_RDONLY)
	if errno != 0 {
		return nil, false
	}
	var is unix.Statx_t
	_, err := unix.FcntlInt(uintptr(fd), unix.F_SETLEASE, unix.F_WRLCK)
	if err != nil || fstat(fd, &is) != 0 || idOf(&is) != idOf(x) || unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB) != nil {
		sys.Close(fd)
		return nil, false
	}
	return func() { sys.Close(fd) }, true
}

// unbound tells whether nobody is bound to a socket, in whatever network
// namespace. A datagram that could be sent is of another type than what most
// listen for, so that the kernel answers, and they do not notice.
func unbound(dir int, e *entry) bool {
	path, errno := openAt(dir, e, unix.O_PATH)
	if errno != 0 {
		return false
	}
	defer sys.Close(path)
	s, err := unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return false
	}
	defer sys.Close(s)
	err = unix.Connect(s, &unix.SockaddrUnix{Name: "/proc/thread-self/fd/" + strconv.Itoa(path)})
	return err == unix.ECONNREFUSED
}
