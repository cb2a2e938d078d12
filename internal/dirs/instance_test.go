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
	"tmpshell/internal/sample"
	"tmpshell/internal/sys"
	"tmpshell/internal/testas"
)

// instance is one whose places are in a directory of the test's, as are At,
// which is as /tmp is, and Private, which is as /var/cache is.
func instance(top, at, share string) Instance {
	return Instance{At: top + "/" + at, Share: share, In: Places{Store: top + "/lib/store", Run: top + "/run/places"}}
}

// furnish makes what an installation has: nothing of tmpshell's.
func furnish(t *testing.T) string {
	t.Helper()
	top := shared(t)
	furnishAt(t, top)
	return top
}

func furnishAt(t *testing.T, top string) {
	t.Helper()
	must(t, os.Chmod(top, 0o755))
	for _, d := range []string{"lib", "run", "public", "cache"} {
		must(t, os.Mkdir(top+"/"+d, 0o755))
	}
	must(t, os.Chmod(top+"/public", 0o777|os.ModeSticky))
}

const (
	shares     = "meet/,sock,other/"
	asMaker    = "make"
	asLauncher = "verify"
)

// insideInstance is what the other users of these tests do.
func insideInstance(t *testing.T) {
	t.Helper()
	runtime.LockOSThread() // capabilities belong to a thread
	at, top, _ := strings.Cut(testas.Dir(), ":")
	i := instance(top, at, shares)
	uid := uint32(os.Getuid())
	err := caps.Quietly(func() error {
		if testas.Inside() == asMaker {
			m := Maker{UID: uid, Notice: func(text string) { t.Log("notice:", text) }}
			return m.MakeInstance(i)
		}
		return i.Verify(uid)
	})
	if err != nil {
		t.Error(err)
	}
	if s, err := caps.Get(); err != nil || s.Effective != s.Permitted {
		t.Errorf("the capabilities are not as they were: %+v, %v", s, err)
	}
}

func makeInstance(t *testing.T, uid uint32, top, at string) string {
	t.Helper()
	return testas.Run(t, testas.User{UID: uid, Caps: caps.Helper}, asMaker, at+":"+top)
}

// verified reports how the launcher, with its capabilities, finds an instance.
func verified(t *testing.T, uid uint32, top, at string) (bool, string) {
	t.Helper()
	out, err := testas.Command(t, testas.User{UID: uid, Caps: caps.Keeper}, asLauncher, at+":"+top).CombinedOutput()
	return err == nil, string(out)
}

// TestInstance makes instances, as root's and as the user's, and finds them.
func TestInstance(t *testing.T) {
	if testas.Inside() != "" {
		insideInstance(t)
		return
	}
	top := furnish(t)
	if ok, _ := verified(t, alice, top, "public"); ok {
		t.Error("an instance that is not there is verified")
	}
	for _, uid := range []uint32{alice, bob} {
		for _, at := range []string{"public", "cache"} {
			makeInstance(t, uid, top, at)
			if ok, out := verified(t, uid, top, at); !ok {
				t.Errorf("%s of %d: %s", at, uid, out)
			}
		}
		own := instance(top, "x", "").In.Store + "/" + name(uid)
		public, cache := own+"/"+config.InstanceName(top+"/public"), own+"/"+config.InstanceName(top+"/cache")
		wantDir(t, own, 0, 0, 0o700)
		wantDir(t, public, 0, 0, 0o1777)
		wantDir(t, cache, uid, uid, 0o700)
		wantDir(t, public+"/meet", 0, 0, 0o755)
		wantDir(t, cache+"/meet", uid, uid, 0o755)
		for dir, owner := range map[string]uint32{public: 0, cache: uid} {
			var st unix.Stat_t
			must(t, unix.Lstat(dir+"/sock", &st))
			to, _ := os.Readlink(dir + "/sock")
			if want := top + "/run/places/shared/" + filepath.Base(dir) + "/sock"; st.Uid != owner || to != want {
				t.Errorf("%s/sock is %d's and names %s; want %d's and %s", dir, st.Uid, to, owner, want)
			}
		}
		var st unix.Stat_t
		must(t, unix.Lstat(top+"/run/places/sessions/"+name(uid), &st))
		if st.Uid != uid || st.Mode != unix.S_IFREG|0o600 {
			t.Errorf("the list of sessions is %d's, mode %o", st.Uid, st.Mode)
		}
	}
	wantDir(t, top+"/lib/store", 0, 0, 0o700)
	wantDir(t, top+"/run/places", 0, 0, 0o755)
	wantDir(t, top+"/run/places/sessions", 0, 0, 0o700)
	wantDir(t, top+"/run/places/shared", 0, 0, 0o755)
	wantDir(t, top+"/public/meet", 0, 0, 0o1777)
	wantDir(t, top+"/cache/meet", 0, 0, 0o1777)
	// Without capabilities nobody gets there.
	if out, err := testas.Command(t, testas.User{UID: alice}, asLauncher, "public:"+top).CombinedOutput(); err == nil {
		t.Errorf("without capabilities the instance is reached: %s", out)
	}
}

