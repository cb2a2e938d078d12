package dirs

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"tmpshell/internal/caps"
	"tmpshell/internal/config"
	"tmpshell/internal/testas"
)

// watched are the system calls of this package that can fail. setfsuid(2) and
// setfsgid(2) have no errors: see package caps.
var watched = []int{
	unix.SYS_OPENAT, unix.SYS_STATX, unix.SYS_MKDIRAT, unix.SYS_FCHMOD, unix.SYS_FCHMODAT, unix.SYS_FCHOWN,
	unix.SYS_RENAMEAT2, unix.SYS_UNLINKAT, unix.SYS_SYMLINKAT, unix.SYS_IOCTL, unix.SYS_CAPGET, unix.SYS_CAPSET,
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
	// strict: every call is one of a check, none may fail unnoticed.
	strict bool
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
	}, {
		name: "verify", prepare: good, run: verify, verify: verify, strict: true,
	}, {
		name: "verify base", prepare: good, strict: true,
		run:    func(dir string) error { return VerifyBase(Private(dir)) },
		verify: func(dir string) error { return VerifyBase(Private(dir)) },
	}}
	for name, prepare := range map[string]func(t *testing.T, dir string){
		"nothing":    func(*testing.T, string) {},
		"everything": good,
		"a squatted base": func(t *testing.T, dir string) {
			good(t, dir)
			must(t, os.Chown(dir+"/.private", bob, bob))
		},
		"a base to repair": func(t *testing.T, dir string) {
			good(t, dir)
			must(t, os.Chown(dir+"/.private", 0, bob))
			setFlag(t, dir+"/.private")
		},
		"a squatted directory": func(t *testing.T, dir string) {
			good(t, dir)
			must(t, os.Chown(dir+"/.private/61001", bob, bob))
		},
		"a directory that is open": func(t *testing.T, dir string) {
			good(t, dir)
			must(t, os.Chmod(dir+"/.private/61001", 0o755))
		},
	} {
		list = append(list, faulty{name: name, prepare: prepare, run: make(Private), verify: verify})
	}
	return list
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
			faulty{name: at, prepare: furnishAt, run: make, verify: verify},
			faulty{name: at + " to mend", prepare: func(t *testing.T, dir string) { furnishSpoilt(t, dir, at) }, run: make, verify: verify})
	}
	return list
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
func TestFaults(t *testing.T) { sweep(t, faultyCases()) }

// The same for what is mounted.
func TestFaultsInstance(t *testing.T) { sweep(t, instanceCases()) }

func sweep(t *testing.T, cases []faulty) {
	t.Helper()
	label, from, _ := strings.Cut(testas.Inside(), ":")
	for _, c := range cases {
		switch label {
		case "":
			t.Run(c.name, func(t *testing.T) { c.outside(t) })
		case c.name:
			n, err := strconv.Atoi(from)
			must(t, err)
			c.inside(t, n)
		}
	}
}

func (c faulty) outside(t *testing.T) {
	t.Helper()
	top := shared(t)
	must(t, os.Chmod(top, 0o755))
	prepared := 0
	for next := 0; next >= 0 && !t.Failed(); {
		for ; prepared <= next || prepared%batch != 0; prepared++ {
			dir := top + "/" + strconv.Itoa(prepared)
			must(t, os.Mkdir(dir, 0o755))
			must(t, os.Chmod(dir, 0o777|os.ModeSticky))
			c.prepare(t, dir)
		}
		out := testas.Run(t, testas.User{UID: alice, Caps: caps.Helper}, c.name+":"+strconv.Itoa(next), top)
		_, text, _ := strings.Cut(out, "next=")
		text, _, _ = strings.Cut(text, "=")
		var err error
		next, err = strconv.Atoi(text)
		must(t, err)
	}
}

// inside makes one call after the other fail, from number n on. A thread that
// could not change its capabilities is of no further use.
func (c faulty) inside(t *testing.T, n int) {
	t.Helper()
	runtime.LockOSThread()
	f := testas.NewFaults(t, nil, watched...)
	const mask = 0o27
	unix.Umask(mask)
	for changed := n > 0; ; n++ {
		dir := testas.Dir() + "/" + strconv.Itoa(n)
		if _, err := os.Lstat(dir); err != nil {
			t.Logf("next=%d=", n)
			return
		}
		if changed { // the next login
			last := testas.Dir() + "/" + strconv.Itoa(n-1)
			if err := errors.Join(c.run(last), c.verify(last)); err != nil {
				t.Fatalf("the next time after call %d failed: %v", n-1, err)
			}
		}
		f.Fail(n, unix.EIO)
		err := c.run(dir)
		call := f.Stop()
		changed = call != unix.SYS_OPENAT && call != unix.SYS_STATX
		if now := unix.Umask(mask); now != mask {
			t.Errorf("call %d (%d) fails: the umask is %o", n, call, now)
		}
		switch {
		case call < 0 && err != nil:
			t.Fatalf("nothing fails, and yet: %v", err)
		case call < 0:
			t.Logf("%d calls; next=-1=", n)
			return
		case err == nil && c.strict:
			t.Errorf("call %d (%d) fails, and nobody sees it", n, call)
		// EPERM: the append-only flag could not be taken away, which is told
		// by the step that needs it.
		case err != nil && !errors.Is(err, unix.EIO) && !errors.Is(err, unix.EPERM):
			t.Errorf("call %d (%d) fails with EIO: %v", n, call, err)
		}
		if squats, _ := filepath.Glob(dir + "/.private.squatted-*"); len(squats) > 0 && call != unix.SYS_UNLINKAT {
			var st unix.Stat_t
			if must(t, unix.Lstat(squats[0], &st)); len(squats) > 1 || st.Uid == 0 {
				t.Errorf("call %d (%d) fails: %v is left, %d's", n, call, squats, st.Uid)
			}
		}
		if call == unix.SYS_CAPSET || call == unix.SYS_CAPGET {
			t.Logf("next=%d=", n+1)
			return
		}
		if s, e := caps.Get(); e != nil || s.Effective != s.Permitted {
			t.Errorf("call %d (%d) fails: capabilities %+v, %v", n, call, s, e)
		}
		if uid, _ := unix.SetfsuidRetUid(-1); uid != alice {
			t.Errorf("call %d (%d) fails: the file-system uid is %d", n, call, uid)
		}
		if err == nil {
			if err := c.verify(dir); err != nil {
				t.Errorf("call %d (%d) fails, nobody sees it, and: %v", n, call, err)
			}
		}
	}
}
