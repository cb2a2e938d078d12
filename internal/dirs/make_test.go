package dirs

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"tmpshell/internal/caps"
	"tmpshell/internal/sys"
	"tmpshell/internal/testas"
)

// Rules (c) and (d): a first login finds nothing, and makes all.
func TestMakeFirst(t *testing.T) {
	if testas.Inside() != "" {
		insideMake(t)
		return
	}
	dir := shared(t)
	makeAs(t, alice, dir)
	makeAs(t, bob, dir)
	makeAs(t, alice, dir) // again: nothing to do
	wantDir(t, dir+"/.private", 0, 0, 0o711)
	wantDir(t, dir+"/.private/61001", alice, alice, 0o700)
	wantDir(t, dir+"/.private/61002", bob, bob, 0o700)
	f, err := os.Open(dir + "/.private")
	must(t, err)
	defer f.Close()
	flags, err := sys.Flags(int(f.Fd()))
	if err != nil {
		t.Logf("%s: no inode flags on this file system: %v", dir, err)
	} else if flags&appendOnly == 0 {
		t.Errorf("flags of the base are %#x; want append-only", flags)
	}
}

// Rule (e): whatever somebody else has put there is moved aside, not used, not
// removed, and reported.
func TestMakeSquattedBase(t *testing.T) {
	if testas.Inside() != "" {
		insideMake(t)
		return
	}
	squats := map[string]func(t *testing.T, path string){
		"directory": func(t *testing.T, p string) { must(t, os.Mkdir(p, 0o711)) },
		"with our directory in it": func(t *testing.T, p string) {
			must(t, os.Mkdir(p, 0o711))
			must(t, os.Mkdir(p+"/61001", 0o700))
			must(t, os.Chown(p+"/61001", alice, alice))
		},
		"symbolic link": func(t *testing.T, p string) { must(t, os.Symlink("/etc", p)) },
		"file":          func(t *testing.T, p string) { must(t, os.WriteFile(p, []byte("x"), 0o644)) },
		"fifo":          func(t *testing.T, p string) { must(t, unix.Mkfifo(p, 0o666)) },
		"device":        func(t *testing.T, p string) { must(t, unix.Mknod(p, unix.S_IFCHR|0o666, 0)) },
		"socket": func(t *testing.T, p string) {
			l, err := net.ListenUnix("unix", &net.UnixAddr{Name: p})
			must(t, err)
			l.SetUnlinkOnClose(false)
			l.Close()
		},
	}
	for name, squat := range squats {
		t.Run(name, func(t *testing.T) {
			dir := shared(t)
			squat(t, dir+"/.private")
			must(t, os.Lchown(dir+"/.private", bob, bob))
			var before unix.Stat_t
			must(t, unix.Lstat(dir+"/.private", &before))
			out := makeAs(t, alice, dir)
			wantDir(t, dir+"/.private", 0, 0, 0o711)
			wantDir(t, dir+"/.private/61001", alice, alice, 0o700)
			aside, _ := filepath.Glob(dir + "/.private.squatted-*")
			if len(aside) != 1 {
				t.Fatalf("moved aside: %q; want one", aside)
			}
			var after unix.Stat_t
			must(t, unix.Lstat(aside[0], &after))
			if after.Ino != before.Ino || after.Uid != bob || after.Mode != before.Mode {
				t.Errorf("%s is not the squatter's object as it was", aside[0])
			}
			if !strings.Contains(out, "notice: ") || !strings.Contains(out, aside[0]) {
				t.Errorf("no notice names %s:\n%s", aside[0], out)
			}
		})
	}
}

// A base that is root's but not as it must be is put right, with what is in it.
func TestMakeRepairsBase(t *testing.T) {
	if testas.Inside() != "" {
		insideMake(t)
		return
	}
	for _, mode := range []uint32{0o700, 0o755, 0o777, 0o1777, 0o2711} {
		dir := shared(t)
		must(t, os.Mkdir(dir+"/.private", 0o711))
		must(t, os.Mkdir(dir+"/.private/61002", 0o700))
		must(t, os.Chown(dir+"/.private/61002", bob, bob))
		must(t, os.Chown(dir+"/.private", 0, bob))
		must(t, unix.Chmod(dir+"/.private", mode))
		if mode == 0o755 {
			setFlag(t, dir+"/.private")
		}
		makeAs(t, alice, dir)
		wantDir(t, dir+"/.private", 0, 0, 0o711)
		wantDir(t, dir+"/.private/61001", alice, alice, 0o700)
		wantDir(t, dir+"/.private/61002", bob, bob, 0o700)
	}
}

// Rule (f): what lies under the user's name from before is not made his.
func TestMakeSquattedUser(t *testing.T) {
	if testas.Inside() != "" {
		insideMake(t)
		return
	}
	for name, squat := range map[string]func(t *testing.T, p string){
		"directory": func(t *testing.T, p string) { must(t, os.Mkdir(p, 0o700)); must(t, os.Chown(p, bob, bob)) },
		"of root":   func(t *testing.T, p string) { must(t, os.Mkdir(p, 0o777)) },
		"symlink":   func(t *testing.T, p string) { must(t, os.Symlink("/", p)) },
		"own link":  func(t *testing.T, p string) { must(t, os.Symlink("/", p)); must(t, os.Lchown(p, alice, alice)) },
		"fifo":      func(t *testing.T, p string) { must(t, unix.Mkfifo(p, 0o666)) },
	} {
		t.Run(name, func(t *testing.T) {
			dir := shared(t)
			must(t, os.Mkdir(dir+"/.private", 0o711))
			squat(t, dir+"/.private/61001")
			makeAs(t, alice, dir)
			wantDir(t, dir+"/.private/61001", alice, alice, 0o700)
			if aside, _ := filepath.Glob(dir + "/.private/61001.squatted-*"); len(aside) != 1 {
				t.Errorf("moved aside: %q; want one", aside)
			}
			if is, err := AppendOnly(Private(dir)); err == nil && !is {
				t.Error("the append-only flag is gone")
			}
		})
	}
}