// TestInstanceMended spoils one thing: the launcher sees it, and the helper puts
// it right or refuses, and never uses it as it is.
func TestInstanceMended(t *testing.T) {
	if testas.Inside() != "" {
		insideInstance(t)
		return
	}
	top := furnish(t)
	store, run := top+"/lib/store", top+"/run/places"
	own := store + "/" + name(alice)
	public, cache := own+"/"+config.InstanceName(top+"/public"), own+"/"+config.InstanceName(top+"/cache")
	toAlice := func(path string) func() error { return func() error { return os.Chown(path, alice, alice) } }
	chmod := func(path string, mode os.FileMode) func() error { return func() error { return os.Chmod(path, mode) } }
	replaceBy := func(path string, what func(string) error) func() error {
		return func() error { return errors.Join(os.RemoveAll(path), what(path)) }
	}
	link := func(p string) error { return os.Symlink("/etc", p) }
	file := func(p string) error { return os.WriteFile(p, nil, 0o600) }
	fifo := func(p string) error { return unix.Mkfifo(p, 0o777) }
	for _, c := range []struct {
		name, at string
		spoil    func() error
		refused  bool // by the helper, too
		harmless bool // the launcher does not mind
	}{
		{"a store of alice's", "public", toAlice(store), false, false},
		{"a store for everybody", "public", chmod(store, 0o777), false, false},
		{"a store that others can search", "public", chmod(store, 0o711), false, false},
		{"a store of alice's, of root's group", "public", func() error { return os.Chown(store, alice, 0) }, false, false},
		{"no directory for the store", "public", func() error { return os.RemoveAll(top + "/lib") }, false, false},
		{"a store that is shut", "public", chmod(store, 0), false, false},
		{"a store of another group", "public", func() error { return os.Chown(store, 0, alice) }, false, false},
		{"a link for a store", "public", replaceBy(store, link), false, false},
		{"a file for a store", "public", replaceBy(store, file), false, false},
		{"alice's directory is alice's", "public", toAlice(own), false, false},
		{"alice's directory is open", "public", chmod(own, 0o755), false, false},
		{"a link for alice's directory", "public", replaceBy(own, link), false, false},
		{"a FIFO for alice's directory", "public", replaceBy(own, fifo), false, false},
		{"a file with the mode of alice's directory", "public", replaceBy(own, func(p string) error { return os.WriteFile(p, nil, 0o700) }), false, false},
		{"a public instance of alice's", "public", toAlice(public), false, false},
		{"a public instance that is not sticky", "public", chmod(public, 0o777), false, false},
		{"a public instance that is shut", "public", chmod(public, 0o700), false, false},
		{"a link for an instance", "public", replaceBy(public, link), false, false},
		{"a FIFO for an instance", "public", replaceBy(public, fifo), false, false},
		{"a cache of bob's", "cache", func() error { return os.Chown(cache, bob, bob) }, false, false},
		{"a cache of root's", "cache", func() error { return os.Chown(cache, 0, 0) }, false, false},
		{"a cache that is open, which alice may put right", "cache", chmod(cache, 0o755), false, true},
		{"a link for a cache", "cache", replaceBy(cache, link), false, false},
		{"places of alice's", "public", toAlice(run), false, false},
		{"places for everybody", "public", chmod(run, 0o777), false, false},
		{"a list of sessions for everybody", "public", chmod(run+"/sessions", 0o777), false, false},
		{"a list of sessions that can be read", "public", chmod(run+"/sessions", 0o755), false, false},
		{"a list of bob's", "public", func() error { return os.Chown(run+"/sessions/"+name(alice), bob, bob) }, true, false},
		{"a list that others can write", "public", chmod(run+"/sessions/"+name(alice), 0o666), true, false},
		{"a FIFO for a list", "public", replaceBy(run+"/sessions/"+name(alice), fifo), true, false},
		{"a FIFO of alice's for a list", "public", replaceBy(run+"/sessions/"+name(alice), func(p string) error {
			return errors.Join(unix.Mkfifo(p, 0o600), os.Chown(p, alice, alice))
		}), true, false},
		{"no list", "public", func() error { return os.Remove(run + "/sessions/" + name(alice)) }, false, false},
		{"mount points of alice's", "public", toAlice(run + "/shared"), false, false},
		{"a file for a mount point", "public", replaceBy(run+"/shared/"+filepath.Base(public), file), false, false},
		{"no rendezvous", "public", func() error { return os.Remove(top + "/public/meet") }, false, false},
		{"a rendezvous of alice's, which is left alone", "public", toAlice(top + "/public/meet"), false, true},
		{"no mount point for it", "public", func() error { return os.Remove(public + "/meet") }, false, false},
		{"a file in the place of it", "public", replaceBy(public+"/meet", file), false, false},
		{"no link", "public", func() error { return os.Remove(public + "/sock") }, false, false},
		{"something of alice's for a link", "public", replaceBy(public+"/sock", file), false, true},
		{"a shared directory of alice's", "cache", toAlice(top + "/cache"), true, false},
		{"a shared directory that everybody can write to", "cache", chmod(top+"/cache", 0o777), true, false},
		{"a parent of alice's", "public", toAlice(top + "/lib"), true, false},
	} {
		if !sample.Of(4).Has(t.Name(), c.name) {
			continue
		}
		must(t, os.MkdirAll(top+"/lib", 0o755))
		must(t, os.Chown(top+"/lib", 0, 0))
		must(t, os.Chown(top+"/cache", 0, 0))
		must(t, os.Chmod(top+"/cache", 0o755))
		must(t, errors.Join(os.RemoveAll(store), os.RemoveAll(run), os.RemoveAll(top+"/public/meet")))
		makeInstance(t, alice, top, c.at)
		must(t, c.spoil())
		if ok, out := verified(t, alice, top, c.at); ok != c.harmless {
			t.Errorf("%s: verified: %v\n%s", c.name, ok, out)
		}
		out, err := testas.Command(t, testas.User{UID: alice, Caps: caps.Helper}, asMaker, c.at+":"+top).CombinedOutput()
		if (err != nil) != c.refused && !c.harmless {
			t.Errorf("%s: the helper: %v\n%s", c.name, err, out)
		}
		if ok, out := verified(t, alice, top, c.at); ok == c.refused {
			t.Errorf("%s: verified after the helper: %v\n%s", c.name, ok, out)
		}
	}
	if st, err := os.Lstat("/etc"); err != nil || st.Mode().Perm() != 0o755 {
		t.Errorf("/etc is %v", st.Mode())
	}
}

