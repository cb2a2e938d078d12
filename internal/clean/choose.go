package clean

import (
	"errors"
	"io/fs"
	"time"

	"golang.org/x/sys/unix"
)

// inUse is rule (k).
func (r *run) inUse(u *unit) (by []Process, mounts []string) {
	by = r.procs.Using(u.UID)
	if len(r.procs.shows) == 0 {
		return by, nil
	}
	at := u.at()
	for _, s := range r.procs.shows {
		if s.at.within(at) {
			mounts = append(mounts, s.where)
		}
	}
	return by, mounts
}

// chosen is a unit that may go, and what is in it.
type chosen struct {
	*unit
	Survey
	// orphan: only its name goes, see Orphans, for this reason.
	orphan string
}

// choose tells which units nobody uses, and for long enough. A dry run tells everybody
// right away.
func (r *run) choose(units []*unit, stay *[]*unit) (list []chosen) {
	choice := func(c chosen) {
		switch {
		case !r.DryRun:
			list = append(list, c)
		case c.orphan != "":
			r.result(c.unit, Withdrawn, c.orphan)
		default:
			r.result(c.unit, Gone, "").of(c.Survey)
		}
	}
	accounts := r.accounts(units)
	for _, u := range units {
		if u.Kind == Holder && u.was == "" {
			continue // see holders
		}
		if u.isOrphaned() && r.Orphans != nil {
			if r.orphaned(u, accounts) {
				choice(chosen{unit: u})
			}
			continue
		}
		orphan := r.orphan(u, accounts)
		if r.Orphans != nil && r.Orphans.Only && orphan == "" {
			continue
		}
		if by, mounts := r.inUse(u); len(by)+len(mounts) > 0 {
			r.used(u, by, mounts)
			*stay = append(*stay, u)
			continue
		}
		if orphan != "" && r.Orphans.Grace > 0 {
			choice(chosen{unit: u, orphan: orphan})
			continue
		}
		s, why, err := r.grace(u, orphan != "")
		if err != nil {
			r.result(u, Failed, err.Error())
			*stay = append(*stay, u)
			continue
		}
		if why != "" {
			r.result(u, Kept, why)
			*stay = append(*stay, u)
			continue
		}
		choice(chosen{unit: u, Survey: s})
	}
	return list
}

// used is what becomes of a unit that is in use. One whose name a run before had
// taken, and which was in use nevertheless, gets it back.
func (r *run) used(u *unit, by []Process, mounts []string) {
	a, why := Kept, InUse
	if u.was != "" && !r.DryRun {
		switch err := u.back(r.guard); {
		case err == nil:
			a = Back
		case !errors.Is(err, fs.ErrExist):
			r.fault(err)
		}
	}
	res := r.result(u, a, why)
	res.By, res.Mounts = by, mounts
}

// grace tells why a unit that nobody uses stays for a while. What cannot be looked at
// may be young: an error says why.
func (r *run) grace(u *unit, isOrphan bool) (Survey, string, error) {
	grace := r.Grace(u.UID, u.Shared)
	if isOrphan || u.was != "" || u.Kind == List || u.Kind == Holder {
		grace = 0
	}
	var cutoff int64
	if grace != 0 {
		cutoff = r.Now.Add(-grace).UnixNano()
		if u.last > cutoff {
			return Survey{}, r.younger(grace), nil
		}
	}
	if u.mode&unix.S_IFMT != unix.S_IFDIR {
		return Survey{Files: 1}, "", nil
	}
	if grace == 0 && !r.DryRun {
		return Survey{}, "", nil // nobody asks what is in it
	}
	r.works()
	s := surveyor{cutoff: cutoff}
	err := s.over(r.guard, u)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return s.Survey, "gone", nil
	case s.Young:
		return s.Survey, "something in it is " + r.younger(grace), nil
	case err == errMoved:
		return s.Survey, err.Error(), nil
	}
	return s.Survey, "", err
}

// younger says so: of thousands of users with the same grace time, in the same words.
func (r *run) younger(grace time.Duration) string {
	if r.youngerThan != grace || r.youngerText == "" {
		r.youngerThan, r.youngerText = grace, "younger than "+grace.String()
	}
	return r.youngerText
}
