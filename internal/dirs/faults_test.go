package dirs

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"tmpshell/internal/caps"
	"tmpshell/internal/config"
	"tmpshell/internal/sample"
	"tmpshell/internal/testas"
)

// watched are the system calls of this package that can fail. setfsuid(2) and
// setfsgid(2) have no errors: see package caps.
var watched = []int{
	unix.SYS_OPENAT, unix.SYS_STATX, unix.SYS_MKDIRAT, unix.SYS_FCHMOD, unix.SYS_FCHMODAT, unix.SYS_FCHOWN,
	unix.SYS_RENAMEAT2, unix.SYS_UNLINKAT, unix.SYS_SYMLINKAT, unix.SYS_IOCTL, unix.SYS_CAPGET, unix.SYS_CAPSET,
}

// changing are those of them that change something.
var changing = []int{
	unix.SYS_MKDIRAT, unix.SYS_FCHMOD, unix.SYS_FCHMODAT, unix.SYS_FCHOWN, unix.SYS_RENAMEAT2, unix.SYS_UNLINKAT,
	unix.SYS_SYMLINKAT, unix.SYS_IOCTL,
}

// faulty is something that is done again and again, each time with another
// system call that fails, in another directory.
type faulty struct {
	name string
	// prepare makes, as root, what is there before.
	prepare func(t *testing.T, dir string)
	run     func(dir string) error
	// verify is not made to fail.
	verify func(dir string) error
	// unnoticed is how many calls at most may fail alone and not be told:
	// those for the append-only flag, and those that are tried again.
	unnoticed int
}

// chosen reports whether call n is made to fail in this run.
func (c faulty) chosen(how how, n int) bool { return share().Has(c.name, how.name, n) }

// share is the same for the test and its children, which do not know of -short.
func share() sample.Share {
	if sample.All() {
		return sample.Of(1)
	}
	return sample.Share(12)
}

// batch is how many directories are prepared at a time.
const batch = 64

// faultyCases are those for a directory of method env.
func faultyCases() []faulty {
	make := func(s func(dir string) Spec) func(string) error {
		return func(dir string) error {
			m := Maker{UID: alice}
			return caps.Quietly(func() error { return m.Make(s(dir)) })
		}
	}
	verify := func(dir string) error { return Verify(Private(dir), alice) }
	deep := func(dir string) Spec { return Private(dir + "/new") }
	list := []faulty{{
		name:    "a parent that is not there",
		prepare: func(*testing.T, string) {},
		run:     make(deep),
		verify:  func(dir string) error { return Verify(deep(dir), alice) },

		unnoticed: 13,
	}, {
		name: "verify", prepare: good, run: verify, verify: verify,
	}, {
		name: "append-only", prepare: good, verify: func(string) error { return nil },
		run: func(dir string) error {
			_, err := AppendOnly(Private(dir))
			if errors.Is(err, unix.ENOTTY) || errors.Is(err, unix.EACCES) { // no such flag; not alice's to ask
				return nil
			}
			return err
		},
	}, {
		name: "fallback", prepare: func(*testing.T, string) {}, run: fallback, verify: fallback, unnoticed: 3,
	}, {
		name: "verify base", prepare: good,
		run:    func(dir string) error { return VerifyBase(Private(dir)) },
		verify: func(dir string) error { return VerifyBase(Private(dir)) },
	}}
	for _, c := range []struct {
		name      string
		unnoticed int
		prepare   func(t *testing.T, dir string)
	}{
		{"nothing", 13, func(*testing.T, string) {}},
		{"everything", 13, good},
		{"a directory that is shut", 14, func(t *testing.T, dir string) {
			good(t, dir)
			must(t, os.Chmod(dir+"/.private/61001", 0))
		}},
		{"a squatted base", 15, func(t *testing.T, dir string) {
			good(t, dir)
			must(t, os.Chown(dir+"/.private", bob, bob))
		}},
		{"a base to repair", 16, func(t *testing.T, dir string) {
			good(t, dir)
			must(t, os.Chown(dir+"/.private", 0, bob))
			setFlag(t, dir+"/.private")
		}},
		{"a squatted directory", 19, func(t *testing.T, dir string) {
			good(t, dir)
			must(t, os.Chown(dir+"/.private/61001", bob, bob))
		}},
		{"a directory that is open", 14, func(t *testing.T, dir string) {
			good(t, dir)
			must(t, os.Chmod(dir+"/.private/61001", 0o755))
		}},
	} {
		list = append(list, faulty{c.name, c.prepare, make(Private), verify, c.unnoticed})
	}
	return list
}

func fallback(dir string) error {
	return caps.Quietly(func() error {
		path, err := Fallback(dir, alice)
		if err != nil {
			return err
		}
		if !strings.HasPrefix(path, dir+"/.private-61001") { // and another name, if it cannot be opened
			return errors.New("the directory is " + path)
		}
		if st, err := os.Lstat(path); err != nil || st.Mode() != os.ModeDir|0o700 {
			return fmt.Errorf("%s: %v, %v", path, st.Mode(), err)
		}
		return nil
	})
}

