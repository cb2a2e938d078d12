package clean

import (
	"errors"
	"io/fs"
	"time"
)

// Orphans says what becomes of the directories of users whose account is gone.
// They are withdrawn at once: they get another name, see [Orphaned], so that an
// account which gets the uid later does not get them. After the grace time they are
// removed, unless the account has come back: a directory service may be wrong.
type Orphans struct {
	// Accounts tells of some uids whether they have no account. An error says why
	// that is not known of any that it does not tell of.
	Accounts func(uids []uint32) (gone map[uint32]bool, there map[uint32]bool, err error)
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

const noAccount = "there is no account with this uid"

// accounts are what is known in one run.
type accounts struct{ gone, there map[uint32]bool }

// isOrphan tells whether a unit is one that a login could get.
func (a accounts) isOrphan(u *unit) bool { return a.gone[u.UID] && u.canBeMarked() }

// accounts asks about all users at once.
func (r *run) accounts(units []*unit) (a accounts) {
	if r.Orphans == nil {
		return a
	}
	seen := make(map[uint32]bool)
	var uids []uint32
	for _, u := range units {
		if !seen[u.UID] && (u.canBeMarked() || u.isOrphaned()) {
			seen[u.UID] = true
			uids = append(uids, u.UID)
		}
	}
	gone, there, err := r.Orphans.Accounts(uids)
	if err != nil && r.Orphans.Only {
		r.fault(err)
	}
	return accounts{gone, there}
}

// orphaned decides about one that was withdrawn, and tells whether it may go.
func (r *run) orphaned(u *unit, a accounts) bool {
	if _, mounts := r.inUse(u); len(mounts) > 0 {
		r.result(u, Kept, "in use").Mounts = mounts
		return false
	}
	if a.there[u.UID] {
		home, ok := r.Orphans.Born(u.UID)
		if ok && u.born != 0 && home.UnixNano() <= u.born && r.giveBack(u) {
			return false
		}
	}
	switch since := r.Now.Sub(time.Unix(0, u.since)); {
	case !a.gone[u.UID] && !a.there[u.UID]:
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
	err := u.back()
	if err == nil {
		r.result(u, Back, "there is an account again")
	} else if !errors.Is(err, fs.ErrExist) {
		r.fault(err)
	}
	return err == nil
}
