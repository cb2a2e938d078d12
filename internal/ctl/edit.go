package ctl

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// editPatience is how long another program may hold a file that is to be edited:
// as long as lckpwdf(3) waits. It is a variable for the tests alone.
var editPatience = 15 * time.Second

// errAsItWas is what a change returns that has nothing to do.
var errAsItWas = errors.New("as it was")

// editFile writes a file anew and renames it over the old one, whose owner and
// mode it takes: a reader sees one or the other, also after a crash. A file that
// is not there is nil for change, and is made, root's and 0644.
//
// The new one is written under the name path+suffix, which is made anew (O_EXCL)
// before the old one is read. That is the lock of everybody else who changes the
// file in this way: add-shell(8) and remove-shell(8) with ".tmp", busybox with "+".
func editFile(path, suffix string, change func(old []byte) ([]byte, error)) error {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	f, err := createAlone(path + suffix)
	if err != nil {
		return err
	}
	err = rewrite(f, path, change)
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		err = errors.Join(err, os.Remove(f.Name()))
	} else {
		syncDirectory(filepath.Dir(path))
	}
	if errors.Is(err, errAsItWas) {
		return nil
	}
	return err
}

func rewrite(f *os.File, path string, change func([]byte) ([]byte, error)) error {
	old, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	text, err := change(old)
	if err != nil {
		return err
	}
	mode, uid, gid := uint32(0o644), 0, 0
	var st unix.Stat_t
	if unix.Stat(path, &st) == nil {
		mode, uid, gid = st.Mode&0o777, int(st.Uid), int(st.Gid)
	}
	if _, err := f.Write(text); err != nil {
		return err
	}
	return errors.Join(f.Chown(uid, gid), f.Chmod(os.FileMode(mode)), f.Sync())
}

// createAlone makes a file that is nobody's yet, and waits for whoever holds its
// name.
func createAlone(path string) (*os.File, error) {
	for end := time.Now().Add(editPatience); ; time.Sleep(50 * time.Millisecond) {
		f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if !errors.Is(err, fs.ErrExist) {
			return f, err
		}
		if time.Now().After(end) {
			return nil, fmt.Errorf("%s is there: another program is changing the file; if none is, one was interrupted, and: rm %s", path, path)
		}
	}
}

// syncDirectory makes a rename last. What cannot be synced is no failure: the
// change is there.
func syncDirectory(path string) {
	if d, err := os.Open(path); err == nil {
		_ = d.Sync()
		_ = d.Close()
	}
}
