package capset_test

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"tmpshell/internal/bare"
	"tmpshell/internal/capset"
	"tmpshell/internal/testas"
)

// thread is what /proc says of the calling thread.
type thread struct {
	capset.State
	ambient      capset.Set
	fsuid, fsgid int
}

func look(t *testing.T) (l thread) {
	t.Helper()
	text, err := os.ReadFile("/proc/thread-self/status")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		key, value, _ := strings.Cut(line, ":")
		ids := strings.Fields(value)
		switch key {
		case "Uid":
			l.fsuid, err = strconv.Atoi(ids[3])
		case "Gid":
			l.fsgid, err = strconv.Atoi(ids[3])
		case "CapInh":
			_, err = fmt.Sscanf(value, "%x", &l.Inheritable)
		case "CapPrm":
			_, err = fmt.Sscanf(value, "%x", &l.Permitted)
		case "CapEff":
			_, err = fmt.Sscanf(value, "%x", &l.Effective)
		case "CapAmb":
			_, err = fmt.Sscanf(value, "%x", &l.ambient)
		}
		if err != nil {
			t.Fatal(line, err)
		}
	}
	return l
}

// set changes sets of the calling thread, without this package's help.
func set(t *testing.T, s capset.State) {
	t.Helper()
	data := [2]unix.CapUserData{{Effective: uint32(s.Effective), Permitted: uint32(s.Permitted), Inheritable: uint32(s.Inheritable)}}
	hdr := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	if err := unix.Capset(&hdr, &data[0]); err != nil {
		t.Fatal(err)
	}
}

const (
	held  = capset.Helper | capset.LinuxImmutable
	given = capset.DACOverride | capset.LinuxImmutable
)

// operation is one of which each system call is made to fail.
type operation struct {
	// before is what the thread starts with; without it, held in every set.
	before capset.State
	// inside is what f must find, if it is called.
	inside thread
	run    func(f func() bare.Trouble) bare.Trouble
	// good is what there is afterwards, if all is well.
	good thread
}

var (
	quiet = capset.State{Permitted: held, Inheritable: held}
	all   = capset.State{Effective: held, Permitted: held, Inheritable: held}

	operations = map[string]operation{
		"With": {
			before: quiet,
			inside: thread{capset.State{Effective: capset.DACOverride, Permitted: held, Inheritable: held}, held, user, user},
			run:    func(f func() bare.Trouble) bare.Trouble { return capset.With(capset.DACOverride|capset.SysAdmin, f) },
			good:   thread{quiet, held, user, user},
		},
		"AsUser": {
			before: quiet,
			inside: thread{capset.State{Effective: capset.LinuxImmutable, Permitted: held, Inheritable: held}, held, 0, 0},
			run:    func(f func() bare.Trouble) bare.Trouble { return capset.AsUser(0, 0, capset.LinuxImmutable, f) },
			good:   thread{quiet, held, user, user},
		},
		"Quiet": {
			before: all,
			inside: thread{quiet, held, user, user},
			run: func(f func() bare.Trouble) bare.Trouble {
				before, t := capset.Quiet()
				if t.OK() {
					f()
					t = capset.Effective(before)
				}
				return t
			},
			good: thread{all, held, user, user},
		},
		"Drop": {
			before: all,
			run:    func(func() bare.Trouble) bare.Trouble { return capset.Drop() },
			good:   thread{capset.State{}, 0, user, user},
		},
		// The ambient set is what the thread would have without the file.
		"Keep": {
			before: capset.State{Effective: held, Permitted: held, Inheritable: held &^ given},
			run:    func(func() bare.Trouble) bare.Trouble { return capset.Keep(capset.LinuxImmutable) },
			good: thread{capset.State{
				Effective: held &^ capset.DACOverride, Permitted: held &^ capset.DACOverride, Inheritable: held &^ given,
			}, held &^ given, user, user},
		},
		"Grant": {
			before: capset.State{Effective: held, Permitted: held, Inheritable: held &^ given},
			run:    func(func() bare.Trouble) bare.Trouble { return capset.Grant(given | capset.SetUID) },
			good:   thread{all, held, user, user},
		},
	}
)

