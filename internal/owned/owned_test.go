package owned

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"tmpshell/internal/bare"
	"tmpshell/internal/testas"
)

// Uids that no account of a machine has.
const (
	alice = 61001
	bob   = 61002
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// shared makes a directory as /tmp is: root's, 1777.
func shared(t *testing.T) (string, int) {
	t.Helper()
	testas.Root(t)
	dir := t.TempDir()
	must(t, os.Chmod(filepath.Dir(dir), 0o755))
	must(t, os.Chmod(dir, 0o777|os.ModeSticky))
	fd, e := bare.Open(dir, asPath)
	if e != 0 {
		t.Fatal(e.Text())
	}
	t.Cleanup(func() { bare.Close(fd) })
	return dir, fd
}

// says checks a trouble: the empty text is none.
func says(t *testing.T, what string, trouble bare.Trouble, want string) {
	t.Helper()
	switch err := trouble.Err(); {
	case want == "" && err != nil, want != "" && (err == nil || !strings.Contains(err.Error(), want)):
		t.Errorf("%s: %v; want %q", what, err, want)
	}
}

// Rules (a), (c) and (d), each broken alone.
func TestOpen(t *testing.T) {
	dir, fd := shared(t)
	path := dir + "/x"
	mkdir := func(uid, gid int, mode uint32) func() error {
		return func() error {
			_ = os.Mkdir(path, 0o700)
			_ = os.Chown(path, uid, gid)
			return unix.Chmod(path, mode)
		}
	}
	noMount := Roots(0o711)
	noMount.NoMount = true
	anyGroup := Roots(0o755)
	anyGroup.AnyGroup = true
	for _, c := range []struct {
		name string
		make func() error
		want Want
		says string
	}{
		{"root's", mkdir(0, 0, 0o711), Roots(0o711), ""},
		{"root's, nothing mounted", mkdir(0, 0, 0o711), noMount, ""},
		{"root's, sticky", mkdir(0, 0, 0o1777), Roots(0o1777), ""},
		{"root's, of another mode", mkdir(0, 0, 0o755), Roots(0o711), "has mode 0755"},
		{"root's, with setgid", mkdir(0, 0, 0o2711), Roots(0o711), "has mode 02711"},
		{"root's, with the sticky bit", mkdir(0, 0, 0o1711), Roots(0o711), "has mode 01711"},
		{"root's, of a group", mkdir(0, bob, 0o711), Roots(0o711), "belongs to group 61002"},
		{"root's, of any group", mkdir(0, bob, 0o755), anyGroup, ""},
		{"of bob", mkdir(bob, 0, 0o711), Roots(0o711), "belongs to uid 61002"},
		{"alice's", mkdir(alice, alice, 0o700), Users(alice), ""},
		{"alice's, of another group", mkdir(alice, bob, 0o700), Users(alice), ""},
		{"alice's, open", mkdir(alice, alice, 0o755), Users(alice), "has mode 0755"},
		{"alice's, with setgid", mkdir(alice, alice, 0o2700), Users(alice), ""},
		{"bob's for alice", mkdir(bob, alice, 0o700), Users(alice), "belongs to uid 61002"},
		{"root's for alice", mkdir(0, 0, 0o700), Users(alice), "belongs to uid 0"},
		{"alice's for root", mkdir(alice, alice, 0o700), Users(0), "belongs to uid 61001"},
		{"a link", func() error { return os.Symlink("/root", path) }, Roots(0o700), "is not a directory"},
		{"a link to nothing", func() error { return os.Symlink("none", path) }, Roots(0o700), "is not a directory"},
		{"a file", func() error { return os.WriteFile(path, nil, 0o700) }, Roots(0o700), "is not a directory"},
		{"a FIFO", func() error { return unix.Mkfifo(path, 0o700) }, Roots(0o700), "is not a directory"},
		{"nothing", func() error { return nil }, Roots(0o700), "openat " + path + ": no such file or directory"},
	} {
		must(t, c.make())
		n, trouble := Open(fd, dir, "x", c.want)
		says(t, c.name, trouble, c.says)
		if trouble.OK() != (n >= 0) || c.says != "" && trouble.Kind() != bare.Object || trouble.Unsafe() != (c.says != "" && c.name != "nothing") {
			t.Errorf("%s: descriptor %d, kind %d, unsafe: %v", c.name, n, trouble.Kind(), trouble.Unsafe())
		}
		bare.Close(n)
		_ = os.Remove(path)
	}
	for _, entry := range []string{"", ".", "..", "a/b", "/"} {
		if n, trouble := Open(fd, dir, entry, Roots(0o1777)); trouble.OK() {
			bare.Close(n)
			t.Errorf("%q is opened", entry)
		}
	}
}

// Rule (e): whatever is mounted there, and however it looks.
func TestNoMount(t *testing.T) {
	dir, fd := shared(t)
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // for good: the namespace is this thread's
		if err := unix.Unshare(unix.CLONE_NEWNS); err != nil {
			t.Error(err)
			return
		}
		if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
			t.Error(err)
			return
		}
		for name, source := range map[string]string{"tmpfs": "", "bind": dir + "/other", "itself": dir + "/x"} {
			_ = os.Mkdir(dir+"/x", 0o711)
			_ = os.Mkdir(dir+"/other", 0o711)
			kind, flags, options := "", uintptr(unix.MS_BIND), ""
			if source == "" {
				kind, flags, options = "tmpfs", 0, "mode=711"
			}
			if err := unix.Mount(source, dir+"/x", kind, flags, options); err != nil {
				t.Error(err)
				continue
			}
			// The directory was opened in the namespace of the test.
			here, e := bare.Open(dir, asPath)
			if e != 0 {
				t.Error(e.Text())
			}
			want := Roots(0o711)
			n, trouble := OpenEntry(here, "x", want)
			says(t, name+", allowed", trouble, "")
			bare.Close(n)
			want.NoMount = true
			_, trouble = OpenEntry(here, "x", want)
			says(t, name, trouble, "is a mount point")
			bare.Close(here)
			if err := unix.Unmount(dir+"/x", unix.MNT_DETACH); err != nil {
				t.Error(err)
			}
		}
	}()
	<-done
	_ = fd
}

