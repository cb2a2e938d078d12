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
	byName := map[string]string{}
	var names []usual
	for _, shared := range f.Shared {
		var name private.Name
		byName[strings.Clone(name.Of(shared))] = shared
	}
	for name, shared := range byName {
		names = append(names, usual{name, shared})
	}
	slices.SortFunc(names, func(a, b usual) int { return strings.Compare(a.name, b.name) })
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
	holders := f.units
	if p != nil {
		f.units = slices.Grow(f.units, p.holds)
	}
	for _, u := range holders {
		if u.Kind != Holder || u.place != p || u.was != "" {
			continue
		}
		user := &place{path: u.path(), fd: -1, in: p, id: u.id}
		u.inside = user
		if f.expected(u, user, names) {
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
func (f *finder) expected(holder *unit, user *place, names []usual) bool {
	if holder.links < 3 {
		return false
	}
	f.seen = f.seen[:0]
	var x unix.Statx_t
	for _, n := range names {
		f.text = append(append(append(append(f.text[:0], holder.name...), '/'), n.name...), 0)
		e := entry{name: f.text[:len(f.text)-1]}
		switch errno := statAt(user.in.fd, &e, &x); {
		case errno == unix.ENOENT:
		case errno != 0 || x.Mode&unix.S_IFMT != unix.S_IFDIR:
			return false
		default:
			f.seen = append(f.seen, seen{n, x})
		}
	}
	if int(holder.links) != 2+len(f.seen) {
		return false
	}
	for i := range f.seen {
		s := &f.seen[i]
		f.looked(&unit{Kind: Instance, UID: holder.UID, Shared: s.shared, place: user, name: s.name, job: holder.job}, &s.x)
	}
	return true
}
