package doctor

import (
	"errors"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/moby/sys/mountinfo"
	"golang.org/x/sys/unix"

	"tmpshell/internal/build"
	"tmpshell/internal/capset"
)

// checkMounts: the file systems of the programs let them be run, and let their
// capabilities count.
func checkMounts(m *machine, r *report) error {
	for _, p := range []struct {
		path  string
		needs capset.Set
	}{{build.Helper(), m.needs.Helper}, {build.Session(), m.needs.Session}, {build.Remover(), m.needs.Remover}, {build.Supervise(), 0}, {build.Launcher(), 0}} {
		mnt, err := mountOf(p.path)
		if errors.Is(err, fs.ErrNotExist) {
			r.note(p.path + " is missing")
			continue
		}
		if err != nil {
			return err
		}
		options := strings.Split(mnt.Options, ",")
		if slices.Contains(options, "nosuid") && p.needs != 0 {
			r.error(p.path+" is on "+mnt.Mountpoint+", which is mounted nosuid: its capabilities do nothing there",
				run("mount", "-o", "remount,bind,suid", mnt.Mountpoint))
		}
		if slices.Contains(options, "noexec") {
			r.error(p.path+" is on "+mnt.Mountpoint+", which is mounted noexec: nobody can run it",
				run("mount", "-o", "remount,bind,exec", mnt.Mountpoint))
		}
		if mnt.FSType == "overlay" && p.needs != 0 {
			r.note(p.path + " is on an overlay, " + mnt.Mountpoint + ": capabilities that were not set while its image was built are gone with its upper layer")
		}
	}
	r.otherwise("the programs are on file systems that let them be run with their capabilities")
	return nil
}

// mountOf finds the mount that a file is on. The kernel knows its number (Linux
// 5.8); before that, it is the last one of those that are nearest.
func mountOf(file string) (*mountinfo.Info, error) {
	real, err := filepath.EvalSymlinks(file)
	if err != nil {
		return nil, err
	}
	var x unix.Statx_t
	err = unix.Statx(unix.AT_FDCWD, real, unix.AT_STATX_DONT_SYNC, unix.STATX_MNT_ID, &x)
	if err != nil && !errors.Is(err, unix.ENOSYS) {
		return nil, &fs.PathError{Op: "statx", Path: real, Err: err}
	}
	mounts, err := mountinfo.GetMounts(mountinfo.ParentsFilter(real))
	if err != nil {
		return nil, err
	}
	var nearest *mountinfo.Info
	for _, mnt := range mounts {
		if x.Mask&unix.STATX_MNT_ID != 0 && uint64(mnt.ID) == x.Mnt_id {
			return mnt, nil
		}
		if nearest == nil || len(mnt.Mountpoint) >= len(nearest.Mountpoint) {
			nearest = mnt
		}
	}
	if nearest == nil {
		return nil, errors.New("no mount is known that " + real + " is on")
	}
	return nearest, nil
}
