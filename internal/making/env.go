package making

import (
	"errors"
	"io/fs"
	"strconv"

	"tmpshell/internal/bare"
	"tmpshell/internal/owned"
	"tmpshell/internal/private"
	"tmpshell/internal/sys"
)

func decimal(n uint32) string { return strconv.FormatUint(uint64(n), 10) }

// EnvPath is the directory of method env for a shared one.
func EnvPath(parent string, uid uint32) string {
	return parent + "/" + private.Base + "/" + decimal(uid)
}

// Base makes sure that the base of method env is there, as at boot.
func (m *Maker) Base(parent string) error {
	return sys.WithUmask(0, func() error {
		fd, _, err := m.base(parent)
		sys.Close(fd)
		return err
	})
}

// Env makes sure that the user's directory of method env is there.
func (m *Maker) Env(parent string) error {
	return sys.WithUmask(0, func() error {
		var err error
		for range attempts {
			var fd int
			if fd, err = m.env(parent); missing(err) {
				continue // the base was another helper's, and taken back by it
			} else if err != nil {
				return err
			}
			sys.Close(fd)
			// A base that another helper replaced meanwhile took our
			// directory with it.
			t := private.Env{Parent: parent}.Verify(m.UID)
			if err = t.Err(); !t.Missing() {
				return err
			}
		}
		return err
	})
}

// env makes the user's directory and opens it. Both have the label of the shared one.
func (m *Maker) env(parent string) (int, error) {
	base, m, err := m.base(parent)
	if err != nil {
		return -1, err
	}
	defer sys.Close(base)
	return m.users(base, parent+"/"+private.Base, decimal(m.UID))
}

// base makes the base and opens it, and returns who makes what is in it.
func (m *Maker) base(parent string) (int, *Maker, error) {
	dir, err := m.parent(parent)
	if err != nil {
		return -1, m, err
	}
	defer sys.Close(dir)
	if m, err = m.like(dir, parent); err != nil {
		return -1, m, err
	}
	fd, err := m.roots(dir, parent, private.Base, private.BaseWant())
	if err == nil {
		m.relabel(fd, parent+"/"+private.Base)
	}
	return fd, m, err
}

// EnvRuntime makes a directory for XDG_RUNTIME_DIR in the user's own one for a
// shared directory.
func (m *Maker) EnvRuntime(parent string) error {
	return sys.WithUmask(0, func() error {
		dir, err := m.env(parent)
		if err != nil {
			return err
		}
		defer sys.Close(dir)
		return m.runtime(dir, EnvPath(parent, m.UID))
	})
}

// runtime makes it in a directory of the user's. All that is in there is the
// user's to decide, and is done with the user's rights alone.
func (m *Maker) runtime(dir int, where string) error {
	return m.asUser(0, func() error {
		err := sys.MkdirAt(dir, private.RuntimeName, 0o700)
		if err != nil && !errors.Is(err, fs.ErrExist) {
			return at(err, where+"/"+private.RuntimeName)
		}
		fd, t := owned.Open(dir, where, private.RuntimeName, owned.Users(m.UID))
		bare.Close(fd)
		return t.Err()
	})
}
