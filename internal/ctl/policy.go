package ctl

import (
	"fmt"

	"tmpshell/internal/account"
	"tmpshell/internal/build"
	"tmpshell/internal/compile"
	"tmpshell/internal/config"
)

// policyFor says what a user's sessions get: by the policy that logins go by, or
// by the one that the next login would make. wrong is what is wrong with the
// configuration, so that the last good one is in force.
func policyFor(who compile.Who) (p config.Policy, wrong, err error) {
	place := compile.SystemPlace(build.Config)
	in, err := place.Get()
	if err != nil {
		return p, nil, err
	}
	if err := place.Learn(in, who); err != nil {
		return p, nil, err
	}
	said, err := place.Names.Resolve(in.File, who)
	if err != nil {
		return p, nil, err
	}
	if in.IsWrong() {
		if _, wrong = config.Load(build.Config); wrong == nil {
			wrong = fmt.Errorf("it was wrong when the policy was made")
		}
	}
	return compile.View(said), wrong, nil
}

// whoIs is a user as the kernel would have them at their next login.
func (u user) whoIs() (compile.Who, error) {
	w := compile.Who{UID: u.Account.UID, GID: u.Account.GID}
	if !u.known {
		w.GID = account.Nobody
		return w, nil
	}
	gids, err := u.source.GroupsOf(u.Account)
	for _, gid := range gids {
		if gid != w.GID {
			w.Groups = append(w.Groups, gid)
		}
	}
	return w, err
}
