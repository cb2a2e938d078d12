package dirs

import (
	"errors"
	"io/fs"
	"os"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"

	"tmpshell/internal/sys"
	"tmpshell/internal/testas"
)

// good makes everything as it must be for alice.
func good(t *testing.T, dir string) {
	t.Helper()
	must(t, os.Mkdir(dir+"/.private", 0o711))
	must(t, os.Mkdir(dir+"/.private/61001", 0o700))
	must(t, os.Chown(dir+"/.private/61001", alice, alice))
}

// Rules (a) to (d), each broken alone, with statx(2) and without.
func TestVerify(t *testing.T) {
	if inside := testas.Inside(); inside != "" {
		sys.HasStatx = os.Getenv("NO_STATX") == ""
		err := Verify(Private(testas.Dir()), alice)
		if good := inside == "good"; good != (err == nil) {
			t.Errorf("Verify() = %v; want good: %v", err, good)
		}
		if inside == "unsafe" && !errors.Is(err, ErrUnsafe) {
			t.Errorf("Verify() = %v; want ErrUnsafe", err)
		}
		return
	}
	for _, c := range []struct {
		name, want string
		spoil      func(t *testing.T, dir string)
	}{
		{"nothing", "good", func(*testing.T, string) {}},
		{"own mode 0755", "good", func(t *testing.T, d string) { must(t, os.Chmod(d+"/.private/61001", 0o755)) }},
		{"own mode 0", "good", func(t *testing.T, d string) { must(t, os.Chmod(d+"/.private/61001", 0)) }},
		{"own setgid", "good", func(t *testing.T, d string) { must(t, unix.Chmod(d+"/.private/61001", 0o2770)) }},
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
		for _, statx := range []string{"", "1"} {
			t.Run(c.name+statx, func(t *testing.T) {
				dir := shared(t)
				good(t, dir)
				c.spoil(t, dir)
				t.Setenv("NO_STATX", statx)
				testas.Run(t, testas.User{UID: alice}, c.want, dir)
				if c.want == "good" {
					wantDir(t, dir+"/.private/61001", alice, alice, 0o700)
				}
			})
		}
	}
}

// Rule (a) on the way to the parent.
func TestVerifyPath(t *testing.T) {
	if testas.Inside() != "" {
		if err := Verify(Private(testas.Dir()), alice); !errors.Is(err, ErrUnsafe) {
			t.Errorf("Verify() = %v; want ErrUnsafe", err)
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
		testas.Run(t, testas.User{UID: alice}, "unsafe", dir+path)
	}
}

// The way there may be one that can only be searched; an error names the whole
// path.
func TestVerifySearched(t *testing.T) {
	if testas.Inside() != "" {
		dir := testas.Dir()
		if err := Verify(Private(dir), alice); err != nil {
			t.Error(err)
		}
		err := Verify(Private(dir), bob)
		if pe, ok := err.(*fs.PathError); !ok || pe.Path != dir+"/.private/61002" {
			t.Errorf("the error is %v", err)
		}
		fd, err := OpenParent("/")
		if err != nil {
			t.Errorf("the root directory: %v", err)
		}
		sys.Close(fd)
		return
	}
	dir := shared(t)
	must(t, os.Mkdir(dir+"/searched", 0o711))
	must(t, os.Mkdir(dir+"/searched/tmp", 0o711))
	good(t, dir+"/searched/tmp")
	testas.Run(t, testas.User{UID: alice}, "searched", dir+"/searched/tmp")
}

// A file system that says that it has set a mode, and has not (vfat).
func TestVerifyModeNotSet(t *testing.T) {
	if testas.Inside() != "" {
		runtime.LockOSThread()
		f := testas.NewFaults(t, nil, unix.SYS_FCHMOD, unix.SYS_FCHMODAT)
		f.FailFrom(0, 0)
		if err := Verify(Private(testas.Dir()), alice); !errors.Is(err, ErrUnsafe) {
			t.Errorf("Verify() = %v; want ErrUnsafe", err)
		}
		return
	}
	for _, mode := range []os.FileMode{0o755, 0} {
		dir := shared(t)
		good(t, dir)
		must(t, os.Chmod(dir+"/.private/61001", mode))
		testas.Run(t, testas.User{UID: alice}, "mode", dir)
	}
}

// VerifyBase goes by the rules (b) and (c) alone, and UnsafePath says which
// directory breaks them.
func TestVerifyBase(t *testing.T) {
	for _, c := range []struct {
		name, unsafe string // below the directory; "-" for none
		spoil        func(t *testing.T, dir string)
	}{
		{"nothing", "-", func(*testing.T, string) {}},
		{"no user", "-", func(t *testing.T, d string) { must(t, os.Remove(d+"/.private/61001")) }},
		{"base 0755", "/.private", func(t *testing.T, d string) { must(t, os.Chmod(d+"/.private", 0o755)) }},
		{"parent not sticky", "", func(t *testing.T, d string) { must(t, os.Chmod(d, 0o777)) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := shared(t)
			good(t, dir)
			c.spoil(t, dir)
			err := VerifyBase(Private(dir))
			path, ok := UnsafePath(err)
			if c.unsafe == "-" {
				if err != nil || ok {
					t.Errorf("VerifyBase() = %v; want no error", err)
				}
			} else if !ok || path != dir+c.unsafe {
				t.Errorf("VerifyBase() = %v about %q; want %q", err, path, dir+c.unsafe)
			}
		})
	}
}

func TestIsMovedAside(t *testing.T) {
	tail, err := random()
	must(t, err)
	for name, want := range map[string]string{
		".private" + squatted + tail:     ".private",
		"1000" + squatted + tail:         "1000",
		squatted + tail:                  "",
		".private" + squatted:            "",
		".private" + squatted + tail[1:]: "",
		".private.squatted-0123456789aX": "",
		".private":                       "",
	} {
		if was, ok := IsMovedAside(name); ok != (want != "") || ok && was != want {
			t.Errorf("IsMovedAside(%q) = %q, %v; want %q", name, was, ok, want)
		}
	}
}