// A base that is another program's gets no append-only flag, whatever has to be
// moved aside in it: systemd-logind could not remove the directories in /run/user
// any more.
func TestMakeInOthersBase(t *testing.T) {
	if testas.Inside() != "" {
		runtime.LockOSThread()
		m := Maker{UID: alice}
		must(t, caps.Quietly(func() error {
			return m.Make(Spec{Parent: testas.Dir(), Base: "user", Mode: 0o755})
		}))
		return
	}
	dir := shared(t)
	must(t, os.MkdirAll(dir+"/user/61001", 0o755))
	testas.Run(t, testas.User{UID: alice, Caps: caps.Helper}, "make", dir)
	wantDir(t, dir+"/user/61001", alice, alice, 0o700)
	f, err := os.Open(dir + "/user")
	must(t, err)
	defer f.Close()
	if flags, err := sys.Flags(int(f.Fd())); err != nil || flags&appendOnly != 0 {
		t.Errorf("flags of the base are %#x, %v", flags, err)
	}
	if aside, _ := filepath.Glob(dir + "/user/61001.squatted-*"); len(aside) != 1 {
		t.Errorf("moved aside: %q; want one", aside)
	}
}

// What is made is the effective user's; for another it is not made at all.
func TestMakeForAnother(t *testing.T) {
	if testas.Inside() != "" {
		runtime.LockOSThread()
		dir := testas.Dir()
		m := Maker{UID: bob}
		if err := caps.Quietly(func() error { return m.Make(Private(dir)) }); err != errIdentity {
			t.Errorf("Make: %v", err)
		}
		if err := caps.Quietly(func() error { return m.MakeInstance(instance(dir, "public", "")) }); err != errIdentity {
			t.Errorf("MakeInstance: %v", err)
		}
		return
	}
	dir := furnish(t)
	testas.Run(t, testas.User{UID: alice, Caps: caps.Helper}, "another", dir)
	for _, path := range []string{dir + "/.private", dir + "/lib/store", dir + "/run/places"} {
		if _, err := os.Lstat(path); err == nil {
			t.Errorf("%s was made", path)
		}
	}
}

// The other flags of a base stay; where they cannot be asked for, none is set.
func TestSetAppendOnly(t *testing.T) {
	if testas.Inside() != "" {
		runtime.LockOSThread()
		base, err := unix.Open(testas.Dir(), unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
		must(t, err)
		f := testas.NewFaults(t, nil, unix.SYS_OPENAT, unix.SYS_IOCTL)
		for n := range 3 {
			f.Fail(n, unix.EIO)
			if err := setAppendOnly(base, true); err != unix.EIO && !errors.Is(err, unix.EIO) {
				t.Errorf("call %d fails: %v", n, err)
			}
			f.Stop()
		}
		must(t, setAppendOnly(base, true))
		return
	}
	dir := shared(t)
	const noDump = 0x40 // FS_NODUMP_FL
	flags := func(set int) int {
		f, err := os.Open(dir)
		must(t, err)
		defer f.Close()
		if set != 0 {
			must(t, sys.SetFlags(int(f.Fd()), set))
		}
		now, err := sys.Flags(int(f.Fd()))
		must(t, err)
		return now
	}
	before := flags(noDump)
	testas.Run(t, testas.User{}, "flags", dir)
	if now := flags(0); now != before|appendOnly {
		t.Errorf("the flags are %#x; want %#x", now, before|appendOnly)
	}
}

// Each capability is needed for what package caps says, and its absence is an
// error and nothing half done.
func TestMakeWithLess(t *testing.T) {
	switch testas.Inside() {
	case "fails":
		m := Maker{UID: alice}
		if err := makeIt(m); err == nil {
			t.Error("Make succeeded; want an error")
		}
		return
	case "make":
		insideMake(t)
		return
	}
	for _, c := range []struct {
		name  string
		caps  caps.Set
		base  bool // there already
		label string
	}{
		{"none", 0, false, "fails"},
		{"none, base", 0, true, "fails"},
		{"no setuid", caps.Helper &^ caps.SetUID, false, "fails"},
		{"no setgid", caps.Helper &^ caps.SetGID, false, "fails"},
		{"no dac_override", caps.Helper &^ caps.DACOverride, true, "fails"},
		{"dac_override alone, base", caps.DACOverride, true, "make"},
		{"no linux_immutable", caps.Helper &^ caps.LinuxImmutable, false, "make"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := shared(t)
			if c.base {
				must(t, os.Mkdir(dir+"/.private", 0o711))
			}
			testas.Run(t, testas.User{UID: alice, Caps: c.caps}, c.label, dir)
			if c.label == "make" {
				wantDir(t, dir+"/.private/61001", alice, alice, 0o700)
			} else if _, err := os.Lstat(dir + "/.private/61001"); err == nil {
				t.Error("a directory was made")
			}
		})
	}
}

// setFlag makes a directory append-only, where its file system can.
func setFlag(t *testing.T, path string) {
	t.Helper()
	f, err := os.Open(path)
	must(t, err)
	defer f.Close()
	if err := sys.SetFlags(int(f.Fd()), appendOnly); err != nil {
		t.Logf("%s: no append-only flag: %v", path, err)
	}
}
