package making

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"tmpshell/internal/capset"
	"tmpshell/internal/private"
	"tmpshell/internal/sys"
	"tmpshell/internal/testas"
)

const (
	alice = 41001
	bob   = 41002
)

// shared is a directory as /tmp. What links in it lead to stays as it is.
func shared(t *testing.T) string {
	t.Helper()
	testas.Root(t)
	top := t.TempDir()
	dir := filepath.Join(top, "tmp")
	must(t, os.Chmod(top, 0o755), os.Chmod(filepath.Dir(top), 0o755), os.Mkdir(dir, 0o755), os.Chmod(dir, 0o777|os.ModeSticky))
	must(t, os.MkdirAll(victim(dir)+"/41001", 0o755))
	t.Cleanup(func() {
		expect(t, "what a link leads to", victim(dir), "d0755 0:0")
		expect(t, "what a link leads to", victim(dir)+"/41001", "d0755 0:0")
		if got := names(t, victim(dir)); len(got) != 1 {
			t.Errorf("in what a link leads to there is %q", got)
		}
	})
	return dir
}

// victim is a directory of root's to which links in a shared directory lead.
func victim(shared string) string { return filepath.Dir(shared) + "/victim" }

func must(t *testing.T, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

// made runs f as the helper does: root's, without an effective capability, on a
// thread that is thrown away. It returns the error and the notices.
func made(uid uint32, f func(*Maker) error) (notices []string, err error) {
	done := make(chan error)
	go func() {
		runtime.LockOSThread()
		if _, t := capset.Quiet(); !t.OK() {
			done <- t.Err()
			return
		}
		m := &Maker{UID: uid, GID: uid, Notice: func(s string) { notices = append(notices, s) }}
		done <- f(m)
	}()
	err = <-done
	return notices, err
}

// look describes what is at a path: type, mode, owner and group.
func look(path string) string {
	var st unix.Stat_t
	if err := unix.Lstat(path, &st); err != nil {
		return err.Error()
	}
	kind := map[uint32]string{unix.S_IFDIR: "d", unix.S_IFREG: "-", unix.S_IFLNK: "l"}[st.Mode&unix.S_IFMT]
	return fmt.Sprintf("%s%04o %d:%d", kind, st.Mode&0o7777, st.Uid, st.Gid)
}

func expect(t *testing.T, when, path, want string) {
	t.Helper()
	if got := look(path); got != want {
		t.Errorf("%s: %s is %s; want %s", when, path, got, want)
	}
}

func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	must(t, err)
	var list []string
	for _, e := range entries {
		list = append(list, e.Name())
	}
	return list
}

// aside counts what was moved aside of a name.
func aside(t *testing.T, dir, of string) int {
	t.Helper()
	n := 0
	for _, name := range names(t, dir) {
		if was, ok := IsMovedAside(name); ok && was == of {
			n++
		}
	}
	return n
}

