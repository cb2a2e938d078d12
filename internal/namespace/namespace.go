// Package namespace gives a session directories of its own by mounting them
// over the shared ones, in a mount namespace that is not the machine's.
//
// Either all of a session's directories are in place when Enter returns, or the
// thread is where it was before.
//
// # One namespace for a user's sessions
//
// A mount that is made on the machine is copied into every namespace that takes
// part (propagation slave): with one for each session, 3000 sessions would make
// each mount(2) of an automounter or a container runtime a hundred times as
// slow. A new session therefore enters the namespace of an older one of the same
// user, where there is one that was made from the same place by the same policy.
// The cost is then that of the users who are logged in, not of their sessions;
// and what a user mounts himself (FUSE) is seen in all of his sessions.
//
// Method tmpfs is by its nature one session's alone, and has a namespace for
// each.
//
// All of it acts on the calling thread, which must be locked and whose effective
// capabilities must be none: each call raises what it needs.
package namespace

import (
	"errors"

	"tmpshell/internal/caps"
	"tmpshell/internal/dirs"
	"tmpshell/internal/mnt"
	"tmpshell/internal/sys"
)

// Directory is one directory to be mounted.
type Directory struct {
	dirs.Instance
	Flags        mnt.Flags // beyond those of the shared directory
	Size, Inodes string    // of method tmpfs
}

// Plan is all that a session is to have.
type Plan struct {
	UID         uint32
	Directories []Directory // in the order in which they are mounted
	Propagation mnt.Propagation
	// Notice is told what an administrator should know.
	Notice func(text string)
}

// ErrUndone is wrapped by an error after which the thread is not where it was:
// no session may begin.
var ErrUndone = errors.New("the mount namespace cannot be left again")

// Needs returns the capabilities without which Enter cannot succeed.
func (p Plan) Needs() caps.Set {
	var all caps.Set
	for _, d := range p.Directories {
		all |= d.Needs()
	}
	return all
}

// Enter puts the directories in place. The user's instances must have been
// verified (dirs.Instance.Verify); what is mounted is verified again.
func (p Plan) Enter() error {
	missing, err := p.missing()
	if err != nil || len(missing) == 0 {
		return err
	}
	if err := mnt.AloneWithRoot(); err != nil {
		return err
	}
	before, err := remember()
	if err != nil {
		return err
	}
	defer before.close()
	key, shareable := p.key(before, missing)
	if shareable {
		if joined, err := p.join(key, before); joined || err != nil {
			return err
		}
		shareable = before.isRealRoot()
	}
	if err := admin(mnt.Unshare); err != nil {
		return err
	}
	if err = p.build(missing, before); err != nil {
		if back := before.restore(); back != nil {
			return errors.Join(ErrUndone, back, err)
		}
		return err
	}
	if shareable {
		p.announce(key)
	}
	return nil
}

// missing lists what is not in place yet. In a session of the same user, all of
// it is; in one of another user's, nothing.
func (p Plan) missing() ([]Directory, error) {
	var list []Directory
	for _, d := range p.Directories {
		in, err := d.inPlace(p.UID)
		if err != nil {
			return nil, err
		}
		if !in {
			list = append(list, d)
		}
	}
	return list, nil
}

// build mounts everything in the namespace that was just made.
func (p Plan) build(list []Directory, before *place) error {
	err := atRealRoot(func() error {
		return admin(func() error { return mnt.Propagate(p.Propagation) })
	})
	if err != nil {
		return err
	}
	// All of them before the first is mounted: one may be inside another.
	shared := make([]int, 0, len(list))
	defer func() {
		for _, fd := range shared {
			sys.Close(fd)
		}
	}()
	for _, d := range list {
		fd, err := d.OpenShared()
		if err != nil {
			return err
		}
		shared = append(shared, fd)
	}
	for i, d := range list {
		if err := p.mount(d, shared[i], before); err != nil {
			return err
		}
	}
	return nil
}

// admin runs f with CAP_SYS_ADMIN.
func admin(f func() error) error { return caps.With(caps.SysAdmin, f) }

func sameFile(a, b int) bool {
	x, err := sys.Fstat(a)
	if err != nil {
		return false
	}
	y, err := sys.Fstat(b)
	return err == nil && x.SameFile(y)
}
