package making

import (
	"golang.org/x/sys/unix"

	"tmpshell/internal/bare"
	"tmpshell/internal/capset"
	"tmpshell/internal/owned"
	"tmpshell/internal/private"
	"tmpshell/internal/sys"
)

// The append-only flag on a base kept cleaners from removing the users'
// directories, and with them root, systemd-tmpfiles at boot, and whoever takes a
// build root down: what nobody can remove costs more than a directory that the
// next login makes again. Versions up to 0.1.0 set it.

// appendOnly is FS_APPEND_FL of ioctl_iflags(2).
const appendOnly = 0x20

// IsAppendOnly tells whether the base has the flag. An error says that the caller
// may not ask; a base that is missing has none.
func (b Base) IsAppendOnly() (bool, error) {
	fd, flags, err := b.flags()
	sys.Close(fd)
	return flags&appendOnly != 0, err
}

// LiftFlag takes the flag from the base.
func (b Base) LiftFlag() error {
	fd, flags, err := b.flags()
	defer sys.Close(fd)
	if err != nil || flags&appendOnly == 0 {
		return err
	}
	return at(with(capset.LinuxImmutable, func() error { return sys.SetFlags(fd, flags&^appendOnly) }), b.Path())
}

// flags opens the base. What is not a directory of root's has no flag of ours.
func (b Base) flags() (fd, flags int, err error) {
	dir, t := owned.OpenParent(string(b))
	if !t.OK() {
		return -1, 0, nil
	}
	defer sys.Close(dir)
	path, err := sys.OpenAt(dir, private.Base, unix.O_PATH|unix.O_DIRECTORY)
	if err != nil {
		return -1, 0, nil
	}
	defer sys.Close(path)
	var st bare.Stat
	if e := bare.Fstat(path, &st); e != 0 || st.UID != 0 {
		return -1, 0, nil
	}
	if fd, err = sys.Reopen(path); err != nil {
		return -1, 0, at(err, b.Path())
	}
	flags, err = sys.Flags(fd)
	if err != nil {
		return fd, 0, nil // a file system without flags
	}
	return fd, flags, nil
}
