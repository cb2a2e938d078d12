package private

import (
	"os"
	"os/exec"
	"testing"

	"golang.org/x/sys/unix"

	"tmpshell/internal/bare"
	"tmpshell/internal/owned"
	"tmpshell/internal/testas"
)

// good makes everything as it must be for alice.
func good(t *testing.T, dir string) {
	t.Helper()
	must(t, os.Mkdir(dir+"/.private", 0o711))
	must(t, os.Mkdir(dir+"/.private/61001", 0o700))
	must(t, os.Chown(dir+"/.private/61001", alice, alice))
}

// Rules (a) to (d), each broken alone.
func TestVerify(t *testing.T) {
	if inside := testas.Inside(); inside != "" {
		trouble := Env{testas.Dir()}.Verify(alice)
		if good := inside == "good"; good != trouble.OK() {
			t.Errorf("Verify() = %v; want good: %v", trouble.Err(), good)
		}
		if inside == "unsafe" && !trouble.Unsafe() {
			t.Errorf("Verify() = %v; want a rule that is broken", trouble.Err())
		}
		return
	}
	for _, c := range []struct {
		name, want string
		spoil      func(t *testing.T, dir string)
	}{
		{"nothing", "good", func(*testing.T, string) {}},
		{"own mode 0755", "unsafe", func(t *testing.T, d string) { must(t, os.Chmod(d+"/.private/61001", 0o755)) }},
		{"own mode 0", "unsafe", func(t *testing.T, d string) { must(t, os.Chmod(d+"/.private/61001", 0)) }},
		{"own setgid", "unsafe", func(t *testing.T, d string) { must(t, unix.Chmod(d+"/.private/61001", 0o2770)) }},
		{"parent not sticky", "unsafe", func(t *testing.T, d string) { must(t, os.Chmod(d, 0o777)) }},
		{"parent of bob", "unsafe", func(t *testing.T, d string) { must(t, os.Chown(d, bob, bob)) }},
		{"parent group-writable", "unsafe", func(t *testing.T, d string) { must(t, os.Chmod(d, 0o775)) }},
		{"base of bob", "unsafe", func(t *testing.T, d string) { must(t, os.Chown(d+"/.private", bob, bob)) }},
		{"base of alice", "unsafe", func(t *testing.T, d string) { must(t, os.Chown(d+"/.private", alice, 0)) }},
		{"base of bob's group", "unsafe", func(t *testing.T, d string) { must(t, os.Chown(d+"/.private", 0, bob)) }},
		{"base 0777", "unsafe", func(t *testing.T, d string) { must(t, os.Chmod(d+"/.private", 0o777)) }},
		{"base 0755", "unsafe", func(t *testing.T, d string) { must(t, os.Chmod(d+"/.private", 0o755)) }},
		{"base a link", "unsafe", func(t *testing.T, d string) {
			must(t, os.Rename(d+"/.private", d+"/real"))
			must(t, os.Symlink("real", d+"/.private"))
		}},
		{"directory of bob", "bad", func(t *testing.T, d string) { must(t, os.Chown(d+"/.private/61001", bob, bob)) }},
		{"directory of bob, open", "unsafe", func(t *testing.T, d string) {
			must(t, os.Chown(d+"/.private/61001", bob, bob))
			must(t, os.Chmod(d+"/.private/61001", 0o777))
		}},
		{"directory of root", "unsafe", func(t *testing.T, d string) {
			must(t, os.Chown(d+"/.private/61001", 0, 0))
			must(t, os.Chmod(d+"/.private/61001", 0o777))
		}},
		{"directory a link", "unsafe", func(t *testing.T, d string) {
			must(t, os.Rename(d+"/.private/61001", d+"/.private/x"))
			must(t, os.Symlink("x", d+"/.private/61001"))
		}},
		{"directory a fifo", "unsafe", func(t *testing.T, d string) {
			must(t, os.Remove(d+"/.private/61001"))
			must(t, unix.Mkfifo(d+"/.private/61001", 0o666))
		}},
		{"missing", "bad", func(t *testing.T, d string) { must(t, os.Remove(d+"/.private/61001")) }},
		{"no base", "bad", func(t *testing.T, d string) { must(t, os.RemoveAll(d+"/.private")) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := shared(t)
			good(t, dir)
			c.spoil(t, dir)
			before := list(t, dir)
			testas.Run(t, user(alice, 0), c.want, dir)
			if after := list(t, dir); after != before {
				t.Errorf("Verify has changed\n%sto\n%s", before, after)
			}
		})
	}
}

