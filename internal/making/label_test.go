package making

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"tmpshell/internal/capset"
	"tmpshell/internal/private"
	"tmpshell/internal/sys"
)

const (
	sharedLabel = "system_u:object_r:tmp_t:s0"
	otherLabel  = "system_u:object_r:var_lib_t:s0"
)

// pretendSELinux stands in for the kernel's, which few machines have: what is made while
// a label is set gets it, and labels are attributes of a file, which root may write.
func pretendSELinux(t *testing.T, top string) {
	t.Helper()
	oldKnows, oldWith, oldSet := knowsLabel, withLabel, setLabel
	t.Cleanup(func() { knowsLabel, withLabel, setLabel = oldKnows, oldWith, oldSet })
	if err := unix.Setxattr(top, "security.selinux", []byte(otherLabel+"\x00"), 0); err != nil {
		t.Skipf("no security labels on the file system of %s: %v", top, err)
	}
	knowsLabel = func(string) (bool, error) { return true, nil }
	withLabel = func(label string, f func() error) error {
		before := everything(top)
		err := f()
		if label == "" {
			return err
		}
		return errors.Join(err, with(capset.SysAdmin|capset.DACOverride, func() error {
			for path := range everything(top) {
				if !before[path] {
					err = errors.Join(err, unix.Lsetxattr(path, "security.selinux", []byte(label+"\x00"), 0))
				}
			}
			return err
		}))
	}
	setLabel = func(fd int, label string) error {
		return with(capset.SysAdmin|capset.FOwner, func() error { return sys.SetLabel(fd, label) })
	}
}

func everything(top string) map[string]bool {
	all := make(map[string]bool)
	_ = filepath.WalkDir(top, func(path string, _ fs.DirEntry, _ error) error {
		all[path] = true
		return nil
	})
	return all
}

func setLabelOf(t *testing.T, path, label string) {
	t.Helper()
	must(t, unix.Setxattr(path, "security.selinux", []byte(label+"\x00"), 0))
}

func expectLabel(t *testing.T, when, path, want string) {
	t.Helper()
	buf := make([]byte, 256)
	n, err := unix.Lgetxattr(path, "security.selinux", buf)
	if errors.Is(err, unix.ENODATA) {
		n, err = 0, nil
	}
	must(t, err)
	if got := strings.TrimRight(string(buf[:n]), "\x00"); got != want {
		t.Errorf("%s: %s has the label %q; want %q", when, path, got, want)
	}
}

// What stands for a directory has its label; what it is kept in has not; and one with
// another label, as of an earlier version, gets it.
func TestLabels(t *testing.T) {
	dir := shared(t)
	top := filepath.Dir(dir)
	pretendSELinux(t, top)
	own := filepath.Join(top, "own")
	must(t, os.Mkdir(own, 0o755))
	setLabelOf(t, dir, sharedLabel)
	setLabelOf(t, own, "system_u:object_r:own_t:s0")
	use := func() {
		t.Helper()
		for what, make := range map[string]func(*Maker) error{
			"env":      func(m *Maker) error { return m.Env(dir) },
			"instance": func(m *Maker) error { return m.Instance(instanceIn(dir, ".meet/")) },
			"own": func(m *Maker) error {
				return m.Instance(private.Instance{At: own, Store: top + "/store", Run: top + "/run"})
			},
		} {
			if notices, err := made(alice, make); err != nil || len(notices) > 0 {
				t.Fatalf("%s: %v, %q", what, err, notices)
			}
		}
	}
	labelled := map[string]string{
		dir + "/.private":       sharedLabel,
		dir + "/.private/41001": sharedLabel,
		top + "/store/41001/" + of(instanceIn(dir, "")).name: sharedLabel,
		top + "/store/41001/" + of(instanceIn(own, "")).name: "system_u:object_r:own_t:s0",
	}
	for _, when := range []string{"new", "with another label"} {
		use()
		for path, want := range labelled {
			expectLabel(t, when, path, want)
			setLabelOf(t, path, otherLabel)
		}
	}
	_, err := made(0, func(m *Maker) error { return m.Places(instanceIn(dir, "")) })
	must(t, err)
	expectLabel(t, "after setup", top+"/store/41001/"+of(instanceIn(dir, "")).name, sharedLabel)
	expectLabel(t, "made in the shared directory", dir+"/.meet", sharedLabel)
	for _, path := range []string{top + "/store", top + "/store/41001", top + "/run", top + "/run/sessions"} {
		expectLabel(t, "not labelled", path, "")
	}
}

// Where the label cannot be given, there is no directory that a session would use and
// could not write to; and one that is there stays, and is reported.
func TestLabelRefused(t *testing.T) {
	dir := shared(t)
	pretendSELinux(t, filepath.Dir(dir))
	setLabelOf(t, dir, sharedLabel)
	pretended := withLabel
	withLabel = func(label string, f func() error) error {
		if label != "" {
			return &fs.PathError{Op: "write", Path: "fscreate", Err: unix.EACCES}
		}
		return f()
	}
	_, err := made(alice, func(m *Maker) error { return m.Env(dir) })
	if !errors.Is(err, unix.EACCES) {
		t.Errorf("a label that may not be given: %v", err)
	}
	expect(t, "a label that may not be given", dir+"/.private", "no such file or directory")

	withLabel = pretended
	_, err = made(alice, func(m *Maker) error { return m.Env(dir) })
	must(t, err)
	setLabelOf(t, dir+"/.private", otherLabel)
	setLabel = func(int, string) error { return unix.EACCES }
	notices, err := made(alice, func(m *Maker) error { return m.Env(dir) })
	if err != nil || len(notices) != 1 || !strings.Contains(notices[0], otherLabel) {
		t.Errorf("a base with another label: %v, %q", err, notices)
	}
}

// On a machine without SELinux a label that is on the disk is another boot's.
func TestLabelsOff(t *testing.T) {
	dir := shared(t)
	if err := unix.Setxattr(dir, "security.selinux", []byte("of_another:boot:s0\x00"), 0); err != nil {
		t.Skipf("no security labels here: %v", err)
	}
	if notices, err := made(alice, func(m *Maker) error { return m.Env(dir) }); err != nil || len(notices) > 0 {
		t.Errorf("%v, %q", err, notices)
	}
	expectLabel(t, "SELinux off", dir+"/.private", "")
}
