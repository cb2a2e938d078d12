package ctl

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"tmpshell/internal/account"
	"tmpshell/internal/build"
	"tmpshell/internal/config"
	"tmpshell/internal/msg"
	"tmpshell/internal/needs"
	"tmpshell/internal/roster"
	"tmpshell/internal/wrapper"
)

func enableCommand(out *output) *cobra.Command {
	var f rollOutFlags
	c := &cobra.Command{
		Use:               "enable USER... | --group GROUP",
		Short:             "Put tmpshell in front of the login shell of accounts",
		ValidArgsFunction: completeUsers,
		Args:              f.oneOf("enable", "--group GROUP"),
		RunE: verb(func(args []string) error {
			return f.run(out, args, (*rollOut).enable)
		}),
	}
	f.add(c)
	c.Flags().BoolVar(&f.force, "force", false, "also for root, for accounts without a login, and before setup")
	return c
}

// enable gives an account the link that leads to its shell. named: it was meant
// by itself, and not with its group.
func (r *rollOut) enable(a roster.Account, named bool) {
	if wrapper.Leads(a.Shell) {
		r.add(a.Name, a.Shell+" (as it was)", nil)
		return
	}
	if why := r.refusal(a); why != "" && !r.force {
		if named {
			r.add(a.Name, "", errors.New(why+"; with --force it gets it nevertheless"))
		} else {
			r.add(a.Name, "left as it is: "+why, nil)
		}
		return
	}
	if !a.Local {
		r.elsewhere = append(r.elsewhere, a.Name)
		r.add(a.Name, "", errElsewhere)
		return
	}
	if err := r.ready(); err != nil && !r.force {
		r.add(a.Name, "", err)
		return
	}
	shell := a.Shell
	if shell == "" {
		shell = "/bin/sh" // passwd(5)
	}
	link, err := linkFor(shell)
	if err == nil {
		err = r.link(link)
	}
	if err == nil {
		err = r.setShell(a, link)
	}
	if err == nil && fileSystemOf(build.Launcher()) != fileSystemOf(shell) {
		r.add(a.Name, "warning: "+build.Launcher()+" is on another file system than "+shell+": while it is not mounted, there is no login", nil)
	}
	if err != nil {
		r.add(a.Name, "", err)
	}
}

// refusal is why an account should keep its shell.
func (r *rollOut) refusal(a roster.Account) string {
	switch {
	case a.UID == 0:
		return "uid 0, which is exempt from private directories unless the configuration says otherwise"
	case isRefusal(a.Shell):
		return "no login: its shell is " + msg.Line(a.Shell)
	}
	return ""
}

// ready tells whether a login through tmpshell finds what setup makes.
func (r *rollOut) ready() error {
	conf, err := config.Load(build.Config)
	if err != nil {
		return fmt.Errorf("%s is refused, fix it first: %w", build.Config, err)
	}
	if missing := notSetUp(needs.OfConfig(conf)); missing != "" {
		return errors.New(missing)
	}
	return nil
}

// link makes sure of a link beside the launcher, and of its line in /etc/shells.
func (r *rollOut) link(link string) error {
	_, err := os.Lstat(link)
	switch {
	case errors.Is(err, os.ErrNotExist):
		if err := r.do(link, "a link to tmpshell", func() error { return os.Symlink("tmpshell", link) }); err != nil {
			return err
		}
	case err != nil:
		return err
	case !wrapper.IsLauncher(link):
		return fmt.Errorf("%s is there, and is not tmpshell", link)
	}
	if isRefusal(strings.TrimPrefix(link, build.Launcher()+"-")) || slices.Contains(account.Shells(shellsFile), link) {
		return nil
	}
	if r.dry {
		r.add(shellsFile, "would add "+link, nil)
		return nil
	}
	s := listShells([]string{link})
	r.steps = append(r.steps, s)
	if s.Error != "" {
		return errors.New("not changed: " + s.What + " could not be")
	}
	return nil
}

// fileSystemOf is the device of the directory that a path leads to; 0 if it cannot
// be told. In an overlay, a file may have the device of one of its layers.
func fileSystemOf(path string) uint64 {
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return 0
	}
	var st unix.Stat_t
	if unix.Stat(filepath.Dir(real), &st) != nil {
		return 0
	}
	return st.Dev
}
