package doctor

import (
	"errors"
	"io/fs"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"tmpshell/internal/config"
	"tmpshell/internal/making"
	"tmpshell/internal/private"
)

// checkBases: the bases are there, before anybody can take their names, and are
// as every login wants them.
func checkBases(m *machine, r *report) error {
	var right []string
	for _, b := range m.needs.Bases {
		err := b.Verify()
		if isReadOnly(b.Path()) && !isSessions(string(b)) {
			r.readOnlyBase(string(b))
		}
		switch {
		case isSessions(string(b)):
			r.note(string(b) + " is a session's own here: to learn about " + b.Path() + ", run this outside of the session")
		case isSquatted(b):
			// checkSquatters says whose it is.
		case err == nil:
			right = append(right, b.Path())
			r.appendOnly(b)
		case errors.Is(err, fs.ErrNotExist):
			r.warn(b.Path()+" does not exist: any user who can write to "+string(b)+" could create it first", setUp)
		case errors.Is(err, fs.ErrPermission):
			r.note(err.Error() + ": only root can tell")
		default:
			r.error(err.Error()+": no session gets a private directory there", mendBase(b, err))
		}
	}
	if slices.ContainsFunc(m.conf.Variants(), func(p config.Policy) bool { return p.RuntimeDirectory }) {
		if nodes, err := way("/run/user"); err == nil {
			r.rootsAlone(nodes, "a user's XDG_RUNTIME_DIR", make(map[string]bool))
		}
	}
	if len(right) > 0 {
		r.otherwise(strings.Join(right, ", ") + ": root's, 0711")
	} else {
		r.otherwise("the configuration asks for no base")
	}
	return nil
}

// readOnlyBase: a session finds the directory that it has there, and cannot write to it.
func (r *report) readOnlyBase(shared string) {
	if mnt, err := mountOf(shared); err == nil {
		r.warn(shared+" is on "+mnt.Mountpoint+", which is read-only: no session can make a file there, nor has a new user a directory",
			run("mount", "-o", "remount,rw", mnt.Mountpoint))
	}
}

// isSessions: this runs in a session that has a directory of its own there, in which
// there is no base, nor need be one.
func isSessions(shared string) bool {
	outside := making.SharedPath(private.Instance{At: shared})
	mnt, err := mountOf(outside)
	return err == nil && mnt.Mountpoint == outside
}

// isSquatted: the name is taken by what is not root's directory.
func isSquatted(b making.Base) bool {
	var st unix.Stat_t
	err := unix.Lstat(b.Path(), &st)
	return err == nil && (st.Uid != 0 || st.Mode&unix.S_IFMT != unix.S_IFDIR)
}

// mendBase answers what VerifyBase complained about.
func mendBase(b making.Base, why error) *Fix {
	path, ok := making.UnsafePath(why)
	if !ok {
		return nil
	}
	var st unix.Stat_t
	if err := unix.Lstat(path, &st); err != nil {
		return nil
	}
	mode := st.Mode & 0o7777
	switch {
	case st.Mode&unix.S_IFMT != unix.S_IFDIR:
		return &Fix{Write: "the directory itself, without symbolic links, for " + string(b), In: "tmpshell.conf"}
	case st.Uid != 0:
		return run("chown", "root", path)
	case mode&0o022 != 0 && mode&unix.S_ISVTX == 0 && path != b.Path():
		return run("chmod", "+t", path)
	case strings.HasSuffix(why.Error(), "is a mount point"):
		return run("umount", path)
	}
	return setUp
}

// appendOnly: a version up to 0.1.0 has set the flag.
func (r *report) appendOnly(b making.Base) {
	if on, err := b.IsAppendOnly(); err != nil {
		r.note("only root can tell whether " + b.Path() + " has the append-only flag")
	} else if on {
		r.warn(b.Path()+" has the append-only flag of an earlier version: nothing can remove the directories in it, neither the boot nor userdel", setUp)
	}
}
