package clean

import (
	"errors"
	"io/fs"
	"slices"

	"golang.org/x/sys/unix"

	"tmpshell/internal/sys"
)

// take removes units: rule (l).
func (r *run) take(list []chosen, stay *[]*unit) error {
	if len(list) == 0 {
		return nil
	}
	r.works()
	end, err := turn()
	if err != nil {
		return err
	}
	gone, err := r.withdraw(list, stay)
	end()
	for _, u := range gone {
		if u.orphan != "" {
			res := r.result(u.unit, Withdrawn, u.orphan+", kept as "+u.name)
			res.Path = u.place.path() + "/" + u.was
			continue
		}
		r.delete(u)
	}
	return err
}

// withdraw gives the names of units away, and returns those that no login finds any
// more, in the memory of the list.
func (r *run) withdraw(list []chosen, stay *[]*unit) (gone []chosen, looked error) {
	failed := func(u *unit, err error) {
		if !errors.Is(err, fs.ErrNotExist) {
			r.result(u, Failed, err.Error())
		}
	}
	list = slices.DeleteFunc(list, func(u chosen) bool {
		if !u.canBeMarked() {
			return false
		}
		err := u.mark(r.guard, true)
		if err != nil {
			failed(u.unit, err)
		}
		return err != nil
	})
	looked = r.look()
	gone = list[:0]
	for _, u := range list {
		var by []Process
		var mounts []string
		if looked == nil {
			by, mounts = r.inUse(u.unit)
		}
		if len(by)+len(mounts) > 0 || looked != nil {
			if u.canBeMarked() {
				_ = u.mark(r.guard, false) // or a login does
			}
			if looked == nil && stay != nil {
				r.used(u.unit, by, mounts)
				*stay = append(*stay, u.unit)
			}
			continue
		}
		if u.canBeMarked() {
			tail := Removed
			if u.orphan != "" {
				tail = Orphaned
			}
			away, err := u.away(tail)
			if errors.Is(err, unix.EXDEV) {
				_ = u.mark(r.guard, false)
				r.result(u.unit, Kept, InLayer)
				continue
			}
			if err != nil {
				_ = u.mark(r.guard, false)
				failed(u.unit, err)
				continue
			}
			if !away {
				if stay != nil {
					r.result(u.unit, Kept, InUse)
				}
				continue
			}
		}
		gone = append(gone, u)
	}
	return gone, looked
}

// delete removes what nobody can find any more.
func (r *run) delete(u chosen) {
	path := u.path()
	if u.was != "" && !u.isOrphaned() { // another one may have that name now
		path = u.place.path() + "/" + u.was
	}
	before := [2]uint64{r.Counts.Files.Load(), r.Counts.Directories.Load()}
	left, err := r.remove(u.unit)
	if errors.Is(err, fs.ErrNotExist) {
		u.place.holds--
		return // another run, which sees another /run, has removed it
	}
	res := r.result(u.unit, Gone, "")
	res.of(u.Survey)
	res.Path = path
	res.Files, res.Directories = r.Counts.Files.Load()-before[0], r.Counts.Directories.Load()-before[1]
	if left.n > 0 || err != nil {
		res.Action, res.Left, res.LeftCount, res.Path = Failed, left.list, left.n, u.path()
		res.Why = "not all of it could be removed"
		if err != nil {
			res.Why = err.Error()
		}
		return
	}
	u.place.holds--
}

// remove empties a unit as its owner, then as the owners of what is left, and
// removes it.
func (r *run) remove(u *unit) (left lefts, err error) {
	if u.mode&unix.S_IFMT == unix.S_IFDIR {
		fd, err := u.open(asDirectory)
		if err != nil {
			return left, err
		}
		defer sys.Close(fd)
		if u.Kind != Holder {
			if left, err = r.empty(u, fd); err != nil || left.n > 0 {
				return left, err
			}
		}
	}
	flags := 0
	if u.mode&unix.S_IFMT == unix.S_IFDIR {
		flags = unix.AT_REMOVEDIR
	}
	e := named(u.name)
	rm := func(dir int) error {
		if errno := unlinkAt(dir, &e, flags); errno != 0 && errno != unix.ENOENT {
			return &fs.PathError{Op: "unlinkat", Path: u.path(), Err: errno}
		}
		return nil
	}
	if u.place.public {
		return left, r.guard.asOwner(u.UID, u.UID, -1, func(*watch, int) error { return u.place.with(rm) })
	}
	return left, r.guard.run(u.UID, r.guard.after, -1, func(*watch, int) error { return u.place.with(rm) })
}

// empty removes what is in a unit.
func (r *run) empty(u *unit, fd int) (lefts, error) {
	owners := []uint32{u.UID}
	var left lefts
	for n := 0; n < len(owners); n++ {
		rm := &remover{counts: r.Counts, uid: owners[n]}
		err := r.guard.asOwner(u.UID, rm.uid, fd, rm.empty)
		if err == ErrStuck {
			return lefts{}, err // what it has left is not known
		}
		if err != nil {
			return rm.lefts, err
		}
		left = rm.lefts
		if left.n == 0 {
			break
		}
		// In an instance, which is sticky, the user's programs of other
		// users have files of their own.
		for _, o := range rm.owners {
			if u.owner != u.UID && !slices.Contains(owners, o) {
				owners = append(owners, o)
			}
		}
	}
	return left, nil
}

// holders adds the STORE/UID that have become empty to a list.
func (r *run) holders(units []*unit, list []chosen) []chosen {
	for _, u := range units {
		if u.Kind == Instance {
			r.emptied(u)
		}
		if u.Kind != Holder || u.was != "" || u.inside.holds != 0 || len(r.procs.Using(u.UID)) > 0 {
			continue
		}
		u.inside.holds = -1 // it is listed
		fd, err := u.open(asDirectory)
		if err != nil {
			continue
		}
		names, err := sys.DirNamesOf(fd, u.path())
		sys.Close(fd)
		if err == nil && len(names) == 0 {
			list = append(list, chosen{unit: u})
		}
	}
	return list
}

// emptied turns an instance that is gone into what it was in, which find keeps no unit of
// while it is as expected.
func (r *run) emptied(u *unit) {
	p := u.place
	if p.holds != 0 {
		return
	}
	holder := unit{Kind: Holder, UID: u.UID, job: u.job, place: p.in, name: p.name, inside: p, id: p.id, mode: unix.S_IFDIR}
	if !r.skips(&holder) {
		*u = holder
	}
}
