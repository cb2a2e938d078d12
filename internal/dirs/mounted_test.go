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

// A base that another program guards may be mounted: /run/user in a container.
func TestMountedOthersBase(t *testing.T) {
	spec := Spec{Parent: testas.Dir(), Base: "user", Mode: 0o755}
	if testas.Inside() == "" {
		dir := shared(t)
		must(t, os.Mkdir(dir+"/user", 0o755))
		alone(t, "others", dir)
		return
	}
	runtime.LockOSThread()
	mount(t, "", "/", "", unix.MS_REC|unix.MS_PRIVATE, "")
	mount(t, "x", spec.BasePath(), "tmpfs", 0, "mode=711,uid=0,gid=7")
	m := Maker{UID: alice}
	if err := caps.Quietly(func() error { return m.Make(spec) }); err != nil {
		t.Error(err)
	}
}

// Inside a session, where something else is mounted on it, the shared directory
// is found where the session keeps it; outside, that place is an empty one.
func TestOpenShared(t *testing.T) {
	same := func(i Instance, path string) {
		t.Helper()
		fd, err := i.OpenShared()
		must(t, err)
		defer sys.Close(fd)
		got, err := sys.Fstat(fd)
		must(t, err)
		want, err := sys.StatPath(path)
		if err != nil || !got.SameFile(want) {
			t.Errorf("OpenShared is not %s, %v", path, err)
		}
	}
	if testas.Inside() == "" {
		top := furnish(t)
		i := instance(top, "public", "")
		same(i, i.At)
		must(t, os.MkdirAll(i.SharedPath(), 0o755))
		must(t, os.Mkdir(top+"/public/mine", 0o755))
		alone(t, "shared", top)
		must(t, os.Chown(i.In.Run, alice, alice))
		same(i, i.At) // what is not root's is not believed
		if err := i.CheckMountPoint(); err != nil {
			t.Errorf("CheckMountPoint: %v", err)
		}
		must(t, os.Chown(top+"/public", alice, alice))
		if err := i.CheckMountPoint(); !errors.Is(err, ErrUnsafe) {
			t.Errorf("CheckMountPoint, of alice's: %v", err)
		}
		i.At = top + "/none"
		if err := i.CheckMountPoint(); err == nil || !strings.Contains(err.Error(), "tmpshellctl setup") {
			t.Errorf("CheckMountPoint, not there: %v", err)
		}
		return
	}
	runtime.LockOSThread()
	i := instance(testas.Dir(), "public", "")
	mount(t, "", "/", "", unix.MS_REC|unix.MS_PRIVATE, "")
	same(i, i.At)
	mount(t, i.At, i.SharedPath(), "", unix.MS_BIND, "")
	mount(t, i.At+"/mine", i.At, "", unix.MS_BIND, "")
	same(i, i.SharedPath())
	if _, err := os.Lstat(i.SharedPath() + "/mine"); err != nil {
		t.Error(err)
	}
}

// In a session, the place for the shared directory is the shared directory:
// whatever fails, or whatever descriptors the caller leaves to the helper, its
// mode is not made that of an empty mount point.
func TestMakeInSession(t *testing.T) {
	label := testas.Inside()
	if label == asMaker {
		insideInstance(t)
		return
	}
	if label == "" {
		for _, how := range []string{"calls", "descriptors"} {
			top := furnish(t)
			makeInstance(t, alice, top, "public")
			alone(t, how, top)
			wantDir(t, top+"/public", 0, 0, 0o1777)
		}
		return
	}
	runtime.LockOSThread()
	i := instance(testas.Dir(), "public", shares)
	mount(t, "", "/", "", unix.MS_REC|unix.MS_PRIVATE, "")
	mount(t, i.At, i.SharedPath(), "", unix.MS_BIND, "")
	mount(t, testas.Dir()+"/cache", i.At, "", unix.MS_BIND, "")
	make := func(what string, n int) error {
		m := Maker{UID: alice}
		err := caps.Quietly(func() error { return m.MakeInstance(i) })
		var st unix.Stat_t // of a call that is not watched
		if err := unix.Stat(i.SharedPath(), &st); err != nil || st.Mode != unix.S_IFDIR|0o1777 {
			t.Fatalf("%s %d: the shared directory is %o, %v", what, n, st.Mode, err)
		}
		return err
	}
	if label == "descriptors" {
		var before unix.Rlimit
		must(t, unix.Getrlimit(unix.RLIMIT_NOFILE, &before))
		failed := 0
		for n := uint64(3); n < 40; n++ {
			must(t, unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: n, Max: before.Max}))
			err := make(label, int(n))
			must(t, unix.Setrlimit(unix.RLIMIT_NOFILE, &before))
			if err != nil {
				failed++
			}
		}
		if failed < 5 || failed > 30 {
			t.Errorf("%d of 37 numbers of descriptors were too few", failed)
		}
		return
	}
	f := testas.NewFaults(t, nil, unix.SYS_OPENAT, unix.SYS_STATX, unix.SYS_MKDIRAT)
	for n := 0; ; n++ {
		f.Fail(n, unix.EMFILE)
		if err := make(label, n); f.Stop() < 0 {
			must(t, err)
			return
		}
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
		// Nobody can make every name beforehand, but who can is told.
		f.FailFrom(0, unix.EEXIST)
		if path, err := Fallback(dir+"/none", alice); path != "" || !errors.Is(err, unix.ENOENT) {
			t.Errorf("Fallback() = %q, %v", path, err)
		}
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
