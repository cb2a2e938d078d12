package dirs

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"tmpshell/internal/caps"
	"tmpshell/internal/testas"
)

// squattedBy makes bob's base.
func squattedBy(t *testing.T, dir string) {
	t.Helper()
	must(t, os.Mkdir(dir+"/.private", 0o711))
	must(t, os.Chown(dir+"/.private", bob, bob))
}

// watchRenames returns Make, and what its renames do.
func watchRenames(t *testing.T) (func() error, *testas.Faults) {
	t.Helper()
	runtime.LockOSThread()
	f := testas.NewFaults(t, nil, unix.SYS_RENAMEAT2)
	m := Maker{UID: alice, Notice: func(text string) { t.Log("notice:", text) }}
	return func() error { return makeIt(m) }, f
}

// A file system without the exchange, or a kernel: the squat is moved aside all
// the same. EPERM is an append-only base of another helper's; the next look
// shows it.
func TestReplaceWithoutExchange(t *testing.T) {
	errnos := map[string]syscall.Errno{"EINVAL": unix.EINVAL, "ENOSYS": unix.ENOSYS, "EPERM": unix.EPERM}
	if inside := testas.Inside(); inside != "" {
		run, f := watchRenames(t)
		f.Fail(0, errnos[inside])
		if err := run(); err != nil {
			t.Error(err)
		}
		return
	}
	for name := range errnos {
		dir := shared(t)
		squattedBy(t, dir)
		out := testas.Run(t, testas.User{UID: alice, Caps: caps.Helper}, name, dir)
		wantDir(t, dir+"/.private", 0, 0, 0o711)
		wantDir(t, dir+"/.private/61001", alice, alice, 0o700)
		aside, _ := filepath.Glob(dir + "/.private.squatted-*")
		if len(aside) != 1 || strings.Count(out, "notice: ") != 1 {
			t.Fatalf("%s: moved aside: %q\n%s", name, aside, out)
		}
		wantDir(t, aside[0], bob, bob, 0o711)
	}
}

// A squat that cannot be moved at all is an error that names it, and no base is
// said to be there.
func TestReplaceImpossible(t *testing.T) {
	if testas.Inside() != "" {
		run, f := watchRenames(t)
		for _, errno := range []syscall.Errno{unix.EPERM, unix.EBUSY} {
			f.FailFrom(0, errno)
			err := run()
			if path, _ := UnsafePath(err); path != testas.Dir()+"/.private" && !errors.Is(err, unix.EBUSY) {
				t.Errorf("Make, %v: %v", errno, err)
			}
			f.FailFrom(0, errno)
			m := Maker{}
			err = caps.Quietly(func() error { return m.MakeBase(Private(testas.Dir())) })
			if path, _ := UnsafePath(err); path != testas.Dir()+"/.private" && !errors.Is(err, unix.EBUSY) {
				t.Errorf("MakeBase, %v: %v", errno, err)
			}
		}
		return
	}
	dir := shared(t)
	squattedBy(t, dir)
	testas.Run(t, testas.User{UID: alice, Caps: caps.Helper}, "impossible", dir)
	wantDir(t, dir+"/.private", bob, bob, 0o711)
	if left, _ := filepath.Glob(dir + "/.private.squatted-*"); len(left) > 0 {
		t.Errorf("%v is left", left)
	}
}

// Another helper replaces the squat between the look at it and the exchange:
// its base, with a directory in use, is put back.
func TestReplaceRaced(t *testing.T) {
	if testas.Inside() != "" {
		dir := testas.Dir()
		run, f := watchRenames(t)
		f.Before(0, anotherHelper(t, dir))
		if err := run(); err != nil {
			t.Error(err)
		}
		return
	}
	raced(t)
}

// The same before the look: what is root's and a directory is not touched.
func TestReplaceLate(t *testing.T) {
	if testas.Inside() != "" {
		dir := testas.Dir()
		runtime.LockOSThread()
		byName := func(_ int, args [6]uint64) bool { return args[2]&unix.AT_EMPTY_PATH != 0 }
		f := testas.NewFaults(t, byName, unix.SYS_STATX)
		f.Before(0, anotherHelper(t, dir))
		if err := makeIt(Maker{UID: alice, Notice: func(text string) { t.Error("notice:", text) }}); err != nil {
			t.Error(err)
		}
		return
	}
	raced(t)
}

