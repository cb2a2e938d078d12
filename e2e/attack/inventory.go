package attack

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// Inventory is what lstat(2) says of every object of some trees. The time of the
// last change is in it, which nobody can set: whatever is written, given away or
// made shows.
type Inventory map[string]string

// outside is what no login may change: what the view's own writes to the
// overlaid directories have left (the machine's files below show through, cannot
// be written to, and are nobody's business here), and what is mounted.
var outside = []string{view.Written + "/etc", view.Written + "/usr", view.Written + "/var", "/root", "/home", "/run", "/dev"}

// inside are the bases, what the tests themselves write, and the machine's trees.
var inside = []string{
	"/run/user", "/run/tmpshell", "/run/e2e", "/home/alice", "/home/jail", "/dev/pts", "/dev/ptmx", "/run/lock", "/run/fuse",
	view.Written + "/var/lib/tmpshell", view.Written + rig.Policy,
	view.Written, "/run/tmpshell-source", "/run/tmpshell-bin", "/run/tmpshell-programs",
}

// Take lists everything outside the bases.
func Take(t testing.TB) Inventory {
	t.Helper()
	list := Inventory{}
	for _, root := range outside {
		if err := list.take(unix.AT_FDCWD, root, root); err != nil {
			t.Fatal(err)
		}
	}
	return list
}

// take lists a tree by descriptors, so that no path is too long. What goes away
// meanwhile has not been there.
func (list Inventory) take(dir int, name, path string) error {
	var st unix.Stat_t
	err := unix.Fstatat(dir, name, &st, unix.AT_SYMLINK_NOFOLLOW)
	if err == unix.ENOENT {
		return nil
	}
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	size := st.Size
	switch path {
	case "/run", view.Written + "/var/lib", view.Written + filepath.Dir(rig.Policy): // a base is made in it, or the policy
		st.Ctim, st.Mtim, st.Nlink, size = unix.Timespec{}, unix.Timespec{}, 0, 0
	}
	list[path] = fmt.Sprintf("%d:%d %o %d links, %d bytes, %d, %d.%09d %d.%09d", st.Uid, st.Gid, st.Mode,
		st.Nlink, size, st.Ino, st.Mtim.Sec, st.Mtim.Nsec, st.Ctim.Sec, st.Ctim.Nsec)
	if st.Mode&unix.S_IFMT != unix.S_IFDIR {
		return nil
	}
	fd, err := unix.Openat(dir, name, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err == unix.ENOENT {
		return nil
	}
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	f := os.NewFile(uintptr(fd), path)
	defer f.Close()
	names, err := f.Readdirnames(-1)
	for _, n := range names {
		if sub := path + "/" + n; err == nil && !slices.Contains(inside, sub) {
			err = list.take(fd, n, sub)
		}
	}
	return err
}

// Changes says what is different now.
func (before Inventory) Changes(t testing.TB) []string {
	t.Helper()
	now := Take(t)
	var list []string
	for path, was := range before {
		if is, there := now[path]; !there {
			list = append(list, path+" is gone")
		} else if is != was {
			list = append(list, path+" was "+was+", is "+is)
		}
	}
	for path, is := range now {
		if _, there := before[path]; !there {
			list = append(list, path+" is new: "+is)
		}
	}
	slices.Sort(list)
	return list
}

// Objects are owner, mode and size of what is in /tmp and is not the account's,
// by inode: there an object may be moved aside, but neither changed nor lost.
func Objects(t testing.TB, uid uint32) map[uint64]string {
	t.Helper()
	list := map[uint64]string{}
	err := filepath.WalkDir("/tmp", func(path string, d fs.DirEntry, err error) error {
		var st unix.Stat_t
		if lstat := unix.Lstat(path, &st); lstat != nil || err != nil {
			return errors.Join(lstat, err)
		}
		mounted := st.Dev != deviceOf("/tmp")
		if st.Uid != uid && path != "/tmp" && !mounted && !(st.Uid == 0 && strings.HasPrefix(path, "/tmp/.private")) {
			list[st.Ino] = fmt.Sprintf("%d:%d %o, %d bytes", st.Uid, st.Gid, st.Mode, st.Size*int64(isFile(st)))
		}
		if mounted && d != nil && d.IsDir() {
			return fs.SkipDir
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// Changed says what of others has changed in /tmp.
func Changed(was, is map[uint64]string) []string {
	var list []string
	for inode, before := range was {
		if now := is[inode]; now != before {
			list = append(list, fmt.Sprintf("somebody else's object in /tmp was %s and is %q", before, now))
		}
	}
	return list
}

func isFile(st unix.Stat_t) int {
	if st.Mode&unix.S_IFMT == unix.S_IFREG {
		return 1
	}
	return 0
}

func deviceOf(path string) uint64 {
	var st unix.Stat_t
	_ = unix.Lstat(path, &st) // zero is no device
	return st.Dev
}

// Lstat is what Session says of a path, as seen by the test.
func Lstat(path string) Stat {
	var st unix.Stat_t
	if unix.Lstat(path, &st) != nil {
		return Stat{}
	}
	return Stat{st.Uid, st.Mode, fmt.Sprintf("%x:%d", st.Dev, st.Ino)}
}
