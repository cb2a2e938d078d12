package compile

import (
	"errors"
	"io/fs"
	"path"

	"golang.org/x/sys/unix"

	"tmpshell/internal/owned"
	"tmpshell/internal/sys"
)

// Write puts a policy at a path, root's and readable by everybody, in one step.
// The process must be root's. Two that write at the same time do no harm: each
// policy says itself what it was made from.
func Write(file string, data []byte) error {
	dir, err := openOrMake(path.Dir(file))
	if err != nil {
		return err
	}
	defer sys.Close(dir)
	base := path.Base(file)
	// What a crash of the machine has left stays until `tmpshellctl setup --remove`;
	// one that another process writes now looks the same.
	end, err := sys.RandomName()
	if err != nil {
		return err
	}
	entry := base + ".new-" + end
	fd, err := sys.CreateAt(dir, entry, 0o644)
	if err != nil {
		return err
	}
	err = fill(fd, entry, data)
	sys.Close(fd)
	if err == nil {
		err = sys.RenameAt(dir, entry, base, 0)
	}
	if err != nil {
		_ = sys.UnlinkAt(dir, entry)
	}
	return err
}

// openOrMake opens the directory of the policy, and makes it and those above it
// where they are missing: an image may have no /var at all.
func openOrMake(dir string) (int, error) {
	fd, t := owned.OpenParent(dir)
	if !t.Missing() || dir == "/" {
		return fd, t.Err()
	}
	above, err := openOrMake(path.Dir(dir))
	if err != nil {
		return -1, err
	}
	defer sys.Close(above)
	if err := sys.MkdirAt(above, path.Base(dir), 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		return -1, err
	}
	fd, t = owned.OpenParent(dir)
	return fd, t.Err()
}

// fill writes a file to the end, to the disk.
func fill(fd int, name string, data []byte) error {
	if err := sys.Fchmod(fd, name, 0o644); err != nil {
		return err
	}
	if err := writeAll(fd, data); err != nil {
		return &fs.PathError{Op: "write", Path: name, Err: err}
	}
	if err := sys.Retry(func() error { return unix.Fsync(fd) }); err != nil {
		return &fs.PathError{Op: "fsync", Path: name, Err: err}
	}
	return nil
}

// writeAll writes all of data to a descriptor.
func writeAll(fd int, data []byte) error {
	for len(data) > 0 {
		n, err := unix.Write(fd, data)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return err
		}
		if n <= 0 {
			return unix.EIO
		}
		data = data[n:]
	}
	return nil
}