// Somebody else's directory is no rendezvous.
func TestOpenRendezvous(t *testing.T) {
	top := furnish(t)
	dir, err := unix.Open(top+"/public", unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	must(t, err)
	defer sys.Close(dir)
	for entry, c := range map[string]struct {
		uid  int
		mode os.FileMode
		good bool
	}{
		"right": {0, 0o777 | os.ModeSticky, true}, "alices": {alice, 0o777 | os.ModeSticky, false},
		"unsticky": {0, 0o777, false}, "closed": {0, 0o755, false},
	} {
		path := top + "/public/" + entry
		must(t, errors.Join(os.Mkdir(path, 0o700), os.Chown(path, c.uid, c.uid), os.Chmod(path, c.mode)))
		fd, err := OpenRendezvous(dir, top+"/public", entry)
		if (err == nil) != c.good {
			t.Errorf("%s: %v", entry, err)
		}
		sys.Close(fd)
	}
	must(t, os.Symlink("right", top+"/public/link"))
	if _, err := OpenRendezvous(dir, top+"/public", "link"); err == nil {
		t.Error("a link is followed")
	}
}

func TestRootsOwn(t *testing.T) {
	for _, c := range []struct {
		uid, mode uint32
		want      bool
	}{{0, 0o1777, true}, {0, 0o777, false}, {0, 0o1755, false}, {alice, 0o1777, false}, {0, 0o1703, true}} {
		if got := RootsOwn(sys.Stat{UID: c.uid, Mode: unix.S_IFDIR | c.mode}); got != c.want {
			t.Errorf("RootsOwn(%d, %o) = %v", c.uid, c.mode, got)
		}
	}
}
