package caps_test

import (
	"io/fs"
	"os"
	"slices"
	"testing"

	"golang.org/x/sys/unix"

	"tmpshell/internal/caps"
	"tmpshell/internal/testas"
)

func TestHas(t *testing.T) {
	for _, c := range []struct {
		set, need caps.Set
		want      bool
	}{
		{caps.Helper, caps.SetUID, true}, {caps.Helper, caps.Helper, true}, {caps.Helper, 0, true}, {0, 0, true},
		{caps.Helper, caps.SysAdmin, false}, {caps.Helper, caps.SetUID | caps.SysAdmin, false}, {0, caps.SetUID, false},
	} {
		if got := c.set.Has(c.need); got != c.want {
			t.Errorf("%q has %q: %v", c.set, c.need, got)
		}
	}
}

func TestEach(t *testing.T) {
	var got []caps.Set
	for one := range (caps.SysAdmin | caps.SetGID | caps.DACOverride).Each() {
		if one == caps.SysAdmin {
			break
		}
		got = append(got, one)
	}
	if want := []caps.Set{caps.DACOverride, caps.SetGID}; !slices.Equal(got, want) {
		t.Errorf("%v; want %v", got, want)
	}
}

// What a set of the thread holds is told of those alone that are asked for.
func TestAmbientAndBounding(t *testing.T) {
	const setpcap caps.Set = 1 << unix.CAP_SETPCAP
	if testas.Inside() == "" {
		testas.Root(t)
		testas.Run(t, testas.User{UID: user, Caps: held | setpcap}, "look", "/")
		return
	}
	locked(t, func() {
		const dropped = caps.SysAdmin | 1<<unix.CAP_MAC_ADMIN // one in each word
		for _, n := range []uintptr{unix.CAP_SYS_ADMIN, unix.CAP_MAC_ADMIN} {
			if err := unix.Prctl(unix.PR_CAPBSET_DROP, n, 0, 0, 0); err != nil {
				t.Fatal(err)
			}
		}
		for asked, want := range map[caps.Set]caps.Set{held: held, given: given, given | caps.SysAdmin: given, caps.SysAdmin: 0, 0: 0} {
			if got := caps.Ambient(asked); got != want {
				t.Errorf("of %v, %v is ambient; want %v", asked, got, want)
			}
			if got := caps.Bounding(asked); got != want {
				t.Errorf("of %v, %v is in the bounding set; want %v", asked, got, want)
			}
		}
		if got := caps.Bounding(held | dropped); got != held {
			t.Errorf("the bounding set has %v", got)
		}
		if got := caps.Unknown(held | dropped); got != 0 {
			t.Errorf("the kernel does not know %v", got)
		}
		// The first that is asked for is newer than the kernel.
		f := testas.NewFaults(t, nil, unix.SYS_PRCTL)
		for _, c := range []struct {
			name string
			ask  func(caps.Set) caps.Set
			want caps.Set
		}{
			{"Unknown", caps.Unknown, caps.DACOverride},
			{"Bounding", caps.Bounding, held &^ caps.DACOverride},
			{"Ambient", caps.Ambient, held &^ caps.DACOverride},
		} {
			f.Fail(0, unix.EINVAL)
			if got := c.ask(held); got != c.want {
				t.Errorf("%s: %v; want %v", c.name, got, c.want)
			}
		}
	})
}

// Grant grants all or nothing.
func TestGrantMissing(t *testing.T) {
	if testas.Inside() == "" {
		testas.Root(t)
		testas.Run(t, testas.User{UID: user, Caps: given}, "grant", "/")
		return
	}
	locked(t, func() {
		set(t, caps.State{Permitted: given, Inheritable: caps.DACOverride})
		before := look(t)
		err := caps.Grant(given | caps.SetUID)
		if pe, ok := err.(*fs.PathError); !ok || pe.Path != "cap_setuid" {
			t.Errorf("cap_setuid is missing, and the error is %v", err)
		}
		if now := look(t); now != before {
			t.Errorf("afterwards: %+v", now)
		}
		if err := caps.Grant(caps.LinuxImmutable); err != nil {
			t.Error(err)
		}
		before.Inheritable, before.ambient = given, given
		if now := look(t); now != before {
			t.Errorf("after the grant: %+v; want %+v", now, before)
		}
	})
}

// An execve(2) as root is not to be one that gains privilege.
func TestKeepOfRoot(t *testing.T) {
	testas.Root(t)
	locked(t, func() {
		before := look(t)
		if err := caps.KeepOf(0); err != nil || look(t) != before {
			t.Errorf("%v, %+v", err, look(t))
		}
	})
}

// Half of root's ids is not root's.
func TestAsRootByHalf(t *testing.T) {
	if testas.Inside() == "" {
		testas.Root(t)
		testas.Run(t, testas.User{UID: user, Caps: held}, "half", "/")
		return
	}
	for _, half := range []func(){
		func() { _ = unix.Setfsuid(0) },
		func() { _ = unix.Setfsgid(0) },
	} {
		locked(t, func() {
			half()
			set(t, quiet)
			before := look(t)
			err := caps.AsRoot(0, func() error { wantIDs(t, 0); return nil })
			if now := look(t); err != nil || now != before || now.fsuid == now.fsgid {
				t.Errorf("%v; afterwards %+v; want %+v", err, now, before)
			}
		})
	}
}

func TestOfFile(t *testing.T) {
	testas.Root(t)
	path := t.TempDir() + "/program"
	if err := os.WriteFile(path, nil, 0o755); err != nil {
		t.Fatal(err)
	}
	if got := caps.OfFile(path); got != 0 {
		t.Errorf("without capabilities: %v", got)
	}
	const want = caps.SetUID | 1<<unix.CAP_MAC_ADMIN
	// Revision 2: permitted and inheritable, low words first.
	xattr := []byte{0, 0, 0, 2, 0x80, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0}
	if err := unix.Setxattr(path, "security.capability", xattr, 0); err != nil {
		t.Fatal(err)
	}
	if got := caps.OfFile(path); got != want {
		t.Errorf("%v; want %v", got, want)
	}
}
