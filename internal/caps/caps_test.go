package caps_test

import (
	"errors"
	"os"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"tmpshell/internal/caps"
	"tmpshell/internal/testas"
)

const user = 61001

func init() { runtime.LockOSThread() }

func get(t *testing.T) caps.State {
	t.Helper()
	s, err := caps.Get()
	if err != nil {
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
		testas.Run(t, testas.User{UID: user, Caps: caps.DACOverride | caps.SetUID}, "with", "/")
		return
	}
	locked(t, func() {
		err := caps.Quietly(func() error {
			if e := get(t).Effective; e != 0 {
				t.Errorf("in Quietly, %v is effective", e)
			}
			boom := errors.New("boom")
			err := caps.With(caps.DACOverride|caps.LinuxImmutable, func() error {
				if e := get(t).Effective; e != caps.DACOverride {
					t.Errorf("in With, %v is effective; want %v", e, caps.DACOverride)
				}
				return boom
			})
			if err != boom {
				t.Errorf("With() = %v; want the error of its function", err)
			}
			if e := get(t).Effective; e != 0 {
				t.Errorf("after With, %v is effective", e)
			}
			return nil
		})
		want := caps.DACOverride | caps.SetUID
		if s := get(t); err != nil || s.Effective != want || s.Permitted != want || s.Inheritable != want {
			t.Errorf("after Quietly: %v, %+v; want all sets %v", err, s, want)
		}
		if n, _ := unix.PrctlRetInt(unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_IS_SET, unix.CAP_SETUID, 0, 0); n != 1 {
			t.Error("the ambient set is gone")
		}
	})
}

// AsRoot has root's ids for files and no capability, and gives the ids back.
func TestAsRoot(t *testing.T) {
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
		testas.Run(t, testas.User{UID: user, Caps: caps.Helper}, "root", dir)
		testas.Run(t, testas.User{UID: user, Caps: caps.Helper &^ caps.SetGID}, "refused", dir)
		testas.Run(t, testas.User{UID: user, Caps: caps.Helper &^ caps.SetUID}, "refused", dir)
		testas.Run(t, testas.User{UID: user}, "refused", dir)
		return
	case "refused":
		locked(t, func() {
			err := caps.AsRoot(0, func() error { t.Error("AsRoot ran its function"); return nil })
			if !errors.Is(err, caps.ErrNotRoot) {
				t.Errorf("AsRoot() = %v; want ErrNotRoot", err)
			}
			wantIDs(t, user)
		})
		return
	}
	locked(t, func() {
		err := caps.AsRoot(0, func() error {
			wantIDs(t, 0)
			if e := get(t).Effective; e != 0 {
				t.Errorf("in AsRoot, %v is effective", e)
			}
			// DAC_OVERRIDE is permitted, and must not act.
			if f, err := os.Open(testas.Dir() + "/bobs"); err == nil {
				f.Close()
				t.Error("in AsRoot, another user's file of mode 0600 can be opened")
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
		wantIDs(t, user)
		if e := get(t).Effective; e != 0 {
			t.Errorf("after AsRoot, %v is effective", e)
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
		testas.Run(t, testas.User{UID: user, Caps: caps.Helper}, "drop", "/")
		return
	}
	locked(t, func() {
		if err := caps.Drop(); err != nil {
			t.Fatal(err)
		}
		if s := get(t); s.Effective != 0 || s.Permitted != 0 {
			t.Errorf("after Drop: %+v", s)
		}
		if err := caps.AsRoot(0, func() error { return nil }); err == nil {
			t.Error("AsRoot works after Drop")
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
		got, ok := caps.Parse(name)
		if !ok || got != 1<<number {
			t.Errorf("Parse(%q) = %#x, %v; want bit %d", name, uint64(got), ok, number)
		}
		if got.String() != strings.ToLower(name) {
			t.Errorf("String() = %q; want %q", got.String(), strings.ToLower(name))
		}
	}
	if _, ok := caps.Parse("cap_none"); ok {
		t.Error("Parse(cap_none) succeeded")
	}
	last, err := os.ReadFile("/proc/sys/kernel/cap_last_cap")
	if err == nil && strings.TrimSpace(string(last)) != "40" {
		t.Logf("this kernel's last capability is %s; package caps knows 40", last)
	}
}
