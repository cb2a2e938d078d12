package ctl

import (
	"fmt"
	"time"

	"tmpshell/internal/account"
	"tmpshell/internal/config"
	"tmpshell/internal/needs"
)

// anyAge tells whether max-age= is in effect for anybody: otherwise nobody's
// policy has to be known.
func anyAge(conf *config.Config) bool {
	if conf == nil {
		return false
	}
	for _, p := range conf.Variants() {
		for _, d := range p.Directories {
			if d.MaxAge != "" {
				return true
			}
		}
	}
	return false
}

// ages are the max-age= of users, as their next login would have it.
type ages struct {
	source *account.Source
	known  map[uint32]config.Policy
	names  map[uint32]string
}

func newAges() *ages { return &ages{account.System(), map[uint32]config.Policy{}, map[uint32]string{}} }

// policy is what a user's next login would have.
func (a *ages) policy(uid uint32) (config.Policy, error) {
	p, known := a.known[uid]
	if known {
		return p, nil
	}
	who, err := a.source.ByUID(uid)
	is := err == nil
	if err == account.ErrNotFound {
		who, err = account.Account{UID: uid}, nil
	}
	if err == nil {
		u := user{who, is, a.source}
		as, e := u.whoIs()
		if err = e; err == nil {
			p, _, err = policyFor(as)
		}
	}
	if err != nil {
		return p, fmt.Errorf("max-age= for uid %d: %w", uid, err)
	}
	a.known[uid] = p
	a.names[uid] = who.Name
	return p, nil
}

func (a *ages) of(uid uint32, shared string) (time.Duration, error) {
	p, err := a.policy(uid)
	for _, d := range p.Directories {
		if d.Path == shared && d.MaxAge != "" {
			seconds, _ := config.ParseAge(d.MaxAge) // checked when it was read
			return time.Duration(seconds) * time.Second, err
		}
	}
	return 0, err
}

// shares tells whether a name in an instance leads to what is shared.
func (a *ages) shares(uid uint32, shared, name string) bool {
	p, _ := a.policy(uid) // asked before
	for _, d := range p.Directories {
		if d.Path != shared {
			continue
		}
		i := needs.Instance(d)
		i.User = a.names[uid]
		list := i.Shares(uid)
		for s, ok := list.Next(); ok; s, ok = list.Next() {
			if s.Matches(name) {
				return true
			}
		}
	}
	return false
}