// Whatever is there before, the user's directory is as it must be afterwards, and
// nothing is lost: rules (f) and (h).
func TestEnv(t *testing.T) {
	const base, user = "d0711 0:0", "d0700 41001:41001"
	for _, test := range []struct {
		name    string
		before  func(dir string) error
		asideOf string // "base" or "user"
	}{
		{"nothing", func(string) error { return nil }, ""},
		{"a base", func(dir string) error { return os.Mkdir(dir+"/.private", 0o711) }, ""},
		{"a base of another mode", func(dir string) error { return os.Mkdir(dir+"/.private", 0o700) }, ""},
		{"a base of another group", func(dir string) error {
			return errors.Join(os.Mkdir(dir+"/.private", 0o711), os.Chown(dir+"/.private", 0, bob))
		}, ""},
		{"another user's base", func(dir string) error {
			return errors.Join(os.Mkdir(dir+"/.private", 0o711), os.Chown(dir+"/.private", bob, bob), os.Mkdir(dir+"/.private/41001", 0o777))
		}, "base"},
		{"a file", func(dir string) error { return os.WriteFile(dir+"/.private", nil, 0o644) }, "base"},
		{"a link", func(dir string) error { return os.Symlink(victim(dir), dir+"/.private") }, "base"},
		{"the user's of another mode", func(dir string) error {
			return errors.Join(os.Mkdir(dir+"/.private", 0o711), os.Mkdir(dir+"/.private/41001", 0o777), os.Chown(dir+"/.private/41001", alice, alice))
		}, ""},
		{"the user's of mode 0", func(dir string) error {
			return errors.Join(os.Mkdir(dir+"/.private", 0o711), os.Mkdir(dir+"/.private/41001", 0), os.Chown(dir+"/.private/41001", alice, alice))
		}, ""},
		{"another user's", func(dir string) error {
			return errors.Join(os.Mkdir(dir+"/.private", 0o711), os.Mkdir(dir+"/.private/41001", 0o700), os.Chown(dir+"/.private/41001", bob, bob))
		}, "user"},
		{"a link in the base", func(dir string) error {
			return errors.Join(os.Mkdir(dir+"/.private", 0o711), os.Symlink(victim(dir), dir+"/.private/41001"))
		}, "user"},
	} {
		dir := shared(t)
		must(t, test.before(dir))
		notices, err := made(alice, func(m *Maker) error { return m.Env(dir) })
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
		}
		expect(t, test.name, dir+"/.private", base)
		expect(t, test.name, dir+"/.private/41001", user)
		want := map[string]int{test.asideOf: 1}
		if got := aside(t, dir, ".private"); got != want["base"] {
			t.Errorf("%s: %d bases were moved aside; want %d", test.name, got, want["base"])
		}
		if got := aside(t, dir+"/.private", "41001"); got != want["user"] {
			t.Errorf("%s: %d directories were moved aside; want %d", test.name, got, want["user"])
		}
		if len(notices) != want["base"]+want["user"] {
			t.Errorf("%s: notices %q", test.name, notices)
		}
	}
}

// A mount on the base is not used, whatever its root looks like (FUSE).
func TestMountedBase(t *testing.T) {
	dir := shared(t)
	must(t, os.Mkdir(dir+"/.private", 0o711))
	inNamespace(t, func() error {
		if err := unix.Mount("tmpfs", dir+"/.private", "tmpfs", 0, "mode=711"); err != nil {
			return err
		}
		if _, t := capset.Quiet(); !t.OK() {
			return t.Err()
		}
		err := (&Maker{UID: alice, GID: alice}).Env(dir)
		// A mount point cannot be renamed where the mount is seen.
		if err == nil || !strings.Contains(err.Error(), "busy") && !strings.Contains(err.Error(), "is a mount point") {
			return fmt.Errorf("a base that something is mounted on: %v; want it refused", err)
		}
		return nil
	})
}

// inNamespace runs f where mounts are nobody else's.
func inNamespace(t *testing.T, f func() error) {
	t.Helper()
	done := make(chan error)
	go func() {
		runtime.LockOSThread()
		err := unix.Unshare(unix.CLONE_NEWNS | unix.CLONE_FS)
		if err == nil {
			err = unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, "")
		}
		if err == nil {
			err = f()
		}
		done <- err
	}()
	if err := <-done; err != nil && !errors.Is(err, syscall.EPERM) {
		t.Error(err)
	}
}

// What was in the way is kept up to a number.
func TestAsideIsBounded(t *testing.T) {
	dir := shared(t)
	_, err := made(alice, func(m *Maker) error { return m.Base(dir) })
	must(t, err)
	failed := 0
	for range 2 * maxAside {
		must(t, os.RemoveAll(dir+"/.private/41001"), os.WriteFile(dir+"/.private/41001", nil, 0o600))
		if _, err := made(alice, func(m *Maker) error { return m.Env(dir) }); err != nil {
			failed++
		}
	}
	if got := aside(t, dir+"/.private", "41001"); got != maxAside || failed != maxAside {
		t.Errorf("%d were moved aside, %d attempts failed; want %d and %d", got, failed, maxAside, maxAside)
	}
}

