package ctl

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"tmpshell/internal/build"
	"tmpshell/internal/caps"
	"tmpshell/internal/config"
	"tmpshell/internal/dirs"
	"tmpshell/internal/filecap"
	"tmpshell/internal/needs"
	"tmpshell/internal/wrapper"
)

// step is one line of the report of setup.
type step struct {
	What   string `json:"what"`
	Result string `json:"result"`
	Error  string `json:"error,omitempty"`
}

func setupCommand(out *output) *cobra.Command {
	var remove bool
	c := &cobra.Command{
		Use:   "setup",
		Short: "Give the programs the capabilities that the configuration needs, make the bases, edit /etc/shells",
		Args:  cobra.NoArgs,
		RunE: verb(func([]string) error {
			if os.Geteuid() != 0 {
				return errors.New("setup needs root")
			}
			conf, err := config.Load(build.Config)
			if err != nil && !remove {
				return fmt.Errorf("%s is refused, mend it first: %w", build.Config, err)
			}
			if remove {
				return out.steps(unsetup())
			}
			return out.steps(setup(conf))
		}),
	}
	c.Flags().BoolVar(&remove, "remove", false, "take the capabilities and the lines of /etc/shells away again")
	return c
}

// setup does every step, whatever became of the ones before it.
func setup(conf *config.Config) []step {
	n := needs.OfConfig(conf)
	steps := []step{
		capabilities(build.Helper(), n.Helper),
		capabilities(build.Launcher(), n.Launcher),
	}
	for _, b := range n.Bases {
		steps = append(steps, base(b))
	}
	for _, i := range n.Instances {
		steps = append(steps, places(i))
	}
	return append(steps, listShells(wrapper.Shells()))
}

func unsetup() []step {
	steps := []step{
		capabilities(build.Helper(), 0),
		capabilities(build.Launcher(), 0),
		unlistShells(),
	}
	if users := wrapperUsers(); len(users) > 0 {
		steps = append(steps, step{"passwd", "tmpshell is still the shell of " + strings.Join(users, ", ") +
			`; change that with "usermod -s" before it is uninstalled: they could not log in`, ""})
	}
	return steps
}

func result(what, done string, err error) step {
	if err != nil {
		return step{what, "failed", err.Error()}
	}
	return step{what, done, ""}
}

// capabilities gives a program exactly a set. The file is checked through the
// descriptor that the set is then written through: capabilities on a file that
// others can write, or that somebody else owns, would be theirs.
func capabilities(path string, want caps.Set) step {
	what := "capabilities of " + path
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		return result(what, "", &os.PathError{Op: "open", Path: path, Err: err})
	}
	f := os.NewFile(uintptr(fd), path)
	defer f.Close()
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return result(what, "", err)
	}
	switch {
	case st.Mode&unix.S_IFMT != unix.S_IFREG:
		err = errors.New("not a regular file")
	case st.Uid != 0:
		err = errors.New("not owned by root; run: chown root " + path)
	case st.Mode&0o022 != 0:
		err = errors.New("writable by group or others; run: chmod go-w " + path)
	case st.Mode&(unix.S_ISUID|unix.S_ISGID) != 0:
		err = errors.New("setuid or setgid, which tmpshell never is; run: chmod ug-s " + path)
	}
	if err != nil {
		return result(what, "", err)
	}
	have, err := filecap.Get(f)
	if err != nil {
		return result(what, "", err)
	}
	text := "none"
	if want != 0 {
		text = want.String() + "=p"
	}
	if have == (filecap.Sets{Permitted: want}) {
		return result(what, text+" (as it was)", nil)
	}
	return result(what, text, filecap.Set(f, want))
}

func base(s dirs.Spec) step {
	return making("base "+s.BasePath(), "root:root 0711", func(m *dirs.Maker) error { return m.MakeBase(s) })
}

func places(i dirs.Instance) step {
	text := "kept in " + i.In.Store
	if i.Fresh {
		text = "a new file system for each session"
	}
	return making("mount over "+i.At, text, func(m *dirs.Maker) error { return m.MakePlaces(i) })
}

// making makes directories, on a thread that is thrown away: package caps
// leaves it without effective capabilities.
func making(what, text string, f func(*dirs.Maker) error) step {
	done := make(chan step)
	go func() {
		runtime.LockOSThread()
		m := dirs.Maker{Notice: func(t string) { text += "; " + t }}
		err := caps.Quietly(func() error { return f(&m) })
		done <- result(what, text, err)
	}()
	return <-done
}

func (o *output) steps(steps []step) error {
	failed := false
	var rows [][2]string
	for _, s := range steps {
		failed = failed || s.Error != ""
		text := s.Result
		if s.Error != "" {
			text += ": " + s.Error
		}
		rows = append(rows, [2]string{s.What + ":", text})
	}
	if o.json {
		if err := o.asJSON(steps); err != nil {
			return err
		}
	} else {
		o.rows(rows)
	}
	if failed {
		return errFindings
	}
	return nil
}
