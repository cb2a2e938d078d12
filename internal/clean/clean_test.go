package clean

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"tmpshell/internal/testas"
)

const alice = 41001

func must(t *testing.T, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

// asAlice runs f with alice's rights.
func asAlice(f func() error) error {
	g := newGuard(0)
	defer g.end()
	return g.asOwner(alice, alice, -1, func(*watch, int) error { return f() })
}

// tree makes n directories inside each other, as the owner, with a file in each.
func tree(t *testing.T, n int) (dir string, fd int) {
	t.Helper()
	testas.Root(t)
	dir = t.TempDir()
	fd, err := unix.Open(dir, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	must(t, err, unix.Fchown(fd, alice, alice))
	must(t, asAlice(func() error {
		at, err := unix.Dup(fd)
		for i := 0; i < n && err == nil; i++ {
			if err = unix.Mkdirat(at, "d", 0o700); err == nil {
				var f int
				if f, err = unix.Openat(at, "f", unix.O_CREAT|unix.O_WRONLY, 0o600); err == nil {
					unix.Close(f)
				}
			}
			if err == nil {
				var next int
				next, err = unix.Openat(at, "d", unix.O_RDONLY|unix.O_DIRECTORY, 0)
				unix.Close(at)
				at = next
			}
		}
		unix.Close(at)
		return err
	}))
	t.Cleanup(func() { unix.Close(fd) })
	return dir, fd
}

// TestDeep: a walk goes down as far as it likes with a bounded number of
// descriptors and memory, and finds its way back.
func TestDeep(t *testing.T) {
	const levels = 3000
	_, fd := tree(t, levels)
	var s surveyor
	err := asAlice(func() error { return overTree(newWatch(), fd, &s) })
	if err != nil || s.Files != levels || s.Directories != levels {
		t.Errorf("it has seen %d files and %d directories: %v; want %d of each", s.Files, s.Directories, err, levels)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	r := remover{counts: &Counts{}, uid: alice}
	err = asAlice(func() error { return r.empty(newWatch(), fd) })
	runtime.ReadMemStats(&after)
	if r.counts.Files.Load() != levels || r.counts.Directories.Load() != levels || r.n != 0 || err != nil {
		t.Errorf("it has removed %d files and %d directories, %v left: %v; want %d of each", r.counts.Files.Load(), r.counts.Directories.Load(), r.list, err, levels)
	}
	if n := after.TotalAlloc - before.TotalAlloc; n > 16<<20 {
		t.Errorf("%d bytes were allocated", n)
	}
}

// TestStepwise: where there is no openat2(2).
func TestStepwise(t *testing.T) {
	hasOpenat2 = false
	defer func() { hasOpenat2 = true }()
	dir, fd := tree(t, 3*ring)
	must(t, os.Mkdir(dir+"/m", 0o755), os.Symlink("/etc", dir+"/l"), os.Chown(dir+"/m", alice, alice))
	if err := unix.Mount("x", dir+"/m", "tmpfs", 0, "size=4k"); err != nil {
		t.Skip("needs to mount: ", err)
	}
	defer func() { _ = unix.Unmount(dir+"/m", unix.MNT_DETACH) }()
	r := remover{counts: &Counts{}, uid: alice}
	err := asAlice(func() error { return r.empty(newWatch(), fd) })
	left, _ := os.ReadDir(dir)
	if err != nil || r.n != 1 || r.list[0].Path != dir+"/m" || len(left) != 1 {
		t.Errorf("%v, %+v; %v is left, want the mount alone", err, r.lefts, left)
	}
}

// TestOwner: what is not the owner's to remove stays.
func TestOwner(t *testing.T) {
	dir, fd := tree(t, 1)
	must(t, os.Mkdir(dir+"/roots", 0o755), os.WriteFile(dir+"/roots/f", nil, 0o600), os.WriteFile(dir+"/r", nil, 0o600),
		os.Mkdir(dir+"/closed", 0o700), os.WriteFile(dir+"/closed/f", nil, 0o600), os.Chown(dir+"/closed", alice, alice), os.Chmod(dir+"/closed", 0))
	r := remover{counts: &Counts{}, uid: alice}
	err := asAlice(func() error { return r.empty(newWatch(), fd) })
	left, _ := filepath.Glob(dir + "/*/*")
	if err != nil || fmt.Sprint(r.list) != fmt.Sprintf("[{%s/roots/f belongs to uid 0}]", dir) || fmt.Sprint(left) != "["+dir+"/roots/f]" {
		t.Errorf("%v, told of %v; left is %v", err, r.list, left)
	}
}

// TestNames: what is a name that tmpshell gives.
func TestNames(t *testing.T) {
	for name, want := range map[string]string{
		"1000": "1000 true", "0": "0 true", "01": "1 false", "+1": "1 false", "-1": "0 false", "4294967295": "0 false", "": "0 false", "1x": "0 false",
	} {
		if uid, ok := parseUID(name); fmt.Sprint(ok) != strings.Fields(want)[1] {
			t.Errorf("parseUID(%q) = %d, %v", name, uid, ok)
		}
	}
	for name, want := range map[string]bool{
		".private-1000": true, ".private-1000.3": true, ".private-1000.00ff00ff00ff": true, ".private-1000.": false, ".private-1000.x": false,
		".private-": false, ".private": false, "x.private-1000": false, ".private-1000-1": false, ".private-01": false,
	} {
		if uid, ok := parseFallback(name); ok != want || ok && uid != 1000 {
			t.Errorf("parseFallback(%q) = %d, %v; want %v", name, uid, ok, want)
		}
	}
	for name, want := range map[string]string{
		"1000.removed-0123456789ab": "1000", ".removed-0123456789ab": "", "1000.removed-0123456789a": "", "1000.removed-0123456789aX": "", "1000": "",
	} {
		if was, ok := movedAway(name); ok != (want != "") || ok && was != want {
			t.Errorf("movedAway(%q) = %q, %v", name, was, ok)
		}
	}
}

// TestStatus: whose a process is.
func TestStatus(t *testing.T) {
	const text = "Name:\ta\\nUid: 5\nState:\t%s\nThreads:\t%s\nUid:\t1\t2\t3\t4\n"
	for state, want := range map[string]bool{"S (sleeping) 1": false, "Z (zombie) 1": true, "Z (zombie) 2": false, "X (dead) 1": true} {
		s, threads := state[:len(state)-2], state[len(state)-1:]
		ids, dead, ok := parseStatus(fmt.Appendf(nil, text, s, threads))
		if ids != [4]uint32{1, 2, 3, 4} || dead != want || !ok {
			t.Errorf("%s: %v, dead %v, %v", state, ids, dead, ok)
		}
	}
	for _, wrong := range []string{"", "Uid:\t1\t2\t3\n", "Uid:\t1\t2\t3\tx\n", "Uid:\t1\t2\t3\t4294967295\n"} {
		if _, _, ok := parseStatus([]byte(wrong)); ok {
			t.Errorf("%q is taken for a process", wrong)
		}
	}
}

// TestMounts: what a line of mountinfo shows.
func TestMounts(t *testing.T) {
	m, ok := parseMount(`36 35 98:0 /a\040b /mnt/x rw,noatime master:1 - ext4 /dev/root rw`)
	if !ok || m.root != (fsPath{"98:0", "/a b"}) || m.point != "/mnt/x" || m.below("/mnt/x/y") != (fsPath{"98:0", "/a b/y"}) || m.below("/mnt/x") != (fsPath{"98:0", "/a b"}) {
		t.Errorf("%+v, %v, %v", m, ok, m.below("/mnt/x/y"))
	}
	root, _ := parseMount(`1 1 98:0 / / rw - ext4 /dev/root rw`)
	if root.below("/tmp/x") != (fsPath{"98:0", "/tmp/x"}) || root.below("/") != (fsPath{"98:0", "/"}) {
		t.Errorf("%v, %v", root.below("/tmp/x"), root.below("/"))
	}
	for _, c := range []struct {
		p, d string
		want bool
	}{{"/a/b", "/a", true}, {"/a", "/a", true}, {"/ab", "/a", false}, {"/a", "/", true}, {"/a", "/a/b", false}} {
		if got := (fsPath{"1:1", c.p}).within(fsPath{"1:1", c.d}); got != c.want {
			t.Errorf("%s within %s: %v", c.p, c.d, got)
		}
	}
	if (fsPath{"1:2", "/a"}).within(fsPath{"1:1", "/a"}) {
		t.Error("in another file system")
	}
}

// TestYoung: one file that was touched lately is enough.
func TestYoung(t *testing.T) {
	dir, fd := tree(t, 40)
	future := time.Now().Add(time.Hour)
	for when, want := range map[time.Time]bool{time.Now().Add(-time.Hour): true, future: false} {
		s := surveyor{cutoff: when.UnixNano()}
		if err := asAlice(func() error { return overTree(newWatch(), fd, &s) }); err != nil || s.Young != want {
			t.Errorf("%v: %+v, %v", when, s, err)
		}
	}
	must(t, os.Chtimes(dir+strings.Repeat("/d", 39)+"/f", future.Add(time.Minute), time.Unix(0, 0)))
	s := surveyor{cutoff: future.UnixNano()}
	if err := asAlice(func() error { return overTree(newWatch(), fd, &s) }); err != nil || !s.Young {
		t.Errorf("a file that is read is not seen: %+v, %v", s, err)
	}
}

// TestPatience: the time that one tree may take is that of all passes together.
func TestPatience(t *testing.T) {
	_, fd := tree(t, 3000)
	late := newWatch()
	late.until = clock()
	r := remover{counts: &Counts{}, uid: alice}
	if err := asAlice(func() error { return r.empty(late, fd) }); err != errSlow {
		t.Errorf("when the time is over: %v; want %v", err, errSlow)
	}
}

// counter is told of names, and does nothing.
type counter struct{ files int }

func (c *counter) file(*frame, *entry) bool               { c.files++; return true }
func (c *counter) directory(*frame, *entry) step          { return descend }
func (c *counter) opened(*frame, *unix.Statx_t) step      { return descend }
func (c *counter) failed(*frame, *entry, unix.Errno) bool { return false }
func (c *counter) tooDeep(*frame, *entry)                 {}
func (c *counter) left(*frame, *entry)                    {}
func (c *counter) unread(*frame, unix.Errno)              {}

// TestNamesAreNotAllocated: a million files are no work for the collector, nor is a walk
// after another.
func TestNamesAreNotAllocated(t *testing.T) {
	const files = 2000
	dir := t.TempDir()
	for i := range files {
		must(t, os.WriteFile(filepath.Join(dir, fmt.Sprint(i)), nil, 0o600))
	}
	fd, err := unix.Open(dir, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	must(t, err)
	defer unix.Close(fd)
	c := &counter{}
	if got := testing.AllocsPerRun(10, func() { must(t, overTree(newWatch(), fd, c)) }); got > 50 {
		t.Errorf("a walk over %d files allocates %.0f times", files, got)
	}
	if c.files != 11*files { // one more to warm up
		t.Errorf("%d files were seen in 11 walks; want %d", c.files, 11*files)
	}
}