// A user who changes the mode of their own directory all the time fills nothing
// (audit 15).
func TestModeRace(t *testing.T) {
	dir := shared(t)
	_, err := made(alice, func(m *Maker) error { return m.Env(dir) })
	must(t, err)
	stop := make(chan struct{})
	var toggling sync.WaitGroup
	toggling.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				_ = os.Chmod(dir+"/.private/41001", 0o755)
				_ = os.Chmod(dir+"/.private/41001", 0o700)
			}
		}
	})
	for range 200 {
		_, _ = made(alice, func(m *Maker) error { return m.Env(dir) })
	}
	close(stop)
	toggling.Wait()
	if got := aside(t, dir+"/.private", "41001"); got != 0 {
		t.Errorf("%d directories of the user's own were moved aside", got)
	}
}

// Helpers at the same time, and somebody who takes the base's name as often as
// they can: all end with one base.
func TestRace(t *testing.T) {
	for range 20 {
		dir := shared(t)
		var all sync.WaitGroup
		errs := make(chan error, 8)
		all.Go(func() {
			for range 50 {
				_ = os.Symlink(victim(dir), dir+"/.private")
			}
		})
		for i := range 8 {
			all.Go(func() {
				_, err := made(uint32(alice+i), func(m *Maker) error { return m.Env(dir) })
				errs <- err
			})
		}
		all.Wait()
		for range 8 {
			if err := <-errs; err != nil {
				t.Error(err)
			}
		}
		for i := range 8 {
			expect(t, "a race", fmt.Sprintf("%s/.private/%d", dir, alice+i), fmt.Sprintf("d0700 %d:%d", alice+i, alice+i))
		}
	}
}

// One that has something of root's to make waits for a helper that has the lock,
// but not for ever, and not where nothing is missing.
func TestLock(t *testing.T) {
	dir := shared(t)
	fd, err := sys.TryLock(lockName)
	must(t, err)
	defer sys.Close(fd)
	for _, waits := range []bool{true, false} {
		began := time.Now()
		_, err := made(alice, func(m *Maker) error { return m.Env(dir) })
		must(t, err)
		if waited := time.Since(began) >= lockMost; waited != waits {
			t.Errorf("it has waited: %v; want %v", waited, waits)
		}
	}
	expect(t, "without the lock", dir+"/.private/41001", "d0700 41001:41001")
}

func TestRuntime(t *testing.T) {
	dir := shared(t)
	_, err := made(alice, func(m *Maker) error { return m.EnvRuntime(dir) })
	must(t, err)
	at := dir + "/.private/41001/.runtime"
	expect(t, "the first time", at, "d0700 41001:41001")
	for what, spoil := range map[string]func() error{
		"a link": func() error { return os.Symlink(victim(dir), at) },
		"a file": func() error { return os.WriteFile(at, nil, 0o600) },
		"a mode": func() error { return errors.Join(os.Mkdir(at, 0o700), os.Chmod(at, 0o755), os.Chown(at, alice, alice)) },
	} {
		must(t, os.RemoveAll(at), spoil())
		before := look(at)
		if _, err := made(alice, func(m *Maker) error { return m.EnvRuntime(dir) }); err == nil {
			t.Errorf("%s: no error", what)
		}
		expect(t, what, at, before) // it is the user's to decide
	}
}

// instance is one with places of its own.
func instanceIn(dir, share string) private.Instance {
	return private.Instance{At: dir, Share: share, Store: filepath.Dir(dir) + "/store", Run: filepath.Dir(dir) + "/run"}
}

