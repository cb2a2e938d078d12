package clean

import (
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"tmpshell/internal/making"
	"tmpshell/internal/private"
)

// usual is a name that instances have, and what it stands for.
type usual struct{ name, shared string }

// seen is one of those that statx(2) has told about.
type seen struct {
	usual
	x unix.Statx_t
}

// inStore finds the instances of method mount: STORE/UID/NAME, those of batch jobs,
// STORE/UID.JOB/NAME, and what they are in, which may be empty.
func (f *finder) inStore(store string) {
	p := f.place(store, roots(store, private.StoreMode))
	f.usual = f.usual[:0]
	for _, shared := range f.Shared {
		var text private.Name
		name := text.Of(shared)
		if i := slices.IndexFunc(f.usual, func(n usual) bool { return n.name == name }); i >= 0 {
			f.usual[i].shared = shared
		} else {
			f.usual = append(f.usual, usual{strings.Clone(name), shared})
		}
	}
	f.each(p, func(name string) (unit, bool) {
		u, ok := byUID(name, Holder, "")
		if !ok {
			var uid uint32
			var job string
			if uid, job, ok = making.ParseJob(name); ok {
				u = unit{Kind: Holder, UID: uid, job: job}
			}
		}
		return u, ok && (f.job == "" || u.job == f.job)
	})
}

// inHolder finds the instances of one user or job, right after what they are in: the
// kernel, too, has that at hand then.
func (f *finder) inHolder(u *unit, links uint32) {
	u.inside = &place{name: u.name, fd: -1, in: u.place, id: u.id}
	expected := f.expected(u, links)
	if expected && u.job == "" {
		return // see emptied
	}
	f.keep(u)
	if expected {
		return
	}
	f.each(u.inside, func(name string) (unit, bool) {
		now, was := nameBefore(name)
		i := unit{Kind: Instance, UID: u.UID, was: was, job: u.job}
		for _, n := range f.usual {
			if n.name == now {
				i.Shared = n.shared
			}
		}
		return i, true
	})
}

// expected finds the instances of a STORE/UID by the names that they usually have, in
// a third of the time that reading it takes. False: there is something else, or it
// cannot be known. How many directories there are is in the link count where a file
// system keeps that; where it does not, it is 1.
//
// It goes down two names at once: only root can make any there. Before anything is
// done to an instance it is opened step by step.
func (f *finder) expected(holder *unit, links uint32) bool {
	if links < 3 {
		return false
	}
	f.seen = f.seen[:0]
	var x unix.Statx_t
	for _, n := range f.usual {
		f.text = append(append(append(append(f.text[:0], holder.name...), '/'), n.name...), 0)
		e := entry{name: f.text[:len(f.text)-1]}
		switch errno := statNow(holder.place.fd, &e, &x); {
		case errno == unix.ENOENT:
		case errno != 0 || x.Mode&unix.S_IFMT != unix.S_IFDIR:
			return false
		default:
			f.seen = append(f.seen, seen{n, x})
		}
	}
	if int(links) != 2+len(f.seen) {
		return false
	}
	for i := range f.seen {
		s := &f.seen[i]
		u := unit{Kind: Instance, UID: holder.UID, Shared: s.shared, place: holder.inside, name: s.name, job: holder.job}
		if f.looked(&u, &s.x) {
			f.keep(&u)
		}
	}
	return true
}
