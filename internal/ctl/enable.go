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
	"tmpshell/internal/doctor"
	"tmpshell/internal/msg"
	"tmpshell/internal/needs"
	"tmpshell/internal/roster"
	"tmpshell/internal/wrapper"
)

// rollOut is one run of enable or disable. What it leaves is what it finds the next
// time: links, lines of /etc/shells and of /etc/passwd, and no record of its own.
type rollOut struct {
	roster     *roster.System
	dry, force bool

	steps []step
	// elsewhere are the accounts that were named and are not in /etc/passwd.
	elsewhere []string
}

type rollOutFlags struct {
	group           string
	all, dry, force bool
}

func enableCommand(out *output) *cobra.Command {
	var f rollOutFlags
	c := &cobra.Command{
		Use:               "enable USER... | --group GROUP",
		Short:             "Put tmpshell in front of the login shell of accounts",
		ValidArgsFunction: completeUsers,
		Args:              f.oneOf("enable", "--group"),
		RunE: verb(func(args []string) error {
			return f.run(out, args, (*rollOut).enable)
		}),
	}
	f.add(c)
	c.Flags().BoolVar(&f.force, "force", false, "also for root, for accounts without a login, and before setup")
	return c
}

func disableCommand(out *output) *cobra.Command {
	var f rollOutFlags
	c := &cobra.Command{
		Use:               "disable USER... | --group GROUP | --all",
		Short:             "Give accounts their login shell back",
		ValidArgsFunction: completeUsers,
		Args:              f.oneOf("disable", "--group, --all"),
		RunE: verb(func(args []string) error {
			return f.run(out, args, (*rollOut).disable)
		}),
	}
	f.add(c)
	c.Flags().BoolVar(&f.all, "all", false, "every account that has tmpshell")
	return c
}

func (f *rollOutFlags) add(c *cobra.Command) {
	c.Flags().StringVar(&f.group, "group", "", "the accounts of this group")
	_ = c.RegisterFlagCompletionFunc("group", completeGroups)
	c.Flags().BoolVar(&f.dry, "dry-run", false, "say what would be done, and do nothing")
}

// oneOf: accounts are named in one way.
func (f *rollOutFlags) oneOf(verb, others string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		ways := 0
		for _, given := range []bool{len(args) > 0, f.group != "", f.all} {
			if given {
				ways++
			}
		}
		if ways != 1 {
			return fmt.Errorf("%s takes the names of accounts, or one of %s", verb, others)
		}
		return nil
	}
}

func (f *rollOutFlags) run(out *output, names []string, do func(*rollOut, roster.Account, bool)) error {
	if os.Geteuid() != 0 && !f.dry {
		return errors.New("changing login shells needs root")
	}
	r := &rollOut{roster: roster.Machine(), dry: f.dry, force: f.force}
	if f.all {
		if err := r.disableAll(); err != nil {
			return err
		}
		return out.steps(r.steps)
	}
	if err := r.each(names, f.group, do); err != nil {
		return err
	}
	r.forceCommand(f.group)
	return out.steps(r.steps)
}

// each does something with the accounts of a group, or with those that are named.
func (r *rollOut) each(names []string, group string, do func(*rollOut, roster.Account, bool)) error {
	if group != "" {
		members, silent, err := r.roster.Members(group)
		if errors.Is(err, account.ErrNotFound) {
			return fmt.Errorf("there is no group %s", group)
		}
		if err != nil {
			return fmt.Errorf("group %s: %w", group, err)
		}
		for _, a := range members {
			do(r, a, false)
		}
		if len(members) == 0 {
			r.add("group "+group, "has no accounts", nil)
		}
		if len(silent) > 0 {
			r.add("group "+group, "warning: "+strings.Join(silent, ", ")+" lists no accounts: those whose own group it is, there, are not known", nil)
		}
		return nil
	}
	for _, name := range names {
		a, err := r.roster.ByName(name)
		if errors.Is(err, account.ErrNotFound) {
			err = errors.New("there is no such account")
		}
		if err != nil {
			r.add(name, "", err)
			continue
		}
		do(r, a, true)
	}
	return nil
}

func (r *rollOut) add(what, text string, err error) {
	r.steps = append(r.steps, result(what, text, err))
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

var errElsewhere = errors.New("not in /etc/passwd, but an account of the name service: its shell is changed where it is kept; or see sshd")

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

// do is a step, or in a dry run the intention.
func (r *rollOut) do(what, text string, f func() error) error {
	if r.dry {
		r.add(what, "would be made: "+text, nil)
		return nil
	}
	err := f()
	if err == nil {
		r.add(what, text, nil)
	}
	return err
}

// setShell changes a line of /etc/passwd, unless it is a dry run.
func (r *rollOut) setShell(a roster.Account, shell string) error {
	if r.dry {
		r.add(a.Name, fmt.Sprintf("would get %s, not %s", shell, shown(a.Shell)), nil)
		return nil
	}
	if err := setShell(a.Name, shell); err != nil {
		return err
	}
	now, err := r.roster.ByName(a.Name)
	if err == nil && now.Shell != shell {
		err = fmt.Errorf("its shell is %s after the change, not %s", shown(now.Shell), shell)
	}
	if err == nil {
		r.add(a.Name, fmt.Sprintf("%s, was %s", shell, shown(a.Shell)), nil)
	}
	return err
}

func shown(shell string) string {
	if shell == "" {
		return "none"
	}
	return msg.Line(shell)
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

// forceCommand writes out what there is for accounts that are kept elsewhere.
func (r *rollOut) forceCommand(group string) {
	if len(r.elsewhere) == 0 {
		return
	}
	kind, who := "User", strings.Join(r.elsewhere, ",")
	if group != "" {
		kind, who = "Group", group
	}
	r.add("sshd", "for those who are not in /etc/passwd, by ssh: "+doctor.ForceCommand(kind, who, build.Launcher()), nil)
}