func TestInstance(t *testing.T) {
	dir := shared(t)
	make := func(share string) ([]string, error) {
		return made(alice, func(m *Maker) error { return m.Instance(instanceIn(dir, share)) })
	}
	_, err := make(".X11-unix/,.s.db")
	must(t, err)
	top := filepath.Dir(dir)
	in := top + "/store/41001/" + of(instanceIn(dir, "")).name
	for path, want := range map[string]string{
		top + "/store":              "d0700 0:0",
		top + "/store/41001":        "d0700 0:0",
		in:                          "d1777 0:0",
		in + "/.X11-unix":           "d1000 0:0",
		dir + "/.X11-unix":          "d1777 0:0",
		top + "/run":                "d0755 0:0",
		top + "/run/sessions":       "d0700 0:0",
		top + "/run/sessions/41001": "-0600 41001:41001",
		top + "/run/shared":         "d0755 0:0",
		top + "/run/shared/" + in[strings.LastIndexByte(in, '/')+1:]: "d0755 0:0",
	} {
		expect(t, "an instance", path, want)
	}
	// The places are restored, and what is not root's there moved aside.
	must(t, os.Chmod(top+"/store/41001", 0o755), os.Chmod(in, 0o755), os.Chown(top+"/run/sessions", bob, bob))
	notices, err := make(".X11-unix/,.s.db")
	if err != nil || len(notices) != 1 {
		t.Errorf("restoring: %v, %q", err, notices)
	}
	expect(t, "restored", top+"/store/41001", "d0700 0:0")
	expect(t, "restored", in, "d1777 0:0")
	expect(t, "restored", top+"/run/sessions", "d0700 0:0")
	// A store that an administrator names is theirs to mend.
	must(t, os.Chmod(top+"/store", 0o755))
	if _, err := make(".s.db"); !unsafe(err) {
		t.Errorf("a store of another mode: %v", err)
	}
	expect(t, "a store of another mode", top+"/store", "d0755 0:0")
	must(t, os.Chmod(top+"/store", 0o700))
	// A user's own instance, where the shared directory is not everybody's.
	own := filepath.Join(top, "own")
	must(t, os.Mkdir(own, 0o755))
	_, err = made(alice, func(m *Maker) error {
		return m.Instance(private.Instance{At: own, Store: top + "/store", Run: top + "/run"})
	})
	must(t, err)
	i := of(instanceIn(own, ""))
	expect(t, "a user's own", top+"/store/41001/"+i.name, "d0700 41001:41001")
}

// What share= says now is what there is, with the user's own files left alone.
func TestShareChanges(t *testing.T) {
	dir := shared(t)
	make := func(share string) {
		t.Helper()
		_, err := made(alice, func(m *Maker) error { return m.Instance(instanceIn(dir, share)) })
		must(t, err)
	}
	must(t, os.WriteFile(dir+"/a", nil, 0o600), os.WriteFile(dir+"/b", nil, 0o600), os.Chown(dir+"/b", bob, bob), os.Remove(dir+"/a"))
	make("a/,b,c/")
	in := filepath.Dir(dir) + "/store/41001/" + of(instanceIn(dir, "")).name
	must(t, os.WriteFile(in+"/theirs", nil, 0o600), os.Chown(in+"/theirs", alice, alice), os.Mkdir(in+"/dir", 0o755), os.Chown(in+"/dir", alice, alice))
	make("a,b/")
	if diff := cmp.Diff([]string{"a", "b", "dir", "theirs"}, names(t, in)); diff != "" {
		t.Errorf("in the instance (-want +got):\n%s", diff)
	}
	expect(t, "a directory that is a file now", in+"/a", "l0777 0:0")
	expect(t, "a file that is a directory now", in+"/b", "d1000 0:0")
	// While a session may live, nothing that it may see is taken away.
	must(t, os.WriteFile(filepath.Dir(dir)+"/run/sessions/41001", fmt.Appendf(nil, "%d x y\n", os.Getpid()), 0o600))
	make("b/")
	expect(t, "while a session lives", in+"/a", "l0777 0:0")
	must(t, os.WriteFile(filepath.Dir(dir)+"/run/sessions/41001", []byte("4194304 x y\n"), 0o600))
	make("b/")
	if _, err := os.Lstat(in + "/a"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("afterwards: a is still there: %v", err)
	}
}

