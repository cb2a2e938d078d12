package clean

import (
	"errors"
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"tmpshell/internal/sys"
	"tmpshell/internal/testas"
)

// aUnit is alice's directory in a base of its own.
func aUnit(t *testing.T) (u *unit, path string) {
	t.Helper()
	testas.Root(t)
	before := sys.LockDir
	t.Cleanup(func() { sys.LockDir = before })
	sys.LockDir = t.TempDir()
	base := t.TempDir()
	path = base + "/41001"
	must(t, os.Mkdir(path, 0o700), os.Chown(path, alice, alice), os.WriteFile(path+"/f", nil, 0o666), os.Chown(path+"/f", alice, alice))
	fd, err := sys.OpenPath(base)
	must(t, err)
	t.Cleanup(func() { sys.Close(fd) })
	var x unix.Statx_t
	must(t, unix.Statx(unix.AT_FDCWD, path, 0, unix.STATX_BASIC_STATS, &x))
	return &unit{Kind: Env, UID: alice, place: &place{name: base, fd: fd}, name: "41001", owner: alice, id: idOf(&x), mode: uint32(x.Mode)}, path
}

// Two that remove at the same time would each take the other's mark for its own: a
// login takes one off, and the other is still there. So there is a turn.
func TestTakeTurn(t *testing.T) {
	u, path := aUnit(t)
	most := takingMost
	t.Cleanup(func() { takingMost = most })
	takingMost = 0
	fd, err := sys.TryLock(takingLock)
	must(t, err)
	r := &run{guard: newGuard(0), Options: Options{Counts: &Counts{}}}
	if err := r.take([]chosen{{unit: u}}, nil); !errors.Is(err, errTaking) {
		t.Errorf("while another removes: %v; want %v", err, errTaking)
	}
	info, err := os.Stat(path)
	must(t, err)
	if info.Mode() != os.ModeDir|0o700 {
		t.Errorf("while another removes, its mode is %v", info.Mode())
	}
	takingMost = time.Minute
	sys.Close(fd)
	// A process that may not be looked at, outside of the test, has it stay.
	looked := r.take([]chosen{{unit: u}}, nil)
	if errors.Is(looked, errTaking) {
		t.Errorf("afterwards: %v", looked)
	}
	info, err = os.Stat(path)
	if gone := errors.Is(err, unix.ENOENT); gone != (looked == nil) || !gone && info.Mode() != os.ModeDir|0o700 {
		t.Errorf("afterwards: %v, and its mode is %v, %v", looked, info, err)
	}
}

// A login that takes the mark off at once is no reason to fail.
func TestMarkTakenOff(t *testing.T) {
	u, path := aUnit(t)
	g := newGuard(0)
	defer g.end()
	for range 100 {
		done := make(chan struct{})
		go func() {
			defer close(done)
			for st := (unix.Stat_t{}); st.Mode&marked == 0; {
				_ = unix.Stat(path, &st)
			}
			_ = unix.Chmod(path, 0o700)
		}()
		if err := u.mark(g, true); err != nil {
			t.Fatal(err)
		}
		<-done
		must(t, os.Chmod(path, 0o700))
	}
}

// What a login has taken the mark off keeps its name all the time.
func TestAwayUnmarked(t *testing.T) {
	u, path := aUnit(t)
	must(t, u.mark(newGuard(0), true), os.Chmod(path, 0o700))
	watch, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
	must(t, err)
	defer unix.Close(watch)
	_, err = unix.InotifyAddWatch(watch, u.place.path(), unix.IN_MOVED_FROM|unix.IN_MOVED_TO)
	must(t, err)
	if away, err := u.away(Removed); away || err != nil {
		t.Errorf("%v, %v", away, err)
	}
	if n, err := unix.Read(watch, make([]byte, 4096)); err != unix.EAGAIN {
		t.Errorf("its name went away for a moment: %d, %v", n, err)
	}
	must(t, u.mark(newGuard(0), true))
	if away, err := u.away(Removed); !away || err != nil {
		t.Errorf("a marked one: %v, %v", away, err)
	}
	if n, err := unix.Read(watch, make([]byte, 4096)); n <= 0 {
		t.Errorf("nothing is seen of a rename: %v", err)
	}
}

// What has the name of a unit now, and is another directory, or another user's, is not it.
func TestReplaced(t *testing.T) {
	for _, uid := range []int{alice, alice + 1} {
		u, path := aUnit(t)
		must(t, os.Rename(path, path+".before"), os.Mkdir(path, 0o700), os.Chown(path, uid, uid))
		if err := u.mark(newGuard(0), true); !errors.Is(err, errChanged) {
			t.Errorf("another one, of uid %d: %v; want %v", uid, err, errChanged)
		}
		must(t, os.Remove(path), os.Rename(path+".before", path), os.Chown(path, uid, uid))
		if err := u.mark(newGuard(0), true); errors.Is(err, errChanged) != (uid != alice) {
			t.Errorf("the same one, of uid %d: %v", uid, err)
		}
	}
}

// What another run has removed, which sees another /run, is no failure.
func TestDeleteGone(t *testing.T) {
	u, path := aUnit(t)
	must(t, os.RemoveAll(path))
	r := &run{guard: newGuard(0), Options: Options{Counts: &Counts{}}}
	r.delete(chosen{unit: u})
	if len(r.report.Results) > 0 {
		t.Errorf("%+v", *r.report.Results[0])
	}
}
