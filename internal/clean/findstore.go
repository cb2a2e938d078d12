package clean

import (
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"tmpshell/internal/making"
	"tmpshell/internal/private"
)

// seen is something that statx(2) has told about.
type seen struct {
	unit
	x unix.Statx_t
}

// inStore finds the instances of method mount: STORE/UID/NAME, those of batch jobs,
// STORE/UID.JOB/NAME, and what they are in, which may be empty.
func (f *finder) inStore(store string) {
	p := f.place(store, roots(store, private.StoreMode))
	byName := map[string]string{}
	for _, shared := range f.Shared {
		var name private.Name
		byName[strings.Clone(name.Of(shared))] = shared
	}
	f.each(p, func(name string) *unit {
		u := byUID(name, Holder, "")
		if u == nil {
			if uid, job, ok := making.ParseJob(name); ok {
				u = &unit{Kind: Holder, UID: uid, job: job}
			}
		}
		if u != nil && f.job != "" && u.job != f.job {
			return nil
		}
		return u
	})
	// Those are kept in a list of their own until they are empty.
	for _, u := range f.units {
		if u.Kind != Holder || u.place != p || u.was != "" {
			continue
		}
		user := &place{path: u.path(), at: u.at(), fd: -1, in: p, id: u.id}
		u.inside = user
		if f.expected(u, user, byName) {
			continue
		}
		f.each(user, func(name string) *unit {
			now, was := nameBefore(name)
			return &unit{Kind: Instance, UID: u.UID, Shared: byName[now], was: was, job: u.job}
		})
	}
}

// expected finds the instances of a STORE/UID by the names that they usually have, in
// a third of the time that reading it takes. False: there is something else, or it
// cannot be known. How many directories there are is in the link count where a file
// system keeps that; where it does not, it is 1.
//
// It goes down two names at once: only root can make any there. Before anything is
// done to an instance it is opened step by step.
func (f *finder) expected(holder *unit, user *place, byName map[string]string) bool {
	if holder.links < 3 {
		return false
	}
	f.seen = f.seen[:0]
	for name, shared := range byName {
		e := named(holder.name + "/" + name)
		var x unix.Statx_t
		switch errno := statAt(user.in.fd, &e, &x); {
		case errno == unix.ENOENT:
		case errno != 0 || x.Mode&unix.S_IFMT != unix.S_IFDIR:
			return false
		default:
			f.seen = append(f.seen, seen{unit{Kind: Instance, UID: holder.UID, Shared: shared, place: user, name: name, job: holder.job}, x})
		}
	}
	if int(holder.links) != 2+len(f.seen) {
		return false
	}
	slices.SortFunc(f.seen, func(a, b seen) int { return strings.Compare(a.name, b.name) })
	for i := range f.seen {
		u := f.seen[i].unit
		f.looked(&u, &f.seen[i].x)
	}
	return true
}
