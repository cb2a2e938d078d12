package dirs

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"tmpshell/internal/caps"
	"tmpshell/internal/config"
	"tmpshell/internal/sys"
	"tmpshell/internal/testas"
)

// asHelper runs f with the helper's capabilities and none effective, as alice.
func asHelper(t *testing.T, f func(m Maker) error) error {
	t.Helper()
	runtime.LockOSThread()
	m := Maker{UID: alice, Notice: func(text string) { t.Log("notice:", text) }}
	return caps.Quietly(func() error { return f(m) })
}

// names lists what is in a directory, hidden or not.
func names(t *testing.T, dir string) string {
	t.Helper()
	list, err := os.ReadDir(dir)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	var all []string
	for _, e := range list {
		all = append(all, e.Name())
	}
	return strings.Join(all, " ")
}

// At boot all is made that no user's name is on, and for method tmpfs only what
// it needs.
func TestMakePlaces(t *testing.T) {
	if label := testas.Inside(); label != "" {
		at, kind, _ := strings.Cut(label, ":")
		i := instance(testas.Dir(), at, shares)
		i.Fresh = kind == "fresh"
		makeAll := func(m Maker) error { return m.MakePlaces(i) }
		if kind == "login" {
			i.Fresh = true
			makeAll = func(m Maker) error { return errors.Join(m.MakeInstance(i), i.Verify(alice)) }
		}
		if err := asHelper(t, makeAll); err != nil {
			t.Error(err)
		}
		return
	}
	for label, store := range map[string]bool{"public:kept": true, "new:kept": true, "public:fresh": false, "new:fresh": false, "public:login": false} {
		top := furnish(t)
		at, _, _ := strings.Cut(label, ":")
		testas.Run(t, testas.User{UID: alice, Caps: caps.Helper}, label, top)
		run := top + "/run/places"
		wantDir(t, run, 0, 0, 0o755)
		wantDir(t, run+"/sessions", 0, 0, 0o700)
		wantDir(t, run+"/shared", 0, 0, 0o755)
		wantDir(t, run+"/shared/"+config.InstanceName(top+"/"+at), 0, 0, 0o755)
		if at == "new" {
			wantDir(t, top+"/new", 0, 0, 0o755)
		}
		if list := names(t, run+"/sessions"); list != "" {
			t.Errorf("%s: there are sessions: %s", label, list)
		}
		if store {
			wantDir(t, top+"/lib/store", 0, 0, 0o700)
			wantDir(t, top+"/"+at+"/meet", 0, 0, 0o1777)
		}
		if list := names(t, top+"/lib") + names(t, top+"/"+at); !store && list != "" || names(t, top+"/lib/store") != "" {
			t.Errorf("%s: in the store %s", label, list)
		}
	}
}

// A rendezvous of somebody else's is told, by its path, as something that is not
// shared; it is left as it is, and all else is made.
func TestRendezvousOfAnother(t *testing.T) {
	if testas.Inside() != "" {
		i := instance(testas.Dir(), "public", shares)
		for name, f := range map[string]func(m Maker) error{
			"MakeInstance": func(m Maker) error { return m.MakeInstance(i) },
			"MakePlaces":   func(m Maker) error { return m.MakePlaces(i) },
		} {
			err := asHelper(t, f)
			if path, _ := UnsafePath(err); path != i.At+"/meet" || errors.Is(err, ErrShare) != (name == "MakeInstance") || errors.Is(err, errIdentity) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if err := asHelper(t, func(Maker) error { return i.Verify(alice) }); err != nil {
			t.Errorf("Verify: %v", err)
		}
		return
	}
	top := furnish(t)
	must(t, os.Mkdir(top+"/public/meet", 0o700))
	must(t, os.Chown(top+"/public/meet", bob, bob))
	testas.Run(t, testas.User{UID: alice, Caps: caps.Helper}, "rendezvous", top)
	wantDir(t, top+"/public/meet", bob, bob, 0o700)
}

// What is right is left as it is, and in it what is there, when something
// beside it is mended.
func TestMountPointStays(t *testing.T) {
	if testas.Inside() != "" {
		i := instance(testas.Dir(), "public", shares)
		if err := asHelper(t, func(m Maker) error { return m.MakeInstance(i) }); err != nil {
			t.Error(err)
		}
		return
	}
	top := furnish(t)
	own := furnishRight(t, top, "public")
	must(t, os.WriteFile(own+"/meet/kept", nil, 0o600))
	must(t, os.Remove(own+"/sock"))
	out := testas.Run(t, testas.User{UID: alice, Caps: caps.Helper}, "again", top)
	if list := names(t, own) + ", " + names(t, own+"/meet"); list != "meet other sock, kept" || strings.Contains(out, "notice: ") {
		t.Errorf("afterwards: %s\n%s", list, out)
	}
}

// furnishRight makes by hand what MakeInstance does for alice, and returns her
// directory.
func furnishRight(t *testing.T, top, at string) string {
	t.Helper()
	i := instance(top, at, shares)
	own, point := i.Path(alice), i.SharedPath()
	for path, mode := range map[string]uint32{
		i.In.Store: 0o700, filepath.Dir(own): 0o700, i.In.Run: 0o755, filepath.Dir(point): 0o755, point: 0o755, i.In.Run + "/sessions": 0o700,
		own: 0o1777, own + "/meet": 0o755, own + "/other": 0o755, i.At + "/meet": 0o1777, i.At + "/other": 0o1777,
	} {
		must(t, os.MkdirAll(path, 0o755))
		must(t, unix.Chmod(path, mode))
	}
	must(t, os.Symlink(point+"/sock", own+"/sock"))
	must(t, os.WriteFile(i.In.Run+"/sessions/61001", nil, 0o600))
	must(t, os.Chown(i.In.Run+"/sessions/61001", alice, alice))
	return own
}

// The list of sessions is opened to be read and added to.
func TestOpenSessions(t *testing.T) {
	if testas.Inside() != "" {
		i := instance(testas.Dir(), "public", shares)
		must(t, asHelper(t, func(Maker) error {
			fd, err := i.OpenSessions(alice)
			if err != nil {
				return err
			}
			defer sys.Close(fd)
			flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0)
			if err == nil && flags&(unix.O_ACCMODE|unix.O_APPEND) != unix.O_RDWR|unix.O_APPEND {
				t.Errorf("it is opened with %#o", flags)
			}
			return err
		}))
		return
	}
	top := furnish(t)
	furnishRight(t, top, "public")
	testas.Run(t, testas.User{UID: alice, Caps: caps.Keeper}, "list", top)
}

// Whoever makes and removes the same name all the time does not make an
// instance be said to be there.
func TestInstanceRaced(t *testing.T) {
	if testas.Inside() != "" {
		runtime.LockOSThread()
		f := testas.NewFaults(t, nil, unix.SYS_MKDIRAT)
		f.FailFrom(0, unix.EEXIST)
		for name, make := range map[string]func(m Maker) error{
			"MakeInstance": func(m Maker) error { return m.MakeInstance(instance(testas.Dir(), "public", shares)) },
			"MakePlaces":   func(m Maker) error { return m.MakePlaces(instance(testas.Dir(), "public", shares)) },
		} {
			if err := asHelper(t, make); err != errAgain {
				t.Errorf("%s: %v", name, err)
			}
		}
		return
	}
	top := furnish(t)
	testas.Run(t, testas.User{UID: alice, Caps: caps.Helper}, "raced", top)
	if list := names(t, top+"/run") + names(t, top+"/lib"); list != "" {
		t.Errorf("there are %s", list)
	}
}
