package sys

import (
	"errors"
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

// What is not one name inside the directory is refused before any system call.
func TestOneName(t *testing.T) {
	dir := t.TempDir()
	fd, err := unix.Open(dir, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	calls := map[string]func(dir int, name string) error{
		"OpenAt":      func(d int, n string) error { _, err := OpenAt(d, n, unix.O_RDONLY); return err },
		"MkdirAt":     func(d int, n string) error { return MkdirAt(d, n, 0o700) },
		"RmdirAt":     RmdirAt,
		"StatAt":      func(d int, n string) error { _, err := StatAt(d, n); return err },
		"RenameAt":    func(d int, n string) error { return RenameAt(d, n, "x", 0) },
		"RenameAt to": func(d int, n string) error { return RenameAt(d, "x", n, 0) },
	}
	for call, f := range calls {
		for _, name := range []string{"", ".", "..", "/", "a/b", "/tmp", "../x", "a/"} {
			if err := f(fd, name); !errors.Is(err, unix.EINVAL) {
				t.Errorf("%s(%q) = %v; want %v", call, name, err, unix.EINVAL)
			}
		}
		for _, bad := range []int{-1, unix.AT_FDCWD} {
			if err := f(bad, "x"); !errors.Is(err, unix.EBADF) {
				t.Errorf("%s in directory %d = %v; want %v", call, bad, err, unix.EBADF)
			}
		}
	}
}

// Nothing is followed, nothing blocks, and no descriptor outlives an exec.
func TestOpenAt(t *testing.T) {
	dir := t.TempDir()
	if err := unix.Mkfifo(dir+"/fifo", 0o600); err != nil {
		t.Fatal(err)
	}
	for name, target := range map[string]string{"link": "/", "dangling": "none"} {
		if err := os.Symlink(target, dir+"/"+name); err != nil {
			t.Fatal(err)
		}
	}
	d, err := unix.Open(dir, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(d)
	fd, err := OpenAt(d, "fifo", unix.O_RDONLY)
	if err != nil {
		t.Fatalf("OpenAt of a FIFO = %v; want no error", err)
	}
	defer Close(fd)
	if flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err != nil || flags&unix.FD_CLOEXEC == 0 {
		t.Errorf("OpenAt: descriptor flags %#x, %v; want FD_CLOEXEC", flags, err)
	}
	for _, name := range []string{"link", "dangling"} {
		if fd, err := OpenAt(d, name, unix.O_RDONLY); !errors.Is(err, unix.ELOOP) {
			Close(fd)
			t.Errorf("OpenAt(%s) = %v; want %v", name, err, unix.ELOOP)
		}
	}
}

func TestLinks(t *testing.T) {
	dir := t.TempDir()
	d, err := unix.Open(dir, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(d)
	if err := SymlinkAt("/to/nowhere", d, "link"); err != nil {
		t.Fatal(err)
	}
	if to, err := ReadlinkAt(d, "link"); to != "/to/nowhere" || err != nil {
		t.Errorf("ReadlinkAt = %q, %v; want /to/nowhere", to, err)
	}
	for _, bad := range []string{"none", "..", "a/b", ""} {
		if to, err := ReadlinkAt(d, bad); err == nil {
			t.Errorf("ReadlinkAt(%q) = %q; want an error", bad, to)
		}
		if err := UnlinkAt(d, bad); err == nil {
			t.Errorf("UnlinkAt(%q) succeeded", bad)
		}
	}
	if names, err := SomeNames(dir); len(names) != 1 || names[0] != "link" || err != nil {
		t.Errorf("SomeNames = %q, %v; want link", names, err)
	}
	if err := UnlinkAt(d, "link"); err != nil {
		t.Error(err)
	}
	if names, err := SomeNames(dir); len(names) != 0 || err != nil {
		t.Errorf("SomeNames = %q, %v; want none", names, err)
	}
}

// Both ways to look at a file say the same.
func TestStatFallback(t *testing.T) {
	defer func(old bool) { HasStatx = old }(HasStatx)
	dir := t.TempDir()
	if err := os.Symlink("/", dir+"/link"); err != nil {
		t.Fatal(err)
	}
	d, err := unix.Open(dir, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(d)
	for what, f := range map[string]func() (Stat, error){
		"Fstat":    func() (Stat, error) { return Fstat(d) },
		"StatAt":   func() (Stat, error) { return StatAt(d, "link") },
		"StatPath": func() (Stat, error) { return StatPath(dir + "/link") },
		"none":     func() (Stat, error) { return StatAt(d, "none") },
	} {
		HasStatx = true
		a, aErr := f()
		HasStatx = false
		b, bErr := f()
		a.MountRoot = false // statx alone tells
		if a != b || (aErr == nil) != (bErr == nil) || errors.Is(aErr, unix.ENOENT) != errors.Is(bErr, unix.ENOENT) {
			t.Errorf("%s: %+v, %v with statx; %+v, %v without", what, a, aErr, b, bErr)
		}
	}
}
