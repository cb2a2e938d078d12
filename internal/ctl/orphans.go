package ctl

import (
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"tmpshell/internal/clean"
	"tmpshell/internal/roster"
)

// orphans asks the machine's sources of accounts.
func orphans(grace time.Duration) *clean.Orphans {
	var known roster.Known
	return &clean.Orphans{
		Grace: grace,
		Accounts: func(uids []uint32) (func(uid uint32) clean.Account, error) {
			known = roster.Machine().Look(uids)
			of := func(uid uint32) clean.Account {
				a, there := known.Accounts[uid]
				return clean.Account{Name: a.Name, There: there, Gone: !there && known.Doubt == nil}
			}
			if known.Doubt == nil || !slices.ContainsFunc(uids, func(uid uint32) bool { return !of(uid).There }) {
				return of, nil
			}
			return of, known.Doubt
		},
		Born: func(uid uint32) (time.Time, bool) { return homeBorn(known.Accounts[uid].Home, uid) },
	}
}

// homeBorn is when a home directory was made, which is the account's own.
func homeBorn(home string, uid uint32) (time.Time, bool) {
	var x unix.Statx_t
	const want = unix.STATX_BASIC_STATS | unix.STATX_BTIME
	if len(home) < 2 || home[0] != '/' || unix.Statx(unix.AT_FDCWD, home, unix.AT_STATX_DONT_SYNC|unix.AT_NO_AUTOMOUNT, want, &x) != nil {
		return time.Time{}, false
	}
	isHome := x.Mode&unix.S_IFMT == unix.S_IFDIR && x.Uid == uid && x.Mask&unix.STATX_BTIME != 0
	return time.Unix(x.Btime.Sec, int64(x.Btime.Nsec)), isHome
}
