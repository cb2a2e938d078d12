package doctor

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"tmpshell/internal/making"
	"tmpshell/internal/needs"
)

// pretendSELinux makes a selinuxfs of plain files, whose policy knows every type: only
// the kernel's own refuses one.
func pretendSELinux(t *testing.T, enforce string) {
	t.Helper()
	old := selinuxfs
	t.Cleanup(func() { selinuxfs = old })
	selinuxfs = t.TempDir()
	for name, text := range map[string]string{"enforce": enforce, "mls": "1", "context": ""} {
		if err := os.WriteFile(selinuxfs+"/"+name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func selinux(t *testing.T, m *machine) []Result {
	t.Helper()
	return check{"selinux", checkSELinux}.examine(m)
}

func TestSELinuxOff(t *testing.T) {
	old := selinuxfs
	defer func() { selinuxfs = old }()
	selinuxfs = "/nowhere"
	if got := selinux(t, &machine{}); len(got) != 1 || got[0].Verdict != OK || got[0].Fact != "SELinux is off" {
		t.Errorf("%+v", got)
	}
}

func TestSELinuxLabels(t *testing.T) {
	shared := t.TempDir()
	base := shared + "/.private"
	if err := os.Mkdir(base, 0o711); err != nil {
		t.Fatal(err)
	}
	for path, label := range map[string]string{shared: "system_u:object_r:tmp_t:s0", base: "unconfined_u:object_r:user_tmp_t:s0"} {
		if err := unix.Setxattr(path, "security.selinux", []byte(label+"\x00"), 0); err != nil {
			t.Skipf("no security labels, as on a tmpfs without root: %v", err)
		}
	}
	m := &machine{needs: needs.Needs{Bases: []making.Base{making.Base(shared)}}}
	for enforce, want := range map[string]Verdict{"1": Warning, "0": Note} {
		pretendSELinux(t, enforce)
		got := selinux(t, m)
		if len(got) != 1 || got[0].Verdict != want || !strings.Contains(got[0].Fact, base+" has the label unconfined_u:object_r:user_tmp_t:s0") || got[0].Fix != setUp {
			t.Errorf("enforce %s: %+v", enforce, got)
		}
	}
}

// A policy that does not know the type: the kernel says EINVAL, as a directory's write does
// not, so that the verdict is the one of a machine where it cannot be known.
func TestSELinuxModule(t *testing.T) {
	pretendSELinux(t, "1")
	if loaded, known := isModuleLoaded(); !loaded || !known {
		t.Errorf("a policy that knows the type: %v, %v", loaded, known)
	}
	if err := os.Remove(filepath.Join(selinuxfs, "context")); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(selinuxfs, "context"), 0o700); err != nil {
		t.Fatal(err)
	}
	if loaded, known := isModuleLoaded(); loaded || known {
		t.Errorf("a kernel that may not be asked: %v, %v", loaded, known)
	}
}
