package ctl

import (
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
		Accounts: func(uids []uint32) (gone, there map[uint32]bool, err error) {
			known = roster.Machine().Look(uids)
			gone, there = make(map[uint32]bool), make(map[uint32]bool)
			for _, uid := range uids {
				if _, is := known.Accounts[uid]; is {
					there[uid] = true
				} else if known.IsGone(uid) {
					gone[uid] = true
				} else {
					err = known.Doubt
				}
			}
			return gone, there, err
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
