package namespace

import (
	"errors"
	"io/fs"
	"path"
	"strconv"

	"golang.org/x/sys/unix"

	"tmpshell/internal/dirs"
	"tmpshell/internal/mnt"
	"tmpshell/internal/sys"
)

// errChanged: what is mounted is not what was to be.
var errChanged = errors.New("something else is there now")

// mount puts one directory in place of the shared one.
func (p Plan) mount(d Directory, shared int, before *place) error {
	parent, err := dirs.OpenParent(path.Dir(d.At))
	if err != nil {
		return err
	}
	defer sys.Close(parent)
	entry := path.Base(d.At)
	target, err := openTarget(parent, d.At, entry)
	if err != nil {
		return err
	}
	defer sys.Close(target)
	if err := p.keepShared(d, shared); err != nil {
		return err
	}
	outside, err := mnt.FlagsOf(shared)
	if err != nil {
		return err
	}
	var root int
	if d.Fresh {
		root, err = p.mountFresh(d, shared, parent, entry, d.Flags|outside)
	} else {
		root, err = p.mountKept(d, shared, parent, entry, d.Flags|outside)
	}
	if err != nil {
		return err
	}
	defer sys.Close(root)
	if err := p.mountShares(d, shared, root); err != nil {
		return err
	}
	// Whoever stands in the directory that is replaced means the one that
	// replaces it; whoever stands deeper stays where he is.
	if sameFile(before.cwd, target) {
		return sys.Fchdir(root)
	}
	return nil
}

// openTarget opens the directory to mount on. One inside a directory that was
// mounted before it is made: it is the user's to make.
func openTarget(parent int, at, entry string) (int, error) {
	fd, err := sys.OpenAt(parent, entry, unix.O_PATH|unix.O_DIRECTORY)
	if errors.Is(err, fs.ErrNotExist) {
		if err = sys.MkdirAt(parent, entry, 0o700); err == nil {
			fd, err = sys.OpenAt(parent, entry, unix.O_PATH|unix.O_DIRECTORY)
		}
	}
	if pe, ok := err.(*fs.PathError); ok {
		return -1, &fs.PathError{Op: pe.Op, Path: at, Err: pe.Err}
	}
	return fd, err
}

// keepShared mounts the shared directory where the session, and a session of
// another user inside this one, still find it.
func (p Plan) keepShared(d Directory, shared int) error {
	dir, err := d.OpenSharedPoint()
	if err != nil {
		return err
	}
	defer sys.Close(dir)
	point, err := sys.OpenAt(dir, d.Name(), unix.O_PATH|unix.O_DIRECTORY)
	if err != nil {
		return err
	}
	defer sys.Close(point)
	if sameFile(point, shared) {
		return nil // we are inside another session
	}
	return admin(func() error {
		fd, err := mnt.Bind(shared, dir, d.Name(), 0)
		sys.Close(fd)
		return err
	})
}

// mountKept mounts the user's instance and checks that it is what is seen.
func (p Plan) mountKept(d Directory, shared, parent int, entry string, flags mnt.Flags) (int, error) {
	instance, err := d.Open(p.UID, shared)
	if err != nil {
		return -1, err
	}
	defer sys.Close(instance)
	root := -1
	err = admin(func() error {
		root, err = mnt.Bind(instance, parent, entry, flags)
		return err
	})
	if err != nil {
		return -1, err
	}
	return root, p.check(root, flags, sameFile(root, instance))
}

// mountFresh mounts a tmpfs whose root is as an instance would be.
func (p Plan) mountFresh(d Directory, shared, parent int, entry string, flags mnt.Flags) (int, error) {
	st, err := sys.Fstat(shared)
	if err != nil {
		return -1, err
	}
	o := mnt.TmpfsOptions{
		Source: source(p.UID), Size: d.Size, Inodes: d.Inodes, Flags: flags,
		Mode: "0700", UID: strconv.FormatUint(uint64(p.UID), 10), GID: strconv.Itoa(unix.Getgid()),
	}
	if dirs.RootsOwn(st) {
		o.Mode, o.UID, o.GID = "1777", "0", "0"
	}
	root := -1
	err = admin(func() error {
		root, err = mnt.Tmpfs(parent, entry, o)
		return err
	})
	if err != nil {
		return -1, err
	}
	now, err := sys.Fstat(root)
	right := err == nil && octal(now.Perm()) == o.Mode[len(o.Mode)-len(octal(now.Perm())):] &&
		strconv.FormatUint(uint64(now.UID), 10) == o.UID
	return root, p.check(root, flags, right)
}

func octal(n uint32) string { return strconv.FormatUint(uint64(n), 8) }

// check closes root when it is not what it must be.
func (p Plan) check(root int, flags mnt.Flags, same bool) error {
	have, err := mnt.FlagsOf(root)
	if err == nil && (!same || have&flags != flags) {
		err = errChanged
	}
	if err != nil {
		sys.Close(root)
	}
	return err
}

// source is what /proc/mounts shows of a session's tmpfs: by it the next login
// inside the session knows whose it is. A user can choose a source for FUSE
// only, and the type is compared, too.
func source(uid uint32) string { return "tmpshell:" + strconv.FormatUint(uint64(uid), 10) }

// mountShares binds the shared directories. One that is not as it must be is
// left out: a session without X is better than one in somebody else's hands.
func (p Plan) mountShares(d Directory, shared, root int) error {
	for _, entry := range d.Rendezvous() {
		from, err := dirs.OpenRendezvous(shared, d.At, entry)
		if err != nil {
			p.notice("not shared: " + err.Error())
			continue
		}
		err = admin(func() error {
			fd, err := mnt.Bind(from, root, entry, 0)
			sys.Close(fd)
			return err
		})
		sys.Close(from)
		if err != nil {
			return err
		}
	}
	return nil
}

func (p Plan) notice(text string) {
	if p.Notice != nil {
		p.Notice(text)
	}
}
