package ctl

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"tmpshell/internal/account"
	"tmpshell/internal/build"
	"tmpshell/internal/doctor"
	"tmpshell/internal/msg"
	"tmpshell/internal/roster"
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
			return fmt.Errorf("%s takes the names of accounts, or %s", verb, others)
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
			r.add(cmp.Or(name, `""`), "", err)
			continue
		}
		do(r, a, true)
	}
	return nil
}

func (r *rollOut) add(what, text string, err error) {
	s := result(what, text, err)
	if r.dry && slices.Contains(r.steps, s) {
		return // what one account needs is there for the next
	}
	r.steps = append(r.steps, s)
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

var errElsewhere = errors.New("not in /etc/passwd, but an account of the name service: its shell is changed where it is kept; or see sshd")

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
