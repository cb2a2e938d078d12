package private

import (
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"tmpshell/internal/bare"
	"tmpshell/internal/capset"
	"tmpshell/internal/testas"
)

// Uids that no account of a machine has.
const (
	alice = 61001
	bob   = 61002
)

// user is a user as package testas takes one.
func user(uid uint32, s capset.Set) testas.User {
	return testas.User{UID: uid, Caps: s}
}

// shared makes a directory as /tmp is: root's, 1777, reachable for everybody.
func shared(t *testing.T) string {
	t.Helper()
	testas.Root(t)
	dir := t.TempDir()
	must(t, os.Chmod(filepath.Dir(dir), 0o755))
	must(t, os.Chmod(dir, 0o777|os.ModeSticky))
	return dir
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

// alone runs the test again as alice, in a mount namespace of its own, with the
// capability to mount.
func alone(t *testing.T, label, dir string) {
	t.Helper()
	c := testas.Command(t, user(alice, capset.SysAdmin|capset.Keeper|capset.DACOverride), label, dir)
	c.SysProcAttr.Cloneflags |= unix.CLONE_NEWNS
	if out, err := c.CombinedOutput(); err != nil {
		t.Errorf("%s: %v\n%s", label, err, out)
	}
}

func mount(t *testing.T, source, target, kind string, flags uintptr, options string) {
	t.Helper()
	if err := unix.Mount(source, target, kind, flags, options); err != nil {
		t.Fatal(target, err)
	}
}

// text collects what f writes.
func text(f func(to *bare.Text)) string {
	var buf [4096]byte
	to := bare.NewText(buf[:])
	f(&to)
	return string(to.Bytes())
}

// fallback is Fallback, its path empty where there is trouble.
func fallback(parent string) (string, bare.Trouble) {
	var trouble bare.Trouble
	path := text(func(to *bare.Text) { trouble = Fallback(parent, alice, to) })
	return path, trouble
}