// asking tells that a call changes nothing. setfsuid(2) with an id that cannot
// be is how the id is asked for.
func asking(call int, args [6]uint64) bool {
	switch call {
	case bare.SysSetFSUID, bare.SysSetFSGID:
		return uint32(args[0]) == ^uint32(0)
	case unix.SYS_PRCTL:
		return args[0] != unix.PR_CAP_AMBIENT || args[1] != unix.PR_CAP_AMBIENT_RAISE
	}
	return false
}

// TestFaults makes the system calls of each operation fail, one in each run, or
// answer that they have done what they have not. It must be told; f must never
// run with more or with less; and where the thread is left with privilege,
// nothing more must be done with it.
func TestFaults(t *testing.T) {
	if inside := strings.Split(testas.Inside(), ":"); inside[0] != "" {
		n, err := strconv.Atoi(inside[1])
		if err != nil {
			t.Fatal(err)
		}
		locked(t, func() { operations[inside[0]].fault(t, n, inside[2] == "pretended") })
		return
	}
	testas.Root(t)
	for name := range operations {
		for _, how := range []string{"failed", "pretended"} {
			for n, more := 0, true; more && !t.Failed(); n++ {
				out := testas.Run(t, testas.User{UID: user, Caps: held}, fmt.Sprint(name, ":", n, ":", how), "/")
				more = !strings.Contains(out, "nothing fails")
			}
		}
	}
}

func (o operation) fault(t *testing.T, n int, pretended bool) {
	calls, errno := []int{unix.SYS_CAPGET, unix.SYS_CAPSET, unix.SYS_PRCTL}, unix.EIO
	if pretended {
		calls, errno = []int{unix.SYS_CAPSET, bare.SysSetFSUID, bare.SysSetFSGID, unix.SYS_PRCTL}, syscall.Errno(0)
	}
	set(t, o.before)
	before := look(t)
	less := before // of which nothing acts
	less.Effective = 0
	f := testas.NewFaults(t, asking, calls...)
	f.Fail(n, errno)
	ran := false
	trouble := o.run(func() bare.Trouble {
		ran = true
		if l := look(t); l != o.inside {
			t.Errorf("f finds %+v; want %+v", l, o.inside)
		}
		return bare.Trouble{}
	})
	err := trouble.Err()
	call := f.Stop()
	after := look(t)
	switch {
	case call < 0 && (err != nil || after != o.good || ran != (o.inside.fsuid+o.inside.fsgid+int(o.inside.Permitted) != 0)):
		t.Errorf("nothing fails, and yet: %v, f was called: %v, afterwards %+v", err, ran, after)
	case call < 0:
		t.Log("nothing fails")
	case err == nil:
		t.Errorf("call %d (%d) fails, and nobody is told", n, call)
	case !pretended && !errors.Is(err, unix.EIO):
		t.Errorf("call %d (%d) fails with EIO: %v", n, call, err)
	case trouble.Kind() == bare.Lost:
		never := func() bare.Trouble { t.Error("privilege is used after it was lost"); return bare.Trouble{} }
		f.Fail(0, unix.EIO)
		nothing := []bare.Trouble{capset.With(0, never), capset.AsUser(0, 0, 0, never), capset.Keep(0)}
		if call := f.Stop(); call >= 0 {
			t.Errorf("call %d is made after privilege was lost", call)
		}
		for _, again := range nothing {
			if again.Kind() != bare.Lost {
				t.Errorf("call %d (%d) fails, and privilege is lost; the next trouble is %v", n, call, again.Err())
			}
		}
	case after != before && after != o.good && after != less:
		t.Errorf("call %d (%d) fails (%v), and leaves %+v", n, call, err, after)
	}
}
