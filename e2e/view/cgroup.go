package view

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// cgroupVar tells a view the cgroup that it has for itself.
const cgroupVar = KeptVars + "CGROUP"

// EnterWithCgroup is Enter with a cgroup of version 2 for the test, for an init
// system that makes others below it. They are the machine's, and outlive processes: a
// process outside of the test removes them when it ends or is killed.
func EnterWithCgroup(t *testing.T) bool {
	t.Helper()
	return enter(t, func() []string {
		name := filepath.Join(ownCgroup(t), fmt.Sprintf("tmpshell-view-%d-%s", os.Getpid(), t.Name()))
		startKeeper(t, "cgroup "+name)
		return []string{cgroupVar + "=" + name}
	})
}

// ownCgroup is the path of the caller's own in the hierarchy of version 2.
func ownCgroup(t testing.TB) string {
	t.Helper()
	own, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(own)) {
		if path, ok := strings.CutPrefix(strings.TrimSpace(line), "0::"); ok {
			return path
		}
	}
	Missing(t, "cgroups of version 2, see cgroups(7)")
	return ""
}

// OpenCgroup is a directory by which the caller reaches a cgroup below its own.
func OpenCgroup(t testing.TB, name string) string {
	t.Helper()
	dir, err := cgroups()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(dir) })
	return fmt.Sprintf("/proc/self/fd/%d%s", dir, filepath.Join(ownCgroup(t), name))
}

// Cgroup is where the view of EnterWithCgroup has its cgroup.
func Cgroup(t testing.TB) string {
	t.Helper()
	dir, err := cgroups()
	if err != nil {
		t.Fatal(err)
	}
	const at = "/run/tmpshell-cgroup"
	err = errors.Join(os.MkdirAll(at, 0o755),
		unix.MoveMount(dir, "", unix.AT_FDCWD, at, unix.MOVE_MOUNT_F_EMPTY_PATH), unix.Close(dir))
	if err != nil {
		t.Fatal(err)
	}
	return at + os.Getenv(cgroupVar)
}

// cgroups opens the hierarchy, wherever and whether the machine has it mounted.
func cgroups() (int, error) {
	fs, err := unix.Fsopen("cgroup2", unix.FSOPEN_CLOEXEC)
	if err != nil {
		return -1, os.NewSyscallError("fsopen cgroup2", err)
	}
	defer unix.Close(fs)
	if err := unix.FsconfigCreate(fs); err != nil {
		return -1, os.NewSyscallError("fsconfig cgroup2", err)
	}
	dir, err := unix.Fsmount(fs, unix.FSMOUNT_CLOEXEC, unix.MOUNT_ATTR_NOSUID|unix.MOUNT_ATTR_NODEV|unix.MOUNT_ATTR_NOEXEC)
	return dir, os.NewSyscallError("fsmount cgroup2", err)
}

// keepCgroup is the keeper: see keeper.go.
func keepCgroup(name string, kept func()) error {
	dir, err := cgroups()
	if err != nil {
		return err
	}
	name = fmt.Sprintf("/proc/self/fd/%d%s", dir, name)
	if err := os.Mkdir(name, 0o755); err != nil {
		return err
	}
	kept()
	// Who is left in it is of a view that ends. (Before Linux 5.14 there is no such
	// file, and what has ended the view ends them.)
	_ = os.WriteFile(name+"/cgroup.kill", []byte("1"), 0)
	for err = unix.EBUSY; errors.Is(err, unix.EBUSY); time.Sleep(10 * time.Millisecond) {
		err = removeCgroup(name)
	}
	return err
}

// removeCgroup removes a cgroup and those below it.
func removeCgroup(name string) error {
	entries, err := os.ReadDir(name)
	for _, e := range entries {
		if e.IsDir() {
			err = errors.Join(err, removeCgroup(filepath.Join(name, e.Name())))
		}
	}
	if err == nil {
		err = unix.Rmdir(name)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
