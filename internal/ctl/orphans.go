package ctl

import (
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"tmpshell/internal/clean"
	"tmpshell/internal/roster"
)

// orphans asks the machine's sources of accounts. remember is for the end of a run.
func orphans(grace time.Duration) (o *clean.Orphans, remember func(*clean.Report) error) {
	var known *roster.Known
	var asked []uint32
	var was seen
	var unread error
	o = &clean.Orphans{
		Grace: grace,
		Accounts: func(uids []uint32) (func(uid uint32) clean.Account, error) {
			asked, known = uids, roster.Machine().Look(uids)
			was, unread = readSeen()
			of := func(uid uint32) clean.Account {
				who, there := known.Of(uid)
				if !there {
					return clean.Account{Gone: known.IsGone(uid)}
				}
				return clean.Account{Name: who.Name, There: true, Before: was.before(uid, who.Name)}
			}
			if known.Doubt == nil || !slices.ContainsFunc(uids, func(uid uint32) bool { return !of(uid).There }) {
				return of, nil
			}
			return of, known.Doubt
		},
		Born: func(uid uint32) (time.Time, bool) {
			who, _ := known.Of(uid)
			return homeBorn(who.Home, uid)
		},
	}
	return o, func(r *clean.Report) error {
		if unread != nil {
			return unread // what could not be read is not written over
		}
		return was.write(known, asked, r)
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
