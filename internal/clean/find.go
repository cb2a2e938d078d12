package clean

import (
	"errors"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"tmpshell/internal/bare"
	"tmpshell/internal/making"
	"tmpshell/internal/owned"
	"tmpshell/internal/private"
	"tmpshell/internal/sys"
)

// Where says where directories may be: of everybody whom a configuration is about.
type Where struct {
	// Shared are the directories that private ones stand for.
	Shared []string
	// Rendezvous are the names of directories of share=, by their directory.
	Rendezvous map[string][]string
	// Stores are where instances are kept.
	Stores []string
}

// finder gathers what there is.
type finder struct {
	Where
	places   []*place
	units    []*unit
	oddities []Left // what has the name of a unit and is none
	errs     []error
	// job, if it is not empty, is the only one of which what is in a store is listed.
	job   string
	usual []usual // names of instances
	seen  []seen  // for expected
	text  []byte  // of a name
	room  []unit  // for the next
}

func (f *finder) close() {
	if Stuck() {
		return // a thread that was left behind would go on with what has the number then
	}
	for _, p := range f.places {
		sys.Close(p.fd)
	}
}

// find lists everything that there is.
func (f *finder) find() {
	for _, shared := range f.Shared {
		f.inShared(shared)
		f.inBase(shared)
	}
	for _, store := range f.Stores {
		f.inStore(store)
	}
	f.inSessions()
}

// place opens a directory of root's for listing. One that is missing has nothing.
func (f *finder) place(path string, parent func() (int, bare.Trouble)) *place {
	dir, t := parent()
	if t.Missing() {
		return nil
	}
	if !t.OK() {
		f.errs = append(f.errs, t.Err())
		return nil
	}
	defer bare.Close(dir)
	fd, err := sys.Reopen(dir)
	p := &place{name: strings.TrimSuffix(path, "/"), fd: fd}
	if err == nil {
		p.at, err = placeOf(fd, path)
	}
	if err != nil {
		sys.Close(fd)
		f.errs = append(f.errs, &fs.PathError{Op: "open", Path: path, Err: errnoOf(err)})
		return nil
	}
	f.places = append(f.places, p)
	return p
}

// roots opens a directory of root's alone.
func roots(path string, mode uint32) func() (int, bare.Trouble) {
	return func() (int, bare.Trouble) {
		parent, t := owned.OpenParent(bare.Dir(path))
		if !t.OK() {
			return -1, t
		}
		want := owned.Roots(mode)
		var in bare.Stat
		if e := bare.Fstat(parent, &in); e != 0 || in.Perm()&0o022 != 0 {
			want.NoMount = true // anybody can have taken the name
		}
		fd, t := owned.Open(parent, bare.Dir(path), bare.Base(path), want)
		bare.Close(parent)
		return fd, t
	}
}

