package attack

import (
	"encoding/binary"
	"fmt"
	"io/fs"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// Watch is told when what belongs to others is opened, read, or changed.
type Watch struct {
	fd    int
	paths map[int32]string
}

// WatchOthers watches everything in /tmp and /home that is not the account's,
// but for directories of root's, which are on the way. A look (O_PATH, stat) is
// no event of inotify(7).
func WatchOthers(t testing.TB, uid uint32) *Watch {
	t.Helper()
	fd, err := unix.InotifyInit1(unix.IN_NONBLOCK | unix.IN_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	w := &Watch{fd, map[int32]string{}}
	for _, root := range []string{"/tmp", "/home"} {
		device := deviceOf(root)
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			var st unix.Stat_t
			if err == nil {
				err = unix.Lstat(path, &st)
			}
			if err != nil {
				return err
			}
			if st.Dev != device { // what is mounted, FUSE perhaps
				return fs.SkipDir
			}
			if st.Uid == uid || st.Uid == 0 && d.IsDir() {
				return nil
			}
			const events = unix.IN_OPEN | unix.IN_ACCESS | unix.IN_MODIFY | unix.IN_ATTRIB | unix.IN_DELETE_SELF
			wd, err := unix.InotifyAddWatch(fd, path, events|unix.IN_DONT_FOLLOW)
			if err != nil {
				return fmt.Errorf("inotify_add_watch %s: %w", path, err)
			}
			w.paths[int32(wd)] = path
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	w.Events(false) // of the walk itself
	return w
}

// Events returns what has happened since it was last asked. With opened, a file
// that was opened and not read is none.
func (w *Watch) Events(opened bool) []string {
	var list []string
	if w.paths == nil {
		return nil // nothing is watched
	}
	buf := make([]byte, 64<<10)
	for {
		n, err := unix.Read(w.fd, buf)
		if err != nil || n <= 0 {
			return list
		}
		for b := buf[:n]; len(b) >= unix.SizeofInotifyEvent; {
			wd := int32(binary.NativeEndian.Uint32(b))
			mask := binary.NativeEndian.Uint32(b[4:])
			size := binary.NativeEndian.Uint32(b[12:])
			if mask&unix.IN_IGNORED == 0 && !(opened && mask&^unix.IN_ISDIR == unix.IN_OPEN) {
				list = append(list, fmt.Sprintf("%s: event %#x of inotify(7)", w.paths[wd], mask))
			}
			b = b[unix.SizeofInotifyEvent+size:]
		}
	}
}