// Who looks what is left goes on with all the capabilities that they had.
func TestLeft(t *testing.T) {
	dir := shared(t)
	must(t, os.WriteFile(dir+"/a", nil, 0o600), os.WriteFile(dir+"/b", nil, 0o600))
	_, err := made(alice, func(m *Maker) error { return m.Instance(instanceIn(dir, "a,b")) })
	must(t, err)
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	before, trouble := capset.Get()
	must(t, trouble.Err())
	left, err := Left(instanceIn(dir, "b"), alice)
	must(t, err)
	if diff := cmp.Diff([]string{"a"}, left); diff != "" {
		t.Errorf("left of an older share= (-want +got):\n%s", diff)
	}
	if now, _ := capset.Get(); now != before || now.Effective == 0 {
		t.Errorf("the thread has %+v; want what it had, %+v", now, before)
	}
}

// A rendezvous directory that is somebody else's is replaced, one of root's with
// another mode is a program's and left (audit 7).
func TestRendezvous(t *testing.T) {
	setgid := func(p string) error {
		dir := filepath.Dir(p)
		return errors.Join(os.Chown(dir, 0, bob), unix.Chmod(dir, 0o3777))
	}
	for _, test := range []struct {
		name      string
		before    func(path string) error
		want      string
		fails     bool
		movedAway int
	}{
		{"squatted", func(p string) error { return errors.Join(os.Mkdir(p, 0o777), os.Chown(p, bob, bob)) }, "d1777 0:0", false, 1},
		{"a link", func(p string) error { return os.Symlink(victim(filepath.Dir(p)), p) }, "d1777 0:0", false, 1},
		{"root's", func(p string) error { return os.Mkdir(p, 0o755) }, "d0755 0:0", true, 0},
		{"set-group-ID", setgid, "d1777 0:0", false, 0},
		{"set-group-ID, squatted", func(p string) error { return errors.Join(setgid(p), os.Mkdir(p, 0o777), os.Chown(p, bob, bob)) }, "d1777 0:0", false, 1},
	} {
		dir := shared(t)
		must(t, test.before(dir+"/.meet"))
		for what, f := range map[string]func(*Maker) error{
			"a user's": func(m *Maker) error { return m.Instance(instanceIn(dir, ".meet/")) },
			"at boot":  func(m *Maker) error { return m.Places(instanceIn(dir, ".meet/")) },
		} {
			if _, err := made(alice, f); (err != nil) != test.fails {
				t.Errorf("%s, %s: %v", test.name, what, err)
			}
		}
		expect(t, test.name, dir+"/.meet", test.want)
		if got := aside(t, dir, ".meet"); got != test.movedAway {
			t.Errorf("%s: %d were moved aside; want %d", test.name, got, test.movedAway)
		}
	}
}

// Nothing is made where others could exchange it.
func TestUnsafeParent(t *testing.T) {
	dir := shared(t)
	for what, spoil := range map[string]func() error{
		"not sticky":     func() error { return os.Chmod(dir, 0o777) },
		"another user's": func() error { return errors.Join(os.Chmod(dir, 0o755), os.Chown(dir, bob, bob)) },
	} {
		must(t, spoil())
		_, err := made(alice, func(m *Maker) error { return m.Env(dir) })
		if !unsafe(err) {
			t.Errorf("%s: %v; want it to be unsafe", what, err)
		}
		if path, ok := UnsafePath(err); !ok || path != dir {
			t.Errorf("%s: the error is about %q; want %s", what, path, dir)
		}
		if got := names(t, dir); len(got) > 0 {
			t.Errorf("%s: %q were made", what, got)
		}
	}
}

// TestMain: goroutines are helpers here, which have one umask.
func TestMain(m *testing.M) {
	unix.Umask(0)
	sys.LockDir = os.TempDir()
	os.Exit(m.Run())
}