// Rule (b), at every step.
func TestOpenParent(t *testing.T) {
	dir, _ := shared(t)
	// What leads to the directory of a test is not always root's alone.
	if trouble := openAndClose(dir); !trouble.OK() {
		t.Fatalf("%s: %v", dir, trouble.Err())
	}
	must(t, os.MkdirAll(dir+"/a/b", 0o755))
	must(t, os.Mkdir(dir+"/searched", 0o711))
	must(t, os.Symlink("a", dir+"/link"))
	must(t, os.WriteFile(dir+"/file", nil, 0o644))
	for _, c := range []struct {
		path   string
		change func() error
		says   string
	}{
		{"/", nil, ""},
		{dir + "/a/b", nil, ""},
		{dir + "/searched", nil, ""},
		{dir + "/a/none", nil, "openat " + dir + "/a/none: no such file or directory"},
		{dir + "/link/b", nil, dir + "/link is a symbolic link or no directory"},
		{dir + "/link", nil, dir + "/link is a symbolic link or no directory"},
		{dir + "/file", nil, dir + "/file is a symbolic link or no directory"},
		{dir + "/a/../a", nil, "invalid argument"},
		{dir + "//a", nil, "invalid argument"},
		{dir + "/a/", nil, "invalid argument"},
		{dir + "/a/b", func() error { return os.Chmod(dir+"/a", 0o777) }, dir + "/a can be written by others and is not sticky: mode 0777"},
		{dir + "/a/b", func() error { return os.Chmod(dir+"/a", 0o775) }, dir + "/a can be written by others and is not sticky: mode 0775"},
		{dir + "/a/b", func() error { return os.Chmod(dir+"/a", 0o777|os.ModeSticky) }, ""},
		{dir + "/a/b", func() error { return os.Chown(dir+"/a", bob, 0) }, dir + "/a belongs to uid 61002, not to root"},
		{dir + "/a", nil, dir + "/a belongs to uid 61002, not to root"},
		{dir + "/a/b", func() error { return os.Chown(dir+"/a", 0, bob) }, ""},
		{dir + "/a/b", func() error { return os.Chown(dir+"/a/b", alice, 0) }, dir + "/a/b belongs to uid 61001, not to root"},
	} {
		if c.change != nil {
			must(t, c.change())
		}
		says(t, c.path, openAndClose(c.path), c.says)
	}
}

func openAndClose(path string) bare.Trouble {
	fd, trouble := OpenParent(path)
	bare.Close(fd)
	return trouble
}

// Being kept from finding out is no answer.
func TestKept(t *testing.T) {
	_, fd := shared(t)
	var before unix.Rlimit
	must(t, unix.Getrlimit(unix.RLIMIT_NOFILE, &before))
	must(t, unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: 0, Max: before.Max}))
	_, opened := OpenEntry(fd, "x", Roots(0o711))
	_, parent := OpenParent("/tmp")
	must(t, unix.Setrlimit(unix.RLIMIT_NOFILE, &before))
	for _, trouble := range []bare.Trouble{opened, parent} {
		if trouble.Kind() != bare.Kept || trouble.Unsafe() || trouble.Missing() {
			t.Errorf("without a descriptor: %v, kind %d", trouble.Err(), trouble.Kind())
		}
	}
}

// No descriptor is left open, whatever comes of it.
func TestNothingLeftOpen(t *testing.T) {
	dir, fd := shared(t)
	must(t, os.Mkdir(dir+"/x", 0o755))
	count := func() int {
		entries, err := os.ReadDir("/proc/self/fd")
		must(t, err)
		return len(entries)
	}
	before := count()
	for range 50 {
		if n, trouble := Open(fd, dir, "x", Roots(0o755)); trouble.OK() {
			bare.Close(n)
		} else {
			t.Fatal(trouble.Err())
		}
		_, _ = Open(fd, dir, "x", Roots(0o711))
		_, _ = Open(fd, dir, "none", Roots(0o711))
		_ = openAndClose(dir + "/x")
		_ = openAndClose(dir + "/x/none")
		_ = openAndClose("/proc/self/cwd")
	}
	if after := count(); after != before {
		t.Errorf("%d descriptors are open; before, it was %d", after, before)
	}
}
