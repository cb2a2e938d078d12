package capset_test

import (
	"errors"
	"os"
	"slices"
	"testing"

	"golang.org/x/sys/unix"

	"tmpshell/internal/bare"
	"tmpshell/internal/capset"
	"tmpshell/internal/testas"
)

func TestHas(t *testing.T) {
	for _, c := range []struct {
		set, need capset.Set
		want      bool
	}{
		{capset.Helper, capset.SetUID, true}, {capset.Helper, capset.Helper, true}, {capset.Helper, 0, true}, {0, 0, true},
		{capset.Helper, capset.SysAdmin, false}, {capset.Helper, capset.SetUID | capset.SysAdmin, false}, {0, capset.SetUID, false},
	} {
		if got := c.set.Has(c.need); got != c.want {
			t.Errorf("%q has %q: %v", c.set, c.need, got)
		}
	}
}

func TestEach(t *testing.T) {
	var got []capset.Set
	for one := range (capset.SysAdmin | capset.SetGID | capset.DACOverride).Each() {
		if one == capset.SysAdmin {
			break
		}
		got = append(got, one)
	}
	if want := []capset.Set{capset.DACOverride, capset.SetGID}; !slices.Equal(got, want) {
		t.Errorf("%v; want %v", got, want)
	}
}

// What a set of the thread holds is told of those alone that are asked for.
func TestAmbientAndBounding(t *testing.T) {
	const setpcap capset.Set = 1 << unix.CAP_SETPCAP
	if testas.Inside() == "" {
		testas.Root(t)
		testas.Run(t, testas.User{UID: user, Caps: held | setpcap}, "look", "/")
		return
	}
	locked(t, func() {
		const dropped = capset.SysAdmin | 1<<unix.CAP_MAC_ADMIN // one in each word
		for _, n := range []uintptr{unix.CAP_SYS_ADMIN, unix.CAP_MAC_ADMIN} {
			if err := unix.Prctl(unix.PR_CAPBSET_DROP, n, 0, 0, 0); err != nil {
				t.Fatal(err)
			}
		}
		for asked, want := range map[capset.Set]capset.Set{held: held, given: given, given | capset.SysAdmin: given, capset.SysAdmin: 0, 0: 0} {
			if got := capset.Ambient(asked); got != want {
				t.Errorf("of %v, %v is ambient; want %v", asked, got, want)
			}
			if got := capset.Bounding(asked); got != want {
				t.Errorf("of %v, %v is in the bounding set; want %v", asked, got, want)
			}
		}
		if got := capset.Bounding(held | dropped); got != held {
			t.Errorf("the bounding set has %v", got)
		}
		if got := capset.Unknown(held | dropped); got != 0 {
			t.Errorf("the kernel does not know %v", got)
		}
		// The first that is asked for is newer than the kernel.
		f := testas.NewFaults(t, nil, unix.SYS_PRCTL)
		for _, c := range []struct {
			name string
			ask  func(capset.Set) capset.Set
			want capset.Set
		}{
			{"Unknown", capset.Unknown, capset.DACOverride},
			{"Bounding", capset.Bounding, held &^ capset.DACOverride},
			{"Ambient", capset.Ambient, held &^ capset.DACOverride},
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
		set(t, capset.State{Permitted: given, Inheritable: capset.DACOverride})
		before := look(t)
		if err := capset.Grant(given | capset.SetUID).Err(); !errors.Is(err, unix.EPERM) {
			t.Errorf("cap_setuid is missing, and the error is %v", err)
		}
		if now := look(t); now != before {
			t.Errorf("afterwards: %+v", now)
		}
		if err := capset.Grant(capset.LinuxImmutable).Err(); err != nil {
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
		if err := capset.Keep(0).Err(); err != nil || look(t) != before {
			t.Errorf("%v, %+v", err, look(t))
		}
	})
}

// Half of root's ids is not root's.
func TestAsUserByHalf(t *testing.T) {
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
			trouble := capset.AsUser(0, 0, 0, func() bare.Trouble { wantIDs(t, 0); return bare.Trouble{} })
			if now := look(t); !trouble.OK() || now != before || now.fsuid == now.fsgid {
				t.Errorf("%v; afterwards %+v; want %+v", trouble.Err(), now, before)
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
	if got := capset.OfFile(path); got != 0 {
		t.Errorf("without capabilities: %v", got)
	}
	const want = capset.SetUID | 1<<unix.CAP_MAC_ADMIN
	// Revision 2: permitted and inheritable, low words first.
	xattr := []byte{0, 0, 0, 2, 0x80, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0}
	if err := unix.Setxattr(path, "security.capability", xattr, 0); err != nil {
		t.Fatal(err)
	}
	if got := capset.OfFile(path); got != want {
		t.Errorf("%v; want %v", got, want)
	}
	// What belongs to another user namespace gives nothing here.
	other := append(append([]byte{0, 0, 0, 3}, xattr[4:]...), 0xa0, 0x86, 1, 0)
	if err := unix.Setxattr(path, "security.capability", other, 0); err != nil {
		t.Fatal(err)
	}
	if got := capset.OfFile(path); got != 0 {
		t.Errorf("for another user namespace: %v", got)
	}
	if got := capset.OfFile(path + "-none"); got != 0 {
		t.Errorf("of no file: %v", got)
	}
}