// instanceCases are those for directories that are mounted.
func instanceCases() []faulty {
	var list []faulty
	for _, at := range []string{"public", "cache"} {
		make := func(dir string) error {
			m := Maker{UID: alice}
			return caps.Quietly(func() error { return m.MakeInstance(instance(dir, at, shares)) })
		}
		verify := func(dir string) error {
			return caps.Quietly(func() error { return instance(dir, at, shares).Verify(alice) })
		}
		list = append(list,
			faulty{at, furnishAt, make, verify, 0},
			faulty{at + " to mend", func(t *testing.T, dir string) { furnishSpoilt(t, dir, at) }, make, verify, 0})
	}
	places := func(dir string) error {
		m := Maker{UID: alice}
		return caps.Quietly(func() error { return m.MakePlaces(instance(dir, "new", shares)) })
	}
	list = append(list,
		faulty{"places", func(t *testing.T, dir string) {
			furnishAt(t, dir)
			must(t, errors.Join(os.Remove(dir+"/lib"), os.Remove(dir+"/run")))
		}, places, func(dir string) error {
			return errors.Join(instance(dir, "new", "").VerifyPlaces(), lstat(dir+"/new/meet"), lstat(dir+"/lib/store"))
		}, 0},
		faulty{"places of method tmpfs", furnishAt, func(dir string) error {
			m, i := Maker{UID: alice}, instance(dir, "new", shares)
			i.Fresh = true
			return caps.Quietly(func() error { return m.MakeInstance(i) })
		}, func(dir string) error { return errors.Join(instance(dir, "new", "").VerifyPlaces(), lstat(dir+"/new")) }, 0},
		faulty{"shares to mend", func(t *testing.T, dir string) {
			furnishAt(t, dir)
			own := furnishRight(t, dir, "public")
			must(t, errors.Join(os.Remove(own+"/sock"), os.Remove(own+"/meet"), os.WriteFile(own+"/meet", nil, 0o644)))
		}, func(dir string) error {
			m := Maker{UID: alice}
			return caps.Quietly(func() error { return m.MakeInstance(instance(dir, "public", shares)) })
		}, func(dir string) error {
			return caps.Quietly(func() error { return instance(dir, "public", shares).Verify(alice) })
		}, 0})
	return list
}

func lstat(path string) error {
	_, err := os.Lstat(path)
	return err
}

// furnishSpoilt makes what none of is as it must be.
func furnishSpoilt(t *testing.T, dir, at string) {
	t.Helper()
	furnishAt(t, dir)
	i := instance(dir, at, shares)
	for _, path := range []string{i.In.Store, i.In.Store + "/61001", i.In.Run, i.In.Run + "/sessions", i.In.Run + "/shared"} {
		must(t, os.Mkdir(path, 0o755))
		must(t, os.Chown(path, 0, bob))
	}
	must(t, os.Mkdir(i.In.Store+"/61001/"+config.InstanceName(i.At), 0o700))
	must(t, os.Chown(i.In.Store+"/61001/"+config.InstanceName(i.At), bob, bob))
	must(t, os.WriteFile(i.SharedPath(), nil, 0o644))
	must(t, os.Chown(i.SharedPath(), bob, bob))
}

// Whatever system call fails while a directory is made: the failure is told, or
// the directory is as it must be; and the next login has one.
func TestFaults(t *testing.T) { sweep(t, faultyCases(), hows) }

// The same for what is mounted.
func TestFaultsInstance(t *testing.T) { sweep(t, instanceCases(), hows[:4]) }

// how is a way in which calls fail.
type how struct {
	name    string
	calls   []int
	errno   syscall.Errno
	lasting bool
	may     []error // be told
}

// EPERM: the append-only flag could not be taken away, which is told by the
// step that needs it. The last three: somebody else is doing the same.
var hows = []how{
	{"once", watched, unix.EIO, false, []error{unix.EIO, unix.EPERM}},
	{"always", changing, unix.EIO, true, []error{unix.EIO, unix.EPERM}},
	{"made meanwhile", []int{unix.SYS_MKDIRAT, unix.SYS_SYMLINKAT}, unix.EEXIST, false, []error{unix.ENOENT}},
	{"gone meanwhile", []int{unix.SYS_RENAMEAT2}, unix.ENOENT, false, []error{unix.ENOTDIR}}, // a lie: it is there
	{"not there for a moment", []int{unix.SYS_OPENAT, unix.SYS_STATX}, unix.ENOENT, false, []error{unix.ENOENT, unix.EPERM}},
}

