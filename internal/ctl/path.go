package ctl

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"tmpshell/internal/account"
	"tmpshell/internal/config"
	"tmpshell/internal/making"
	"tmpshell/internal/needs"
	"tmpshell/internal/private"
	"tmpshell/internal/session"
)

type pathReport struct {
	File string `json:"file"`
	Path string `json:"path"`
}

func pathCommand(out *output) *cobra.Command {
	var name, job string
	var inside bool
	c := &cobra.Command{
		Use:   "path FILE",
		Short: "Print by which name a file of a session is found outside",
		Args:  takes(1, 1),
		RunE: verb(func(args []string) error {
			s, err := viewOf(name)
			if err == nil && job != "" {
				err = s.ofJob(job)
			}
			if err != nil {
				return err
			}
			file, err := filepath.Abs(args[0])
			if err != nil {
				return err
			}
			find := s.outside
			if inside {
				find = s.inside
			}
			to, err := find(file)
			if err != nil {
				return err
			}
			if out.json {
				return out.asJSON(pathReport{file, to})
			}
			_, err = fmt.Fprintln(out.w, to)
			return err
		}),
	}
	c.Flags().StringVar(&name, "user", "", "of the sessions of this user, by name or uid, in place of the caller's")
	c.Flags().StringVar(&job, "job", "", "of the sessions of this batch job (per=), in place of the caller's or the user's own")
	c.Flags().BoolVar(&inside, "inside", false, "the file is named as outside: print its name in a session")
	_ = c.RegisterFlagCompletionFunc("user", completeUsers)
	return c
}

// sessionView is what a user's sessions see in the place of shared directories.
type sessionView struct {
	uid  uint32
	dirs []config.Directory // that are mounted over
	name string             // the login name
	// jobs are the batch jobs whose instances they are, by the paths of dirs; none is
	// the user's own.
	jobs map[string]string
	// present: this process sees it, too; it was started by parent.
	present bool
	parent  int
}

// viewOf is that of a user, or for an empty name of the caller.
func viewOf(name string) (sessionView, error) {
	v := sessionView{uid: uint32(os.Getuid()), parent: os.Getppid(), jobs: map[string]string{}}
	policy, err := ownPolicy()
	if name != "" {
		who, err := findUser(account.System(), []string{name})
		if err != nil {
			return v, err
		}
		as, err := who.whoIs()
		if err != nil {
			return v, err
		}
		if policy, _, err = policyFor(as); err != nil {
			return v, err
		}
		v.uid, v.name = who.UID(), who.Account.Name
	}
	if err != nil || policy.Exempt {
		return v, err
	}
	plan := session.Plan{UID: v.uid}
	for _, d := range policy.Directories {
		if d.Mounted() {
			v.dirs = append(v.dirs, d)
			plan.Directories = append(plan.Directories, session.Directory{Instance: needs.Instance(d)})
		}
	}
	v.present = len(v.dirs) > 0 && plan.Present()
	for i := range plan.Directories {
		if d := &plan.Directories[i]; v.present {
			job, e := d.JobOf(v.uid)
			v.jobs[d.At], err = job, errors.Join(err, e)
		}
	}
	return v, err
}

// ofJob makes it that of the sessions of one batch job.
func (v *sessionView) ofJob(job string) error {
	if !private.IsJob(job) {
		return notJob(job)
	}
	clear(v.jobs)
	v.present = false // for all that is known
	for _, d := range v.dirs {
		if d.Per != "" {
			v.jobs[d.Path] = job
		}
	}
	if len(v.jobs) == 0 {
		return errors.New("no Directory of the user's has per=")
	}
	return nil
}

// instance is what the sessions have in the place of a directory.
func (v *sessionView) instance(d config.Directory) private.Instance {
	i := needs.Instance(d)
	i.Job = v.jobs[d.Path]
	return i
}

// directory is the innermost that a path is in, and the rest of the path, which
// begins with "/" or is empty.
func (v *sessionView) directory(path string) (*config.Directory, string) {
	var in *config.Directory
	for i := range v.dirs {
		d := &v.dirs[i]
		if below(path, d.Path) && (in == nil || len(d.Path) > len(in.Path)) {
			in = d
		}
	}
	if in == nil {
		return nil, ""
	}
	return in, strings.TrimPrefix(path, in.Path)
}

func below(path, dir string) bool { return path == dir || strings.HasPrefix(path, dir+"/") }

// outside is the name by which root finds what a session calls path.
func (v *sessionView) outside(path string) (string, error) {
	for _, d := range v.dirs {
		if shared := making.SharedPath(needs.Instance(d)); below(path, shared) {
			return d.Path + strings.TrimPrefix(path, shared), nil
		}
	}
	d, rest := v.directory(path)
	switch {
	case d == nil, v.isShared(d, rest):
		return path, nil
	case d.Method == config.Mount:
		return making.InstancePath(v.instance(*d), v.uid) + rest, nil
	case !v.present:
		return "", errors.New(path + " is in a tmpfs of each session's own: ask there, or name a process of it, as /proc/PID/root" + path)
	}
	return fmt.Sprintf("/proc/%d/root%s", v.parent, path), nil
}

// inside is the name by which a session finds what is called path outside.
func (v *sessionView) inside(path string) (string, error) {
	for _, d := range v.dirs {
		i := v.instance(d)
		if d.Method == config.Mount && below(path, making.InstancePath(i, v.uid)) {
			return d.Path + strings.TrimPrefix(path, making.InstancePath(i, v.uid)), nil
		}
		if rest, in := strings.CutPrefix(path, making.StoreOf(i)+"/"); d.Method == config.Mount && in {
			if holder, _, _ := strings.Cut(rest, "/"); private.IsHolder(holder, v.uid) {
				return "", errors.New(path + " is of other sessions of the user's: see per= in tmpshell.conf(5)")
			}
			return "", errors.New(path + " is another user's")
		}
	}
	d, rest := v.directory(path)
	if d == nil || v.isShared(d, rest) {
		return path, nil
	}
	return making.SharedPath(needs.Instance(*d)) + rest, nil
}

// isShared tells whether what is below a directory has one name on both sides: what
// has been mounted, or linked to, says so. Where that cannot be looked at, share= does.
func (v *sessionView) isShared(d *config.Directory, rest string) bool {
	name, _, _ := strings.Cut(strings.TrimPrefix(rest, "/"), "/")
	if name == "" {
		return false
	}
	i := v.instance(*d)
	i.User = v.name
	at := d.Path
	if !v.present {
		if d.Method != config.Mount {
			return false
		}
		at = making.InstancePath(i, v.uid)
	}
	var st unix.Statx_t
	err := unix.Statx(unix.AT_FDCWD, at+"/"+name, unix.AT_SYMLINK_NOFOLLOW, unix.STATX_MODE, &st)
	switch {
	case err == nil && st.Mode&unix.S_IFMT == unix.S_IFLNK:
		to, err := os.Readlink(at + "/" + name)
		return err == nil && to == making.SharedPath(i)+"/"+name
	case err == nil:
		return st.Attributes&unix.STATX_ATTR_MOUNT_ROOT != 0 || st.Mode == unix.S_IFDIR|private.PointMode
	case errors.Is(err, unix.ENOENT):
		return false
	}
	all := i.Shares(v.uid)
	for s, ok := all.Next(); ok; s, ok = all.Next() {
		if s.Name == name && !s.Pattern {
			return true
		}
	}
	return false
}
