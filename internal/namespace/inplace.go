package namespace

import (
	"path"
	"strings"

	"golang.org/x/sys/unix"

	"tmpshell/internal/dirs"
	"tmpshell/internal/sys"
)

// inPlace tells whether a directory is the session's own already: a login inside
// a session of the same user leaves everything as it is.
func (d Directory) inPlace(uid uint32) (bool, error) {
	parent, err := dirs.OpenParent(path.Dir(d.At))
	if err != nil {
		// Inside a directory that the session is yet to get.
		return false, nil
	}
	defer sys.Close(parent)
	fd, err := sys.OpenAt(parent, path.Base(d.At), unix.O_PATH|unix.O_DIRECTORY)
	if err != nil {
		return false, nil // mount says what is wrong with it
	}
	defer sys.Close(fd)
	if d.Fresh {
		return ownTmpfs(fd, d.At, uid)
	}
	shared, err := d.OpenShared()
	if err != nil {
		return false, err
	}
	defer sys.Close(shared)
	instance, err := d.Open(uid, shared)
	if err != nil {
		return false, err
	}
	defer sys.Close(instance)
	return sameFile(fd, instance), nil
}

// tmpfsMagic is the type of a tmpfs in statfs(2).
const tmpfsMagic = 0x01021994

// ownTmpfs tells whether a directory is a tmpfs of this user's session.
func ownTmpfs(fd int, at string, uid uint32) (bool, error) {
	var st unix.Statfs_t
	if err := sys.Retry(func() error { return unix.Fstatfs(fd, &st) }); err != nil || st.Type != tmpfsMagic {
		return false, err
	}
	table, err := sys.OpenMountinfo()
	if err != nil {
		return false, err
	}
	defer sys.Close(table)
	own := false
	err = sys.EachLine(table, func(line []byte) bool {
		if mountedAt, is := mountinfo(string(line), source(uid)); mountedAt == at {
			own = is // the last one is on top
		}
		return true
	})
	return own, err
}

// mountinfo reads one line of /proc/pid/mountinfo (proc(5)): the mount point,
// and whether it is a tmpfs with this source.
func mountinfo(line, source string) (at string, is bool) {
	before, after, ok := strings.Cut(line, " - ")
	fields := strings.Fields(before)
	if !ok || len(fields) < 5 {
		return "", false
	}
	last := strings.Fields(after)
	return fields[4], len(last) > 1 && last[0] == "tmpfs" && last[1] == source
}
