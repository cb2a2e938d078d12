package doctor

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"tmpshell/internal/caps"
	"tmpshell/internal/config"
	"tmpshell/internal/dirs"
)

// checkBases: the bases are there, before anybody can take their names, and are
// as every login wants them.
func checkBases(m *machine, r *report) error {
	var right []string
	for _, b := range m.needs.Bases {
		err := dirs.VerifyBase(b)
		switch {
		case isSquatted(b):
			// checkSquatters says whose it is.
		case err == nil:
			right = append(right, b.BasePath())
			r.appendOnly(b)
		case errors.Is(err, fs.ErrNotExist):
			r.warn(b.BasePath()+" is missing, so that its name can be taken by whoever can write to "+b.Parent, setUp)
		case errors.Is(err, fs.ErrPermission):
			r.note(err.Error() + ": only root can tell")
		default:
			r.error(err.Error()+": no session gets a private directory there", mendBase(b, err))
		}
	}
	if slices.ContainsFunc(m.conf.Variants(), func(p config.Policy) bool { return p.RuntimeDirectory }) {
		if err := dirs.VerifyBase(dirs.Runtime); errors.Is(err, dirs.ErrUnsafe) {
			r.error(err.Error()+": XDG_RUNTIME_DIR is not set", mendBase(dirs.Runtime, err))
		}
	}
	if len(right) > 0 {
		r.otherwise(strings.Join(right, ", ") + ": root's, 0711")
	} else {
		r.otherwise("the configuration asks for no base")
	}
	return nil
}

// isSquatted: the name is taken by what is not root's directory.
func isSquatted(b dirs.Spec) bool {
	var st unix.Stat_t
	err := unix.Lstat(b.BasePath(), &st)
	return err == nil && (st.Uid != 0 || st.Mode&unix.S_IFMT != unix.S_IFDIR)
}

// mendBase answers what VerifyBase complained about.
func mendBase(b dirs.Spec, why error) *Fix {
	path, ok := dirs.UnsafePath(why)
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
		return &Fix{Write: "the directory itself, without symbolic links, for " + b.Parent, In: "tmpshell.conf"}
	case st.Uid != 0:
		return run("chown", "root", path)
	case mode&0o022 != 0 && mode&unix.S_ISVTX == 0 && path != b.BasePath():
		return run("chmod", "+t", path)
	case strings.HasSuffix(why.Error(), "is a mount point"):
		return run("umount", path)
	case !b.Guarded:
		return run("chmod", "go-w", path)
	}
	return setUp
}

// flagged are the file systems whose directories take the append-only flag.
var flagged = []int64{
	unix.EXT4_SUPER_MAGIC, unix.XFS_SUPER_MAGIC, unix.BTRFS_SUPER_MAGIC,
	unix.F2FS_SUPER_MAGIC, unix.TMPFS_MAGIC,
}

// appendOnly: without the flag a base is as safe, as long as nothing that runs
// as root removes it.
func (r *report) appendOnly(b dirs.Spec) {
	on, err := dirs.AppendOnly(b)
	if on {
		return
	}
	var fs unix.Statfs_t
	can := unix.Statfs(b.Parent, &fs) == nil && slices.Contains(flagged, fs.Type) && bounding().Has(caps.LinuxImmutable)
	switch {
	case errors.Is(err, unix.EACCES):
		r.note("only root can tell whether " + b.BasePath() + " has the append-only flag")
	case err != nil || !can:
		r.note(b.BasePath() + " cannot have the append-only flag here, which keeps cleaners from removing it")
	default:
		r.warn(fmt.Sprintf("%s does not have the append-only flag, which keeps cleaners and mistakes from removing it", b.BasePath()), setUp)
	}
}