// each visits the names of a place.
func (f *finder) each(p *place, visit func(name string) (unit, bool)) {
	if p == nil {
		return
	}
	err := p.with(func(fd int) error {
		names, err := sys.DirNamesOf(fd, p.path())
		slices.Sort(names)
		if !p.public { // in a shared directory most names are others'
			f.units = slices.Grow(f.units, len(names))
		}
		for _, name := range names {
			if u, ok := visit(name); ok {
				u.place, u.name = p, name
				f.add(fd, u)
			}
		}
		return err
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		f.errs = append(f.errs, err)
	}
}

// add takes a unit, if what has its name is one.
func (f *finder) add(dir int, u unit) {
	f.text = append(append(f.text[:0], u.name...), 0)
	e := entry{name: f.text[:len(u.name)]}
	var x unix.Statx_t
	var errno unix.Errno
	if u.place.public {
		errno = statAt(dir, &e, &x)
	} else {
		errno = statNow(dir, &e, &x)
	}
	switch errno {
	case 0:
		switch {
		case !f.looked(&u, &x):
		case u.Kind == Holder && u.was == "":
			f.inHolder(&u, x.Nlink)
		default:
			f.keep(&u)
		}
	case unix.ENOENT:
	default:
		f.errs = append(f.errs, &fs.PathError{Op: "statx", Path: u.path(), Err: errno})
	}
}

// looked tells whether what statx(2) has told about is a unit.
func (f *finder) looked(u *unit, x *unix.Statx_t) bool {
	u.id, u.mode, u.last, u.since = idOf(x), uint32(x.Mode), lastUse(x), nanoseconds(x.Ctime)
	if x.Mask&unix.STATX_BTIME != 0 {
		u.born = nanoseconds(x.Btime)
	}
	kind := u.mode & unix.S_IFMT
	u.owner = u.UID
	why := ""
	switch {
	case x.Attributes&unix.STATX_ATTR_MOUNT_ROOT != 0:
		why = "something is mounted there"
	case u.Kind == Squatted && x.Uid == 0:
		why = "was moved aside, and is root's: look at it, and remove it by hand"
	case u.Kind == Squatted:
		u.UID, u.owner = x.Uid, x.Uid
	case u.Kind == Holder, u.Kind == Instance && x.Uid == 0:
		u.owner = 0
	case u.Kind == List && kind == unix.S_IFREG:
	case kind != unix.S_IFDIR:
		why = "is not what tmpshell makes"
	}
	if why == "" && x.Uid != u.owner {
		why = "belongs to uid " + decimal(x.Uid) + ", not to " + decimal(u.owner)
	}
	if why != "" {
		f.oddities = append(f.oddities, Left{u.path(), why})
		return false
	}
	u.place.holds++
	return true
}

func (f *finder) keep(u *unit) {
	if len(f.room) == cap(f.room) {
		f.room = make([]unit, 0, 64) // of thousands, one at a time takes longer
	}
	f.room = append(f.room, *u)
	f.units = append(f.units, &f.room[len(f.room)-1])
}

func decimal(n uint32) string { return strconv.FormatUint(uint64(n), 10) }

// inShared finds fallbacks, and what was moved aside.
func (f *finder) inShared(shared string) {
	p := f.place(shared, func() (int, bare.Trouble) { return owned.OpenParent(shared) })
	if p == nil {
		return
	}
	p.public = true
	f.each(p, func(name string) (unit, bool) {
		now, was := nameBefore(name)
		if uid, ok := parseFallback(now); ok {
			return unit{Kind: Fallback, UID: uid, Shared: shared, was: was}, true
		}
		if isSquatted(name, f.Rendezvous[shared]) {
			return unit{Kind: Squatted, Shared: shared}, true
		}
		return unit{}, false
	})
}

// inBase finds the directories of method env, and those of batch jobs.
func (f *finder) inBase(shared string) {
	e := private.Env{Parent: shared}
	p := f.place(shared+"/"+private.Base, e.OpenBase)
	f.each(p, func(name string) (unit, bool) {
		if u, ok := byUID(name, Env, shared); ok {
			return u, true
		}
		now, was := nameBefore(name)
		if uid, job, ok := making.ParseJob(now); ok {
			return unit{Kind: Job, UID: uid, Shared: shared, was: was, job: job}, true
		}
		return unit{}, false
	})
}

// nameBefore is what a name was, and the same once more if it is not that now.
func nameBefore(name string) (now, was string) {
	if was, removed := movedAway(name); removed {
		return was, was
	}
	return name, ""
}

// byUID reads a name that is a uid, or was one.
func byUID(name string, kind Kind, shared string) (unit, bool) {
	now, was := nameBefore(name)
	if uid, ok := parseUID(now); ok {
		return unit{Kind: kind, UID: uid, Shared: shared, was: was}, true
	}
	if before, ok := making.IsMovedAside(name); ok {
		if _, ok := parseUID(before); ok {
			return unit{Kind: Squatted, Shared: shared}, true
		}
	}
	return unit{}, false
}

// inSessions finds the lists of sessions.
func (f *finder) inSessions() {
	const path = private.Run + "/" + private.SessionsDir
	p := f.place(path, roots(path, private.SessionsMode))
	f.each(p, func(name string) (unit, bool) {
		if uid, ok := parseUID(name); ok {
			return unit{Kind: List, UID: uid}, true
		}
		return unit{}, false
	})
}