func sweep(t *testing.T, cases []faulty, hows []how) {
	t.Helper()
	label, rest, _ := strings.Cut(testas.Inside(), ":")
	mode, from, _ := strings.Cut(rest, ":")
	try := func(c faulty) bool { return !testing.Short() || sample.Of(1).Has(c.name) }
	index := slices.IndexFunc(hows, func(h how) bool { return h.name == mode })
	for _, c := range cases {
		switch label {
		case "":
			if !try(c) {
				continue
			}
			t.Run(c.name, func(t *testing.T) {
				t.Parallel()
				for _, how := range hows {
					c.outside(t, how)
				}
			})
		case c.name:
			n, err := strconv.Atoi(from)
			must(t, err)
			next, unnoticed := c.inside(t, n, hows[index])
			t.Logf("next: %d %d", next, unnoticed)
		}
	}
}

func (c faulty) outside(t *testing.T, how how) {
	t.Helper()
	top := shared(t)
	must(t, os.Chmod(top, 0o755))
	prepared, unnoticed := 0, 0
	for next := 0; next >= 0 && !t.Failed(); {
		for ; prepared <= next || prepared%batch != 0; prepared++ {
			if !c.chosen(how, prepared) {
				continue
			}
			dir := top + "/" + strconv.Itoa(prepared)
			must(t, os.Mkdir(dir, 0o755))
			must(t, os.Chmod(dir, 0o777|os.ModeSticky))
			c.prepare(t, dir)
		}
		out := testas.Run(t, testas.User{UID: alice, Caps: caps.Helper}, c.name+":"+how.name+":"+strconv.Itoa(next), top)
		_, line, _ := strings.Cut(out, "next: ")
		more := 0
		if _, err := fmt.Sscan(line, &next, &more); err != nil {
			t.Fatal(err)
		}
		unnoticed += more
	}
	t.Logf("%s: %v", how.name, share())
	if how.name == "once" && unnoticed > c.unnoticed {
		t.Errorf("%d calls can fail and nobody is told; want at most %d", unnoticed, c.unnoticed)
	}
}

// inside makes one call after the other fail, from number n on, and returns
// which is the next, negative if there is none, and how many have failed
// unnoticed. A thread that could not change its capabilities is of no further
// use.
func (c faulty) inside(t *testing.T, n int, how how) (next, unnoticed int) {
	t.Helper()
	runtime.LockOSThread()
	f := testas.NewFaults(t, nil, how.calls...)
	const mask = 0o27
	unix.Umask(mask)
	last := "" // the one before
	for changed := false; ; n++ {
		dir := testas.Dir() + "/" + strconv.Itoa(n)
		if !c.chosen(how, n) {
			continue
		}
		if _, err := os.Lstat(dir); err != nil {
			return n, unnoticed
		}
		if changed { // the next login
			if err := errors.Join(c.run(last), c.verify(last)); err != nil {
				t.Fatalf("%s: the next time after a call failed, %s: %v", how.name, last, err)
			}
		}
		last = dir
		if how.lasting {
			f.FailFrom(n, how.errno)
		} else {
			f.Fail(n, how.errno)
		}
		err := c.run(dir)
		call := f.Stop()
		changed = call != unix.SYS_OPENAT && call != unix.SYS_STATX
		if now := unix.Umask(mask); now != mask {
			t.Errorf("%s: call %d (%d) fails: the umask is %o", how.name, n, call, now)
		}
		switch {
		case call < 0 && err != nil:
			t.Fatalf("%s: nothing fails, and yet: %v", how.name, err)
		case call < 0:
			return -1, unnoticed
		case err != nil && !slices.ContainsFunc(how.may, func(e error) bool { return errors.Is(err, e) }):
			t.Errorf("%s: call %d (%d) fails with %v: %v", how.name, n, call, how.errno, err)
		}
		if squats, _ := filepath.Glob(dir + "/.private.squatted-*"); len(squats) > 0 && call != unix.SYS_UNLINKAT {
			var st unix.Stat_t
			if must(t, unix.Lstat(squats[0], &st)); len(squats) > 1 || st.Uid == 0 {
				t.Errorf("%s: call %d (%d) fails: %v is left, %d's", how.name, n, call, squats, st.Uid)
			}
		}
		if err == nil {
			unnoticed++
		}
		if call == unix.SYS_CAPSET || call == unix.SYS_CAPGET {
			return n + 1, unnoticed
		}
		if s, e := caps.Get(); e != nil || s.Effective != s.Permitted {
			t.Errorf("%s: call %d (%d) fails: capabilities %+v, %v", how.name, n, call, s, e)
		}
		if uid, _ := unix.SetfsuidRetUid(-1); uid != alice {
			t.Errorf("%s: call %d (%d) fails: the file-system uid is %d", how.name, n, call, uid)
		}
		if err == nil {
			if err := c.verify(dir); err != nil {
				t.Errorf("%s: call %d (%d) fails, nobody is told, and: %v", how.name, n, call, err)
			}
		}
	}
}