// list is what find(1) says of a tree.
func list(t *testing.T, dir string) string {
	t.Helper()
	out, err := exec.Command("find", dir, "-printf", "%p %m %U %G %C@\n").CombinedOutput()
	must(t, err)
	return string(out)
}

// Rule (a) on the way to the parent.
func TestVerifyPath(t *testing.T) {
	if testas.Inside() != "" {
		if trouble := (Env{testas.Dir()}).Verify(alice); !trouble.Unsafe() {
			t.Errorf("Verify() = %v; want a rule that is broken", trouble.Err())
		}
		return
	}
	dir := shared(t)
	good(t, dir)
	must(t, os.Symlink(dir, dir+"/link"))
	must(t, os.Mkdir(dir+"/bobs", 0o755))
	must(t, os.Mkdir(dir+"/bobs/tmp", 0o755))
	must(t, os.Chmod(dir+"/bobs/tmp", 0o777|os.ModeSticky))
	good(t, dir+"/bobs/tmp")
	must(t, os.Chown(dir+"/bobs", bob, bob))
	for _, path := range []string{"/link", "/bobs/tmp"} {
		testas.Run(t, user(alice, 0), "unsafe", dir+path)
	}
}

// The way there may be one that can only be searched; an error names the whole
// path.
func TestVerifySearched(t *testing.T) {
	if testas.Inside() != "" {
		dir := testas.Dir()
		if trouble := (Env{dir}).Verify(alice); !trouble.OK() {
			t.Error(trouble.Err())
		}
		trouble := Env{dir}.Verify(bob)
		if want := "openat " + dir + "/.private/61002: no such file or directory"; trouble.Err() == nil || trouble.Err().Error() != want {
			t.Errorf("the trouble is %v; want %s", trouble.Err(), want)
		}
		fd, trouble := owned.OpenParent("/")
		if !trouble.OK() {
			t.Errorf("the root directory: %v", trouble.Err())
		}
		bare.Close(fd)
		return
	}
	dir := shared(t)
	must(t, os.Mkdir(dir+"/searched", 0o711))
	must(t, os.Mkdir(dir+"/searched/tmp", 0o711))
	good(t, dir+"/searched/tmp")
	testas.Run(t, user(alice, 0), "searched", dir+"/searched/tmp")
}

// Whatever owner and mode a mounted file system shows, it may be a user's own
// (FUSE). It is told by the device, and where it has the same, by the kernel's
// word that it is a mount.
func TestMountedBase(t *testing.T) {
	label := testas.Inside()
	if label == "" {
		for _, how := range []string{"tmpfs", "bind"} {
			dir := shared(t)
			good(t, dir)
			alone(t, how, dir)
		}
		return
	}
	dir := testas.Dir()
	mount(t, "", "/", "", unix.MS_REC|unix.MS_PRIVATE, "")
	base := dir + "/.private"
	if label == "bind" {
		mount(t, base, base, "", unix.MS_BIND, "")
	} else {
		mount(t, "x", base, "tmpfs", 0, "mode=711,uid=0,gid=0")
	}
	if trouble := (Env{dir}).Verify(alice); trouble.Why != "is a mount point" || trouble.Entry != Base {
		t.Errorf("Verify: %v", trouble.Err())
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
	mount(t, "", "/", "", unix.MS_REC|unix.MS_PRIVATE, "")
	mount(t, "x", testas.Dir()+"/.private/61001", "tmpfs", 0, "mode=700,uid=61001,gid=61001")
	if trouble := (Env{testas.Dir()}).Verify(alice); !trouble.OK() {
		t.Error(trouble.Err())
	}
}

// What Verify is kept from finding out is of that kind, whichever call it is.
func TestVerifyFaults(t *testing.T) {
	if testas.Inside() == "" {
		dir := shared(t)
		good(t, dir)
		testas.Run(t, user(alice, 0), "faults", dir)
		return
	}
	locked(t, func() {
		f := testas.NewFaults(t, nil, unix.SYS_OPENAT, unix.SYS_STATX)
		for n := 0; ; n++ {
			f.Fail(n, unix.EMFILE)
			trouble := Env{testas.Dir()}.Verify(alice)
			if f.Stop() < 0 {
				if n < 8 || !trouble.OK() {
					t.Errorf("after %d calls: %v", n, trouble.Err())
				}
				return
			}
			if trouble.Kind() != bare.Kept {
				t.Errorf("call %d fails: kind %d, %v", n, trouble.Kind(), trouble.Err())
			}
		}
	})
}
