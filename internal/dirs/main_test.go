package dirs

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"

	"tmpshell/internal/caps"
	"tmpshell/internal/sys"
	"tmpshell/internal/testas"
)

// Uids that no account of a machine has.
const (
	alice = 61001
	bob   = 61002
)

func TestMain(m *testing.M) {
	os.Exit(m.Run())
}

// shared makes a directory as /tmp is: root's, 1777, reachable for everybody.
func shared(t *testing.T) string {
	t.Helper()
	testas.Root(t)
	dir := t.TempDir()
	must(t, os.Chmod(filepath.Dir(dir), 0o755))
	must(t, os.Chmod(dir, 0o777|os.ModeSticky))
	t.Cleanup(func() { _ = filepath.WalkDir(dir, thaw) })
	return dir
}

// thaw takes the append-only flag away, so that the directory can be removed.
func thaw(path string, d os.DirEntry, err error) error {
	if err != nil || !d.IsDir() {
		return nil
	}
	f, err := os.Open(path)
	if err != nil {
		return nil
	}
	defer f.Close()
	if flags, err := sys.Flags(int(f.Fd())); err == nil && flags&appendOnly != 0 {
		_ = sys.SetFlags(int(f.Fd()), flags&^appendOnly)
	}
	return nil
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// wantDir checks owner, group and mode of a directory.
func wantDir(t *testing.T, path string, uid, gid, mode uint32) {
	t.Helper()
	var st unix.Stat_t
	if err := unix.Lstat(path, &st); err != nil {
		t.Errorf("lstat %s: %v", path, err)
		return
	}
	if st.Uid != uid || st.Gid != gid || st.Mode != unix.S_IFDIR|mode {
		t.Errorf("%s is %d:%d %o; want a directory %d:%d %o", path, st.Uid, st.Gid, st.Mode, uid, gid, mode)
	}
}

// makeAs runs Maker.Make for a user with the helper's capabilities, as the
// helper does.
func makeAs(t *testing.T, uid uint32, dir string) string {
	t.Helper()
	return testas.Run(t, testas.User{UID: uid, Caps: caps.Helper}, "make", dir)
}

// makeIt is Make as the helper calls it: on a thread of its own, for the
// file-system ids and capabilities are a thread's. A test's goroutine is not the
// one that package initialisation locks.
func makeIt(m Maker) error {
	runtime.LockOSThread() // for good: the process ends with the test
	return caps.Quietly(func() error { return m.Make(Private(testas.Dir())) })
}

// insideMake is the body that makeAs runs.
func insideMake(t *testing.T) {
	t.Helper()
	m := Maker{UID: uint32(os.Getuid()), Notice: func(text string) { t.Log("notice:", text) }}
	if err := makeIt(m); err != nil {
		t.Error(err)
	}
	if fsuid, _ := unix.SetfsuidRetUid(-1); fsuid != os.Getuid() {
		t.Errorf("the file-system uid is %d after Make; want %d", fsuid, os.Getuid())
	}
}
