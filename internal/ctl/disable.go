package ctl

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"tmpshell/internal/account"
	"tmpshell/internal/build"
	"tmpshell/internal/config"
	"tmpshell/internal/doctor"
	"tmpshell/internal/making"
	"tmpshell/internal/needs"
	"tmpshell/internal/private"
	"tmpshell/internal/roster"
	"tmpshell/internal/wrapper"
)

func disableCommand(out *output) *cobra.Command {
	var f rollOutFlags
	c := &cobra.Command{
		Use:               "disable USER... | --group GROUP | --all",
		Short:             "Give accounts their login shell back",
		ValidArgsFunction: completeUsers,
		Args:              f.oneOf("disable", "--group GROUP, or --all"),
		RunE: verb(func(args []string) error {
			return f.run(out, args, (*rollOut).disable)
		}),
	}
	f.add(c)
	c.Flags().BoolVar(&f.all, "all", false, "every account that has tmpshell")
	return c
}

// disable gives an account the shell that its sessions become.
func (r *rollOut) disable(a roster.Account, _ bool) {
	if !wrapper.Leads(a.Shell) {
		r.add(a.Name, shown(a.Shell)+" (as it was)", nil)
		return
	}
	if !a.Local {
		r.add(a.Name, "", errElsewhere)
		return
	}
	shell, err := r.realShell(a)
	if err == nil {
		err = r.setShell(a, shell)
	}
	if err != nil {
		r.add(a.Name, "", err)
	}
}

// realShell is what tmpshell would become. Shell of the configuration comes first:
// it may restrict the account, and nobody is to have more without tmpshell.
func (r *rollOut) realShell(a roster.Account) (string, error) {
	who := user{a.Account, true, account.System()}
	as, err := who.whoIs()
	if err != nil {
		return "", err
	}
	p, _, err := policyFor(as)
	if err != nil {
		return "", err
	}
	if p.Shell != "" {
		return p.Shell, nil
	}
	if name := linkName(a.Shell); name != "" {
		return shellNamed(name)
	}
	if slices.Contains(account.Shells(shellsFile), "/bin/bash") {
		return "/bin/bash", nil
	}
	return "/bin/sh", nil
}

// disableAll switches every account back, and says what it cannot.
func (r *rollOut) disableAll() error {
	has, silent, err := r.having()
	if err != nil {
		return err
	}
	for _, a := range has {
		r.disable(a, false)
	}
	if len(has) == 0 {
		r.add("accounts", "none has tmpshell (as it was)", nil)
	}
	if len(silent) > 0 {
		r.add("accounts", "warning: "+silence(silent), nil)
	}
	return nil
}

func silence(services []string) string {
	return strings.Join(services, ", ") + " lists no accounts: look there for those whose shell is " + build.Launcher()
}

// having are the accounts whose shell is tmpshell, of all sources.
func (r *rollOut) having() (list []roster.Account, silent []string, err error) {
	all, silent, err := r.roster.Everybody(owners())
	for _, a := range all {
		if wrapper.Leads(a.Shell) {
			list = append(list, a)
		}
	}
	return list, silent, err
}

// owners are the uids that have private directories: accounts of a directory that
// is not to be listed are known from them.
func owners() []uint32 {
	var list []uint32
	dirs := []string{private.Store}
	if conf, err := config.Load(build.Config); err == nil {
		n := needs.OfConfig(conf)
		for _, b := range n.Bases {
			dirs = append(dirs, b.Path())
		}
		for _, i := range n.Instances {
			dirs = append(dirs, making.StoreOf(i))
		}
	}
	for _, dir := range dirs {
		entries, err := os.ReadDir(dir)
		if err != nil {
			continue // it is a help, and no more
		}
		for _, e := range entries {
			if uid, err := strconv.ParseUint(e.Name(), 10, 32); err == nil {
				list = append(list, uint32(uid))
			}
		}
	}
	return list
}

// lockedOut lists what would fail without tmpshell: a step with an error for each
// kind. An error that keeps it from finding out is one, too.
func lockedOut(force bool) []step {
	var steps []step
	add := func(what, text string) {
		if force {
			steps = append(steps, step{what, "warning: " + text, ""})
		} else {
			steps = append(steps, step{what, "failed", text})
		}
	}
	r := &rollOut{roster: roster.Machine()}
	has, silent, err := r.having()
	if err != nil {
		add("accounts", fmt.Sprintf("it cannot be told whose shell tmpshell is: %v", err))
	}
	var here, elsewhere []string
	for _, a := range has {
		if a.Local {
			here = append(here, a.Name)
		} else {
			elsewhere = append(elsewhere, a.Name)
		}
	}
	if len(here) > 0 {
		add("passwd", "tmpshell is still the shell of "+strings.Join(here, ", ")+
			", who could not log in without it; run: tmpshellctl disable --all")
	}
	if len(elsewhere) > 0 {
		add("name service", "tmpshell is still the shell of "+strings.Join(elsewhere, ", ")+
			", who could not log in without it; change it where these accounts are kept")
	}
	if len(silent) > 0 {
		add("name service", silence(silent)+"; if there is none, run it again with --force")
	}
	uses, err := doctor.Uses()
	if err != nil {
		add("files", fmt.Sprintf("it cannot be told which of them run tmpshell: %v", err))
	}
	for _, u := range uses {
		add(u.Pos.String(), "it runs tmpshell, and would fail without; to take it out: "+u.Fix)
	}
	return steps
}
