package clean

import (
	"errors"
	"io/fs"
	"slices"
	"time"
)

// Orphans says what becomes of the directories of users whose account is gone.
// They are withdrawn at once: they get another name, see [Orphaned], so that an
// account which gets the uid later does not get them. After the grace time they are
// removed, unless the account has come back: a directory service may be wrong.
type Orphans struct {
	// Accounts asks about some uids at once. An error says why of one or more of
	// them it is not known.
	Accounts func(uids []uint32) (of func(uid uint32) Account, err error)
	// Born is when the home directory of an account was made; false: not known.
	// An account with a home that is older than a withdrawn directory is taken for
	// the one that the directory was withdrawn from: a hint, and no proof. In
	// doubt, nobody gets the directory.
	Born func(uid uint32) (time.Time, bool)
	// Grace is how long a withdrawn directory is kept; 0: nothing is withdrawn,
	// what would be is removed.
	Grace time.Duration
	// Only: nothing else is removed in this run.
	Only bool
}

// Account is what is known of a uid's; neither There nor Gone: nothing.
type Account struct {
	Name        string
	There, Gone bool
	// Before is the name of the account that had the uid when its directories were
	// last seen, if that account has gone: this one is another, or has been renamed.
	Before string
}

// accounts are what is known in one run.
type accounts func(uid uint32) Account

// orphan tells why a unit that a login could get is of an account that is gone; empty:
// it is not. An account that was renamed has a home that is older.
func (r *run) orphan(u *unit, a accounts) string {
	if r.Orphans == nil || !u.canBeMarked() {
		return ""
	}
	switch of := a(u.UID); {
	case of.Gone:
		return "there is no account with this uid"
	case of.Before != "" && !r.homeIsOlder(u):
		return "it was " + of.Before + "'s, and the uid is " + of.Name + "'s now"
	}
	return ""
}

// homeIsOlder is the hint of Born.
func (r *run) homeIsOlder(u *unit) bool {
	home, ok := r.Orphans.Born(u.UID)
	return ok && u.born != 0 && home.UnixNano() <= u.born
}

// accounts asks about all users at once.
func (r *run) accounts(units []*unit) accounts {
	if r.Orphans == nil {
		return nil
	}
	uids := make([]uint32, 0, len(units))
	for _, u := range units {
		if u.canBeMarked() || u.isOrphaned() {
			uids = append(uids, u.UID)
		}
	}
	slices.Sort(uids)
	of, err := r.Orphans.Accounts(slices.Compact(uids))
	if err != nil && r.Orphans.Only {
		r.fault(err)
	}
	return of
}

// orphaned decides about one that was withdrawn, and tells whether it may go.
func (r *run) orphaned(u *unit, a accounts) bool {
	if _, mounts := r.inUse(u); len(mounts) > 0 {
		r.result(u, Kept, InUse).Mounts = mounts
		return false
	}
	of := a(u.UID)
	if of.There && r.homeIsOlder(u) && r.giveBack(u) {
		return false
	}
	switch since := r.Now.Sub(time.Unix(0, u.since)); {
	case !of.Gone && !of.There:
		r.result(u, Kept, "it is not known whether there is an account")
	case since < r.Orphans.Grace: // or the clock has gone back
		r.result(u, Kept, "withdrawn for less than "+r.Orphans.Grace.String())
	default:
		return true
	}
	return false
}

// giveBack returns a unit to the account that it was withdrawn from, unless that has
// another one already.
func (r *run) giveBack(u *unit) bool {
	if r.DryRun {
		return true
	}
	err := u.back(r.guard)
	if err == nil {
		r.result(u, Back, "there is an account again")
	} else if !errors.Is(err, fs.ErrExist) {
		r.fault(err)
	}
	return err == nil
}
