package ctl

import (
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"tmpshell/internal/account"
	"tmpshell/internal/build"
	"tmpshell/internal/capset"
	"tmpshell/internal/compile"
	"tmpshell/internal/config"
	"tmpshell/internal/filecap"
	"tmpshell/internal/making"
	"tmpshell/internal/needs"
	"tmpshell/internal/policy"
	"tmpshell/internal/private"
	"tmpshell/internal/wrapper"
)

// step is one line of the report of setup.
type step struct {
	What   string `json:"what"`
	Result string `json:"result"`
	Error  string `json:"error,omitempty"`
}

type setupFlags struct {
	from                   string
	remove, disable, force bool
}

func setupCommand(out *output) *cobra.Command {
	var f setupFlags
	c := &cobra.Command{
		Use:   "setup",
		Short: "Prepare the machine: capabilities, policy, bases, /etc/shells",
		Args: func(c *cobra.Command, args []string) error {
			switch {
			case f.disable && !f.remove:
				return errors.New("--disable goes with --remove")
			case f.force && !f.remove:
				return errors.New("--force goes with --remove")
			}
			return takes(0, 0)(c, args)
		},
		RunE: verb(func([]string) error {
			if os.Geteuid() != 0 {
				return errors.New("setup needs root")
			}
			if f.remove {
				return out.steps(unsetup(f))
			}
			return out.setup(f.from)
		}),
	}
	c.Flags().StringVar(&f.from, "from", "", "first put the programs of this directory in place, without a gap for logins")
	c.Flags().BoolVar(&f.remove, "remove", false, "take the capabilities, the links and the lines of /etc/shells away again")
	c.Flags().BoolVar(&f.disable, "disable", false, "with --remove: give all accounts their shells back first")
	c.Flags().BoolVar(&f.force, "force", false, "with --remove: warn of what would fail, and remove nevertheless")
	c.MarkFlagsMutuallyExclusive("from", "remove")
	return c
}

// setup: a new version is put in place with a configuration that is refused, too.
func (o *output) setup(from string) error {
	conf, err := config.Load(build.Config)
	n := kept()
	if err == nil {
		n = needs.OfConfig(conf)
	}
	var steps []step
	placed := true
	if from != "" {
		// A policy of another format is none for the new programs, and nobody could
		// log in.
		if t := new(policy.File).Read(policy.Path, make([]byte, policy.MaxSize+1)); err != nil && !t.OK() {
			return fmt.Errorf("%s is refused, and there is no last good policy for this version; fix it first: %w", build.Config, err)
		}
		steps, placed = placeAll(from, n)
	}
	if placed && err == nil {
		return o.steps(append(steps, setup(conf)...))
	}
	if from != "" {
		if stepErr := o.steps(steps); !placed {
			return stepErr
		}
	}
	return fmt.Errorf("%s is refused, fix it first: %w", build.Config, err)
}

// setup does every step, whatever became of the ones before it.
func setup(conf *config.Config) []step {
	n := needs.OfConfig(conf)
	steps := []step{
		capabilities(build.Launcher(), 0), // it never has any
		capabilities(build.Helper(), n.Helper),
	}
	if _, err := os.Lstat(build.Remover()); err == nil || n.Supervise {
		steps = append(steps, capabilities(build.Remover(), n.Remover))
	}
	if _, err := os.Lstat(build.Supervise()); err == nil || n.Supervise {
		steps = append(steps, capabilities(build.Supervise(), 0))
	}
	if _, err := os.Lstat(build.Session()); err == nil || n.Session != 0 {
		steps = append(steps, capabilities(build.Session(), n.Session))
	}
	steps = append(steps, compilePolicy()...)
	for _, b := range n.Bases {
		steps = append(steps, base(b))
	}
	for _, i := range n.Instances {
		steps = append(steps, places(i))
	}
	steps = append(steps, atBoot(n)...)
	return append(append(steps, listShells(wrapper.Shells())), badLinks()...)
}

// compilePolicy makes what logins go by, and says which names are nobody's.
func compilePolicy() []step {
	place := compile.SystemPlace(build.Config)
	place.Names.Service = account.NewPatientService()
	in, err := place.Compile()
	if err == nil {
		err = place.Keep(in)
	}
	steps := []step{result("policy", "compiled to "+policy.Path, err)}
	if err != nil {
		return steps
	}
	if in.Failed != nil {
		steps = append(steps, step{"names", "warning: the name service does not answer: " + in.Failed.Error(), ""})
	}
	for _, e := range in.Unknown {
		steps = append(steps, step{"names", "warning: " + e.Error(), ""})
	}
	return steps
}

// badLinks warns of links that no login is possible with.
func badLinks() []step {
	var steps []step
	for _, link := range wrapper.WithoutShell() {
		steps = append(steps, step{link, "warning: " + account.ShellsFile + " lists no such shell, and accounts with this shell cannot log in", ""})
	}
	return steps
}

func hasFailed(steps []step) bool {
	return slices.ContainsFunc(steps, func(s step) bool { return s.Error != "" })
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
func capabilities(path string, want capset.Set) step {
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

func base(b making.Base) step {
	return asRoot("base "+b.Path(), "root:root 0711", func(m *making.Maker) error {
		if err := b.LiftFlag(); err != nil {
			return err
		}
		return m.Base(string(b))
	})
}

func places(i private.Instance) step {
	text := "kept in " + making.StoreOf(i)
	if i.Fresh {
		text = "a new file system for each session"
	}
	return asRoot("mount over "+i.At, text, func(m *making.Maker) error { return m.Places(i) })
}

// asRoot is a step that makes directories of root's.
func asRoot(what, text string, f func(*making.Maker) error) step {
	m := &making.Maker{Notice: func(t string) { text += "; " + t }}
	err := making.Apart(func() error { return f(m) })
	return result(what, text, err)
}

func (o *output) steps(steps []step) error {
	var rows [][2]string
	for _, s := range steps {
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
	if hasFailed(steps) {
		return errFindings
	}
	return nil
}
