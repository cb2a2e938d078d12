package ctl

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"tmpshell/internal/account"
	"tmpshell/internal/build"
	"tmpshell/internal/config"
	"tmpshell/internal/needs"
)

func showCommand(out *output) *cobra.Command {
	return &cobra.Command{
		Use:               "show [USER|UID]",
		Short:             "Show the policy for a user, all blocks taken together",
		Args:              takes(0, 1),
		ValidArgsFunction: completeUsers,
		RunE: verb(func(args []string) error {
			source := account.System()
			who, err := findUser(source, args)
			if err != nil {
				return err
			}
			as, err := who.whoIs()
			if err != nil {
				return fmt.Errorf("looking up the groups of %s: %w", who.label(), err)
			}
			policy, wrong, err := policyFor(as)
			if err != nil {
				return err
			}
			missing := ""
			if !policy.Exempt {
				missing = notSetUp(needs.Of(policy))
			}
			if err := out.policy(who, policy, missing); err != nil {
				return err
			}
			if wrong != nil {
				return fmt.Errorf("%s is refused, this is the last good policy: %w", build.Config, wrong)
			}
			return nil
		}),
	}
}

// user is an account as it would be at its next login.
type user struct {
	account.Account
	known  bool
	source *account.Source
}

func (u user) UID() uint32 { return u.Account.UID }
func (u user) label() string {
	if u.Account.Name == "" {
		return fmt.Sprintf("uid %d", u.UID())
	}
	return u.Account.Name
}

// findUser takes a login name, or a uid with or without an account; nobody
// named is the caller.
func findUser(source *account.Source, args []string) (user, error) {
	uid := uint32(os.Getuid())
	if len(args) > 0 {
		a, err := source.ByName(args[0])
		if err == nil {
			return user{a, true, source}, nil
		}
		id, isID := account.ParseID(args[0])
		if !isID && errors.Is(err, account.ErrNotFound) {
			return user{}, fmt.Errorf("there is no user %s", args[0])
		}
		if !isID {
			return user{}, fmt.Errorf("user %s: %w", args[0], err)
		}
		uid = id
	}
	a, err := source.ByUID(uid)
	if err == account.ErrNotFound {
		return user{account.Account{UID: uid}, false, source}, nil
	}
	return user{a, true, source}, err
}

// policyReport is the JSON form of show.
type policyReport struct {
	User             string            `json:"user,omitempty"`
	UID              uint32            `json:"uid"`
	Exempt           bool              `json:"exempt"`
	Directories      []directoryReport `json:"directories"`
	RuntimeDirectory bool              `json:"runtime_directory"`
	SetEnv           []string          `json:"set_env"`
	Shell            string            `json:"shell,omitempty"`
	OnFailure        string            `json:"on_failure"`
	Supervise        bool              `json:"supervise"`
	NoNewPrivileges  bool              `json:"no_new_privileges"`
	Ambient          []string          `json:"ambient"`
	Log              string            `json:"log"`
	Session          string            `json:"session_capabilities"`
	Helper           string            `json:"helper_capabilities"`
	NotSetUp         string            `json:"not_set_up,omitempty"`
}

type directoryReport struct {
	Path      string   `json:"path"`
	Method    string   `json:"method"`
	Private   string   `json:"private,omitempty"`
	Variables []string `json:"variables"`
	Options   []string `json:"options"`
}

// policy prints what a user's sessions get. notSetUp is what keeps them from it.
func (o *output) policy(who user, p config.Policy, notSetUp string) error {
	r := policyReport{
		User: who.Account.Name, UID: who.UID(), Exempt: p.Exempt,
		RuntimeDirectory: p.RuntimeDirectory, Shell: p.Shell, OnFailure: onFailure(p),
		Supervise: p.Supervise, NoNewPrivileges: p.NoNewPrivileges,
		Log: string(p.Log), Session: needs.Of(p).Session.String(), Helper: needs.Of(p).Helper.String(),
		Directories: directoryReports(p, who.UID()), SetEnv: []string{}, Ambient: append([]string{}, p.Ambient...),
		NotSetUp: notSetUp,
	}
	for _, s := range p.SetEnv {
		r.SetEnv = append(r.SetEnv, s.Name+"="+s.Value)
	}
	if o.json {
		return o.asJSON(r)
	}
	rows := [][2]string{
		{"user", strings.TrimSpace(fmt.Sprintf("%s uid=%d", r.User, r.UID))},
		{"exempt", word(r.Exempt)},
	}
	for _, d := range r.Directories {
		rows = append(rows, [2]string{"directory", quoted(append([]string{d.Path, d.Method}, d.Options...)...)})
		if d.Private != "" {
			rows = append(rows, [2]string{"private", d.Private})
		}
	}
	rows = append(rows, [2]string{"runtimedirectory", word(r.RuntimeDirectory)})
	for _, s := range r.SetEnv {
		rows = append(rows, [2]string{"setenv", quoted(s)})
	}
	shell := "none"
	if r.Shell != "" {
		shell = quoted(r.Shell)
	}
	rows = append(rows,
		[2]string{"shell", shell},
		[2]string{"onfailure", r.OnFailure},
		[2]string{"supervise", word(r.Supervise)},
		[2]string{"nonewprivileges", word(r.NoNewPrivileges)},
		[2]string{"ambient", orNone(strings.Join(r.Ambient, " "))},
		[2]string{"log", r.Log},
		[2]string{"session", orNone(r.Session)},
		[2]string{"helper", orNone(r.Helper)},
	)
	if notSetUp != "" {
		rows = append(rows, [2]string{"notice", notSetUp})
	}
	o.rows(rows)
	return nil
}
