package dirs

import (
	"errors"
	"io/fs"

	"golang.org/x/sys/unix"

	"tmpshell/internal/caps"
	"tmpshell/internal/sys"
)

// Maker makes private directories with the capabilities that this thread has.
// The thread must be locked. All privilege in tmpshell is here.
type Maker struct {
	UID uint32
	// Notice is told what an administrator should know: squatters.
	Notice func(text string)
}

// attempts bounds the races with somebody who makes and removes the same names:
// each one lost is one more that he has to win.
const attempts = 16

var errIdentity = errors.New("the real and the effective user differ")

// Make makes sure that the user's directory is there as it must be.
func (m *Maker) Make(s Spec) error {
	// What is made belongs to the effective uid; a program that is setuid
	// to somebody else must not get a directory under the caller's name.
	if euid := unix.Geteuid(); euid != int(m.UID) {
		return errIdentity
	}
	return sys.WithUmask(0, func() error {
		var err error
		for range attempts {
			if err = m.once(s); err != nil {
				return err
			}
			// A base that another helper replaced meanwhile took our
			// directory with it.
			if err = Verify(s, m.UID); !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
		return err
	})
}

func (m *Maker) once(s Spec) error {
	base, err := m.base(s)
	if err != nil {
		return err
	}
	defer sys.Close(base)
	return m.user(base, s)
}

// MakeBase makes sure that the directory for all users is there, as at boot.
func (m *Maker) MakeBase(s Spec) error {
	return sys.WithUmask(0, func() error {
		base, err := m.base(s)
		sys.Close(base)
		return err
	})
}

// user makes the directory inside the base. It is the user's from its first
// moment, since it is made with the user's own ids; dac_override is what lets
// them write into root's base.
func (m *Maker) user(base int, s Spec) error {
	entry, path := name(m.UID), s.Path(m.UID)
	var err error
	for range attempts {
		err = caps.With(caps.DACOverride, func() error {
			return withPath(sys.MkdirAt(base, entry, 0o700), path)
		})
		if err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
		var fd int
		if fd, err = openUser(base, path, entry, m.UID, false); err == nil {
			sys.Close(fd)
			return nil
		}
		if !errors.Is(err, ErrUnsafe) {
			return err
		}
		// Nobody but root could have put it there, in a base that is as
		// it must be: it is from a time when the base was not.
		why := err
		err = caps.AsRoot(0, func() error {
			if !s.Guarded {
				return m.aside(base, path, entry, why)
			}
			// The flag forbids renaming, and comes back at once.
			_ = setAppendOnly(base, false) // where it cannot be, it is not set
			err := m.aside(base, path, entry, why)
			_ = setAppendOnly(base, true)
			return err
		})
		if err != nil {
			return err
		}
	}
	return err
}

// aside renames what must not be used, and loses nothing.
func (m *Maker) aside(dir int, path, entry string, why error) error {
	tail, err := random()
	if err != nil {
		return err
	}
	to := entry + squatted + tail
	if err := sys.RenameAt(dir, entry, to, unix.RENAME_NOREPLACE); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil // gone already
		}
		return withPath(err, path)
	}
	m.notice(why.Error() + "; moved aside to " + to)
	return nil
}

func (m *Maker) notice(text string) {
	if m.Notice != nil {
		m.Notice(text)
	}
}
