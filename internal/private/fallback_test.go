package private

import (
	"os"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"tmpshell/internal/bare"
	"tmpshell/internal/testas"
)

// insideFallback prints the path that Fallback returns.
func insideFallback(t *testing.T) {
	t.Helper()
	unix.Umask(0o777)
	path, trouble := fallback(testas.Dir())
	if mask := unix.Umask(0); mask != 0o777 {
		t.Errorf("the umask is %o after Fallback; want 0777", mask)
	}
	if !trouble.OK() {
		t.Fatal(trouble.Err())
	}
	t.Log("path=" + path + "=")
}

func fallbackAs(t *testing.T, dir string) string {
	t.Helper()
	out := testas.Run(t, user(alice, 0), "fallback", dir)
	_, path, _ := strings.Cut(out, "path=")
	path, _, _ = strings.Cut(path, "=")
	return path
}

func TestFallback(t *testing.T) {
	if testas.Inside() != "" {
		insideFallback(t)
		return
	}
	dir := shared(t)
	first := dir + "/.private-61001"
	for range 2 { // made, then found again
		if got := fallbackAs(t, dir); got != first {
			t.Fatalf("Fallback() = %s; want %s", got, first)
		}
	}
	wantDir(t, first, alice, alice, 0o700)
}

// In a set-group-ID directory, such as a volume of Kubernetes with fsGroup, it has that
// bit and the group, and is one.
func TestFallbackSetGroupID(t *testing.T) {
	if testas.Inside() != "" {
		insideFallback(t)
		return
	}
	dir := shared(t)
	must(t, os.Chown(dir, 0, bob))
	must(t, unix.Chmod(dir, 0o3777))
	first := dir + "/.private-61001"
	for range 2 {
		if got := fallbackAs(t, dir); got != first {
			t.Fatalf("Fallback() = %q; want %s", got, first)
		}
	}
	wantDir(t, first, alice, bob, 0o2700)
}

func TestFallbackSquatted(t *testing.T) {
	if testas.Inside() != "" {
		insideFallback(t)
		return
	}
	dir := shared(t)
	first := dir + "/.private-61001"
	must(t, os.Mkdir(first, 0o777))
	must(t, os.Chown(first, bob, bob))
	must(t, os.Symlink("/", first+".1"))
	for range 2 {
		if got, want := fallbackAs(t, dir), first+".2"; got != want {
			t.Fatalf("Fallback() = %s; want %s", got, want)
		}
	}
	for _, n := range []string{".2", ".3", ".4", ".5", ".6", ".7", ".8", ".9"} {
		must(t, os.RemoveAll(first+n))
		must(t, os.WriteFile(first+n, nil, 0o666))
		must(t, os.Chown(first+n, bob, bob))
	}
	got := fallbackAs(t, dir)
	if !strings.HasPrefix(got, first+".") || len(got) != len(first)+13 {
		t.Errorf("Fallback() = %s; want %s.RANDOM", got, first)
	}
	wantDir(t, got, alice, alice, 0o700)
}

// Rule (b): without it a fallback directory could be moved away.
func TestFallbackUnsafeParent(t *testing.T) {
	if testas.Inside() != "" {
		if path, trouble := fallback(testas.Dir()); trouble.OK() {
			t.Errorf("Fallback() = %s; want an error", path)
		}
		return
	}
	dir := shared(t)
	must(t, os.Chmod(dir, 0o777))
	testas.Run(t, user(alice, 0), "unsafe", dir)
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("%v was made", left)
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
	dir := testas.Dir()
	mount(t, "", "/", "", unix.MS_REC|unix.MS_PRIVATE, "")
	mount(t, "x", dir+"/.private-61001", "tmpfs", 0, "mode=700,uid=61001,gid=61001")
	if path, trouble := fallback(dir); !trouble.OK() || path != dir+"/.private-61001.1" {
		t.Errorf("Fallback() = %s, %v", path, trouble.Err())
	}
}

// Where nothing can be made, an older directory serves, if it is the user's.
func TestFallbackReadOnly(t *testing.T) {
	if testas.Inside() != "" {
		locked(t, func() { insideReadOnly(t, testas.Dir()) })
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
	testas.Run(t, user(alice, 0), "read-only", dir)
}

func insideReadOnly(t *testing.T, dir string) {
	f := testas.NewFaults(t, nil, unix.SYS_MKDIRAT)
	// Nobody can make every name beforehand, but who can is told.
	f.FailFrom(0, unix.EEXIST)
	if path, trouble := fallback(dir + "/none"); path != "" || !trouble.Missing() {
		t.Errorf("Fallback() = %q, %v", path, trouble.Err())
	}
	for _, c := range []struct{ dir, want string }{{dir + "/hers", dir + "/hers/.private-61001"}, {dir + "/bobs", ""}, {dir + "/none", ""}} {
		f.FailFrom(0, unix.EROFS)
		path, trouble := fallback(c.dir)
		if path != c.want || trouble.OK() != (c.want != "") || !trouble.OK() && trouble.Errno != bare.Errno(unix.EROFS) {
			t.Errorf("Fallback(%s) = %q, %v", c.dir, path, trouble.Err())
		}
	}
}

// locked runs a test body on a thread that is thrown away after it.
func locked(t *testing.T, body func()) {
	t.Helper()
	done := make(chan bool)
	go func() {
		runtime.LockOSThread()
		defer close(done)
		body()
	}()
	<-done
}

// A directory of the user's that others could write to may be full of their
// links. It is never used, nor is its mode changed.
func TestFallbackMoved(t *testing.T) {
	if testas.Inside() != "" {
		insideFallback(t)
		return
	}
	dir := shared(t)
	for name, mode := range map[string]os.FileMode{"": 0o770, ".1": 0o755, ".2": 0o750 | os.ModeSetgid} {
		path := dir + "/.private-61001" + name
		must(t, os.Mkdir(path, 0o700))
		must(t, os.Chown(path, alice, bob))
		must(t, os.Chmod(path, mode))
	}
	if got, want := fallbackAs(t, dir), dir+"/.private-61001.3"; got != want {
		t.Errorf("Fallback() = %s; want %s", got, want)
	}
	wantDir(t, dir+"/.private-61001", alice, bob, 0o770)
}
