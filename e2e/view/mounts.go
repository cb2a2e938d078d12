package view

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// overlaid are the trees that a test may write to. Below them the machine's
// own files show through; the rest of the machine is read-only.
var overlaid = []string{"/etc", "/usr", "/var", "/home", "/root"}

// stage is where the view's tmpfs is mounted while it is being built. The
// fresh /run covers it afterwards.
const stage = "/run"

// Written is where a view has, below the names of the overlaid directories, what
// has been written to them since the view was made, and nothing of the machine's
// own. Only root looks at it; it is read-only there.
const Written = "/run/tmpshell-written"

// build makes the calling process's mount and network namespaces the view.
func build() error {
	unix.Umask(0o022) // whatever the user's is
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("make / private: %w", err)
	}
	kept, err := keepVisible()
	if err != nil {
		return err
	}
	if err := mount("proc", "/proc", "proc", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, ""); err != nil {
		return err
	}
	foreign, err := emulate()
	if err != nil {
		return err
	}
	if err := readOnly("/"); err != nil {
		return err
	}
	if err := mount("view", stage, "tmpfs", unix.MS_NODEV, "mode=755"); err != nil {
		return err
	}
	for _, dir := range overlaid {
		if err := overlay(dir, foreign); err != nil {
			return err
		}
	}
	if err := makeDev(foreign); err != nil {
		return err
	}
	written, err := keep(filepath.Join(stage, "upper"), Written)
	if err != nil {
		return err
	}
	kept = append(kept, written)
	fresh := []struct{ dir, options string }{
		{"/tmp", "mode=1777"},
		{"/run", "mode=755"},
	}
	for _, f := range fresh {
		if err := mount("view", f.dir, "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, f.options); err != nil {
			return err
		}
	}
	// What the machine has mounted in its /sys, such as tracefs, would be in mountinfo
	// still, and podman takes it away from a container's. In a user namespace it stays.
	if err := unix.Unmount("/sys", unix.MNT_DETACH); err != nil && !errors.Is(err, unix.EINVAL) {
		return fmt.Errorf("umount /sys: %w", err)
	}
	if err := mount("sysfs", "/sys", "sysfs", unix.MS_RDONLY, ""); err != nil {
		return err
	}
	for _, k := range kept {
		if err := k.restore(); err != nil {
			return err
		}
	}
	return furnish()
}

// overlay makes dir writable; what is written stays in the stage's tmpfs.
func overlay(dir string, foreign bool) error {
	info, err := os.Stat(dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	upper := filepath.Join(stage, "upper", dir)
	work := filepath.Join(stage, "work", dir)
	if err := errors.Join(os.MkdirAll(upper, 0o755), os.MkdirAll(work, 0o755)); err != nil {
		return err
	}
	// The root of an overlay has the mode of its upper directory.
	if err := os.Chmod(upper, info.Mode().Perm()); err != nil {
		return err
	}
	options := fmt.Sprintf("lowerdir=%s,upperdir=%s,workdir=%s", dir, upper, work)
	if !foreign {
		return mount("overlay", dir, "overlay", 0, options)
	}
	// A user namespace has attributes of its own, and shows no lower directory in
	// which something is mounted. Of homes nothing is needed.
	err = mount("overlay", dir, "overlay", 0, options+",userxattr")
	if errors.Is(err, unix.EINVAL) && (dir == "/root" || dir == "/home") {
		return mount("view", dir, "tmpfs", unix.MS_NODEV, fmt.Sprintf("mode=%o", info.Mode().Perm()))
	}
	return err
}

func readOnly(dir string) error {
	attr := unix.MountAttr{Attr_set: unix.MOUNT_ATTR_RDONLY}
	err := unix.MountSetattr(unix.AT_FDCWD, dir, 0, &attr)
	if err == unix.ENOSYS { // before Linux 5.12
		err = unix.Mount("", dir, "", unix.MS_REMOUNT|unix.MS_BIND|unix.MS_RDONLY, "")
	}
	if err != nil {
		return &os.PathError{Op: "mount_setattr read-only", Path: dir, Err: err}
	}
	return nil
}

func mount(source, target, fstype string, flags uintptr, data string) error {
	if err := unix.Mount(source, target, fstype, flags, data); err != nil {
		return &os.PathError{Op: "mount " + fstype + " (" + data + ")", Path: target, Err: err}
	}
	return nil
}