// The base is replaced when the user's directory is about to be made in it.
func TestMakeInReplacedBase(t *testing.T) {
	if testas.Inside() != "" {
		dir := testas.Dir()
		runtime.LockOSThread()
		f := testas.NewFaults(t, nil, unix.SYS_MKDIRAT)
		f.Before(0, anotherHelper(t, dir))
		m := Maker{UID: alice}
		if err := caps.Quietly(func() error { return m.Make(Spec{Parent: dir, Base: ".private", Mode: 0o711}) }); err != nil {
			t.Error(err)
		}
		return
	}
	raced(t)
}

// anotherHelper puts its base in the place of what is there.
func anotherHelper(t *testing.T, dir string) func() {
	t.Helper()
	return func() {
		if err := errors.Join(os.Rename(dir+"/.private", dir+"/squat"), os.Rename(dir+"/other", dir+"/.private")); err != nil {
			t.Error(err)
		}
	}
}

// raced has a base of bob's, and one that another helper puts in its place.
func raced(t *testing.T) {
	t.Helper()
	const chown, fowner caps.Set = 1 << unix.CAP_CHOWN, 1 << unix.CAP_FOWNER
	dir := shared(t)
	squattedBy(t, dir)
	if t.Name() == "TestMakeInReplacedBase" {
		must(t, os.Chown(dir+"/.private", 0, 0))
	}
	must(t, os.Mkdir(dir+"/other", 0o711))
	must(t, os.Mkdir(dir+"/other/61002", 0o700))
	must(t, os.Chown(dir+"/other/61002", bob, bob))
	out := testas.Run(t, testas.User{UID: alice, Caps: caps.Helper | chown | fowner}, "raced", dir)
	wantDir(t, dir+"/.private", 0, 0, 0o711)
	wantDir(t, dir+"/.private/61001", alice, alice, 0o700)
	wantDir(t, dir+"/.private/61002", bob, bob, 0o700)
	if left, _ := filepath.Glob(dir + "/.private.squatted-*"); len(left) > 0 || strings.Contains(out, "notice: ") {
		t.Errorf("%v is left\n%s", left, out)
	}
}

// What is root's, but no directory, is replaced as anybody's.
func TestMakeRootsObject(t *testing.T) {
	if testas.Inside() != "" {
		insideMake(t)
		return
	}
	for name, squat := range map[string]func(p string) error{
		"file": func(p string) error { return os.WriteFile(p, nil, 0o644) },
		"link": func(p string) error { return os.Symlink("/etc", p) },
		"fifo": func(p string) error { return unix.Mkfifo(p, 0o644) },
	} {
		dir := shared(t)
		must(t, squat(dir+"/.private"))
		makeAs(t, alice, dir)
		wantDir(t, dir+"/.private", 0, 0, 0o711)
		if aside, _ := filepath.Glob(dir + "/.private.squatted-*"); len(aside) != 1 {
			t.Errorf("%s: moved aside: %q", name, aside)
		}
	}
}

// A base that is another program's is neither mended nor replaced.
func TestMakeInUnsafeOthersBase(t *testing.T) {
	spec := Spec{Parent: testas.Dir(), Base: "user", Mode: 0o755}
	if testas.Inside() != "" {
		runtime.LockOSThread()
		m := Maker{UID: alice}
		err := caps.Quietly(func() error { return m.Make(spec) })
		if path, ok := UnsafePath(err); !ok || path != spec.BasePath() {
			t.Errorf("Make: %v", err)
		}
		return
	}
	for _, c := range []struct {
		uid, gid int
		mode     os.FileMode
	}{{bob, bob, 0o755}, {0, 0, 0o777}, {0, 0, 0o775}} {
		dir := shared(t)
		must(t, os.Mkdir(dir+"/user", 0o700))
		must(t, os.Chown(dir+"/user", c.uid, c.gid))
		must(t, os.Chmod(dir+"/user", c.mode))
		testas.Run(t, testas.User{UID: alice, Caps: caps.Helper}, "refused", dir)
		wantDir(t, dir+"/user", uint32(c.uid), uint32(c.gid), uint32(c.mode))
		if left, _ := os.ReadDir(dir); len(left) != 1 {
			t.Errorf("%v is there", left)
		}
	}
}
