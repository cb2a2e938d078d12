package dirs

import (
	"errors"
	"os"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"tmpshell/internal/caps"
	"tmpshell/internal/sys"
	"tmpshell/internal/testas"
)

// alone runs the test again as alice, in a mount namespace of its own, with the
// helper's capabilities and that to mount.
func alone(t *testing.T, label, dir string) {
	t.Helper()
	c := testas.Command(t, testas.User{UID: alice, Caps: caps.Helper | caps.SysAdmin}, label, dir)
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

// Whatever owner and mode a mounted file system shows, it may be a user's own
// (FUSE). It is told by the device, and where it has the same, by the kernel's
// word that it is a mount.
func TestMountedBase(t *testing.T) {
	label := testas.Inside()
	if label == "" {
		for _, how := range []string{"tmpfs", "bind", "tmpfs without statx", "tmpfs on tmpfs without statx"} {
			dir := shared(t)
			good(t, dir)
			must(t, os.Chmod(dir+"/.private", 0o711))
			alone(t, how, dir)
		}
		return
	}
	runtime.LockOSThread()
	dir := testas.Dir()
	mount(t, "", "/", "", unix.MS_REC|unix.MS_PRIVATE, "")
	base := dir + "/.private"
	if strings.Contains(label, "on tmpfs") {
		mount(t, "x", dir, "tmpfs", 0, "mode=1777,uid=0,gid=0")
		must(t, caps.AsRoot(0, func() error { return os.Mkdir(base, 0o711) }))
	}
	if label == "bind" {
		must(t, caps.With(caps.SysAdmin, func() error { return unix.Mount(base, base, "", unix.MS_BIND, "") }))
	} else {
		must(t, caps.With(caps.SysAdmin, func() error { return unix.Mount("x", base, "tmpfs", 0, "mode=711,uid=0,gid=0") }))
	}
	sys.HasStatx = !strings.Contains(label, "without statx")
	if err := VerifyBase(Private(dir)); !errors.Is(err, ErrUnsafe) || !strings.Contains(err.Error(), "mount point") {
		t.Errorf("VerifyBase: %v", err)
	}
	if err := makeIt(Maker{UID: alice}); err == nil {
		t.Error("Make uses it")
	}
	// One of a wrong mode is not put right either: it is not asked anything.
	must(t, caps.AsRoot(0, func() error { return os.Chmod(base, 0o755) }))
	if err := makeIt(Maker{UID: alice}); err == nil {
		t.Error("Make uses one that is to be mended")
	}
	if st, err := os.Lstat(base); err != nil || st.Mode().Perm() != 0o755 {
		t.Errorf("Make has mended it: %v, %v", st, err)
	}
}

// A fallback directory has a name that anybody could have taken.
func TestMountedFallback(t *testing.T) {
	if testas.Inside() == "" {
		dir := shared(t)
		must(t, os.Mkdir(dir+"/.private-61001", 0o700))
		must(t, os.Chown(dir+"/.private-61001", alice, alice))
		alone(t, "fallback", dir)
		return
	}
	runtime.LockOSThread()
	dir := testas.Dir()
	mount(t, "", "/", "", unix.MS_REC|unix.MS_PRIVATE, "")
	mount(t, "x", dir+"/.private-61001", "tmpfs", 0, "mode=700,uid=61001,gid=61001")
	if path, err := Fallback(dir, alice); err != nil || path != dir+"/.private-61001.1" {
		t.Errorf("Fallback() = %s, %v", path, err)
	}
}

// In a base that is as it must be only root and the user mount anything.
func TestMountedDirectory(t *testing.T) {
	if testas.Inside() == "" {
		dir := shared(t)
		good(t, dir)
		alone(t, "directory", dir)
		return
	}
	runtime.LockOSThread()
	mount(t, "", "/", "", unix.MS_REC|unix.MS_PRIVATE, "")
	mount(t, "x", testas.Dir()+"/.private/61001", "tmpfs", 0, "mode=700,uid=61001,gid=61001")
	if err := Verify(Private(testas.Dir()), alice); err != nil {
		t.Error(err)
	}
}

// Where nothing can be made, an older directory serves, if it is the user's.
func TestFallbackReadOnly(t *testing.T) {
	if testas.Inside() != "" {
		runtime.LockOSThread()
		dir := testas.Dir()
		f := testas.NewFaults(t, nil, unix.SYS_MKDIRAT)
		for _, c := range []struct{ dir, want string }{{dir + "/hers", dir + "/hers/.private-61001"}, {dir + "/bobs", ""}, {dir + "/none", ""}} {
			f.FailFrom(0, unix.EROFS)
			path, err := Fallback(c.dir, alice)
			if path != c.want || (err == nil) != (c.want != "") || err != nil && !errors.Is(err, unix.EROFS) {
				t.Errorf("Fallback(%s) = %q, %v", c.dir, path, err)
			}
		}
		return
	}
	dir := shared(t)
	for name, uid := range map[string]int{"hers": alice, "bobs": bob, "none": -1} {
		must(t, os.Mkdir(dir+"/"+name, 0o755))
		if uid >= 0 {
			must(t, os.Mkdir(dir+"/"+name+"/.private-61001", 0o700))
			must(t, os.Chown(dir+"/"+name+"/.private-61001", uid, uid))
		}
	}
	testas.Run(t, testas.User{UID: alice}, "read-only", dir)
}
