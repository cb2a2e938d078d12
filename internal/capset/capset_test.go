package capset_test

import (
	"errors"
	"os"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"tmpshell/internal/bare"
	"tmpshell/internal/capset"
	"tmpshell/internal/testas"
)

const user = 61001

func init() { runtime.LockOSThread() }

func get(t *testing.T) capset.State {
	t.Helper()
	s, trouble := capset.Get()
	if err := trouble.Err(); err != nil {
		t.Fatal(err)
	}
	return s
}

// locked runs a test body on a thread that is thrown away after it.
func locked(t *testing.T, body func()) {
	t.Helper()
	done := make(chan bool)
	go func() {
		runtime.LockOSThread()
		defer close(done)
		body()
	}()
	<-done
}

// With raises what is asked for and permitted, around the call and no longer.
func TestWith(t *testing.T) {
	if testas.Inside() == "" {
		testas.Root(t)
		testas.Run(t, testas.User{UID: user, Caps: capset.DACOverride | capset.SetUID}, "with", "/")
		return
	}
	locked(t, func() {
		want := capset.DACOverride | capset.SetUID
		before, trouble := capset.Quiet()
		if err := trouble.Err(); err != nil || before != want {
			t.Fatalf("Quiet: %v, %v", before, err)
		}
		if e := get(t).Effective; e != 0 {
			t.Errorf("after Quiet, %v is effective", e)
		}
		boom := bare.Broken("", "", "boom")
		got := capset.With(capset.DACOverride|capset.LinuxImmutable, func() bare.Trouble {
			if e := get(t).Effective; e != capset.DACOverride {
				t.Errorf("in With, %v is effective; want %v", e, capset.DACOverride)
			}
			return boom
		})
		if got != boom {
			t.Errorf("With() = %v; want the trouble of its function", got)
		}
		if e := get(t).Effective; e != 0 {
			t.Errorf("after With, %v is effective", e)
		}
		trouble = capset.Effective(before)
		if s := get(t); !trouble.OK() || s.Effective != want || s.Permitted != want || s.Inheritable != want {
			t.Errorf("after Effective: %v, %+v; want all sets %v", trouble, s, want)
		}
		if n, _ := unix.PrctlRetInt(unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_IS_SET, unix.CAP_SETUID, 0, 0); n != 1 {
			t.Error("the ambient set is gone")
		}
	})
}

// AsUser has root's ids for files and no capability, and gives the ids back.
func TestAsUser(t *testing.T) {
	switch testas.Inside() {
	case "":
		testas.Root(t)
		dir := t.TempDir()
		if err := os.WriteFile(dir+"/bobs", nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chown(dir+"/bobs", user+1, user+1); err != nil {
			t.Fatal(err)
		}
		testas.Run(t, testas.User{UID: user, Caps: capset.Helper}, "root", dir)
		testas.Run(t, testas.User{UID: user, Caps: capset.Helper &^ capset.SetGID}, "refused", dir)
		testas.Run(t, testas.User{UID: user, Caps: capset.Helper &^ capset.SetUID}, "refused", dir)
		testas.Run(t, testas.User{UID: user}, "refused", dir)
		return
	case "refused":
		locked(t, func() {
			trouble := capset.AsUser(0, 0, 0, func() bare.Trouble { t.Error("AsUser ran its function"); return bare.Trouble{} })
			if err := trouble.Err(); !errors.Is(err, unix.EPERM) {
				t.Errorf("AsUser() = %v; want %v", err, unix.EPERM)
			}
			wantIDs(t, user)
		})
		return
	}
	locked(t, func() {
		trouble := capset.AsUser(0, 0, 0, func() bare.Trouble {
			wantIDs(t, 0)
			if e := get(t).Effective; e != 0 {
				t.Errorf("in AsUser, %v is effective", e)
			}
			// DAC_OVERRIDE is permitted, and must not act.
			if f, err := os.Open(testas.Dir() + "/bobs"); err == nil {
				f.Close()
				t.Error("in AsUser, another user's file of mode 0600 can be opened")
			}
			return bare.Trouble{}
		})
		if err := trouble.Err(); err != nil {
			t.Error(err)
		}
		wantIDs(t, user)
		if e := get(t).Effective; e != 0 {
			t.Errorf("after AsUser, %v is effective", e)
		}
	})
}

func wantIDs(t *testing.T, want int) {
	t.Helper()
	uid, _ := unix.SetfsuidRetUid(-1)
	gid, _ := unix.SetfsgidRetGid(-1)
	if uid != want || gid != want {
		t.Errorf("file-system ids are %d:%d; want %d:%d", uid, gid, want, want)
	}
}

// Drop is for good.
func TestDrop(t *testing.T) {
	if testas.Inside() == "" {
		testas.Root(t)
		testas.Run(t, testas.User{UID: user, Caps: capset.Helper}, "drop", "/")
		return
	}
	locked(t, func() {
		if err := capset.Drop().Err(); err != nil {
			t.Fatal(err)
		}
		if s := get(t); s != (capset.State{}) {
			t.Errorf("after Drop: %+v", s)
		}
		if trouble := capset.AsUser(0, 0, 0, func() bare.Trouble { return bare.Trouble{} }); trouble.OK() {
			t.Error("AsUser works after Drop")
		}
	})
}

// The names must be those of the running kernel's headers, by number.
func TestNames(t *testing.T) {
	for name, number := range map[string]int{
		"cap_chown": unix.CAP_CHOWN, "CAP_NET_RAW": unix.CAP_NET_RAW, "cap_sys_admin": unix.CAP_SYS_ADMIN,
		"cap_linux_immutable": unix.CAP_LINUX_IMMUTABLE, "cap_setfcap": unix.CAP_SETFCAP,
		"cap_checkpoint_restore": unix.CAP_CHECKPOINT_RESTORE, "cap_bpf": unix.CAP_BPF,
	} {
		got, ok := capset.Parse(name)
		if !ok || got != 1<<number {
			t.Errorf("Parse(%q) = %#x, %v; want bit %d", name, uint64(got), ok, number)
		}
		var buf [64]byte
		text := bare.NewText(buf[:])
		if got.Tell(&text); text.String() != strings.ToLower(name) {
			t.Errorf("Tell: %q; want %q", text.String(), strings.ToLower(name))
		}
		if got.String() != strings.ToLower(name) {
			t.Errorf("String() = %q; want %q", got.String(), strings.ToLower(name))
		}
	}
	if _, ok := capset.Parse("cap_none"); ok {
		t.Error("Parse(cap_none) succeeded")
	}
	last, err := os.ReadFile("/proc/sys/kernel/cap_last_cap")
	if err == nil && strings.TrimSpace(string(last)) != "40" {
		t.Logf("this kernel's last capability is %s; package capset knows 40", last)
	}
}
