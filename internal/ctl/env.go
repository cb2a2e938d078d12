package ctl

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"tmpshell/internal/build"
	"tmpshell/internal/compile"
	"tmpshell/internal/config"
	"tmpshell/internal/needs"
	"tmpshell/internal/session"
)

func envCommand(out *output, stderr func(string)) *cobra.Command {
	var format, job string
	c := &cobra.Command{
		Use:   "env",
		Short: "Print the environment of a session, for scripts outside of one",
		Args:  takes(0, 0),
		RunE: func(c *cobra.Command, args []string) error {
			if out.json && !c.Flags().Changed("format") {
				format = "json"
			}
			if err := oneWordOf("--format", format, envFormatNames()...); err != nil {
				return err
			}
			f := envFormats[format]
			return verb(func([]string) error {
				e, err := sessionEnvironment(job)
				if err != nil {
					return err
				}
				e.leaveUnsaid(format)
				err = f.write(out.w, e)
				for _, text := range append(e.said, e.missing...) {
					stderr(text)
				}
				if err == nil && len(e.missing) > 0 {
					err = errFindings
				}
				return err
			})(c, args)
		},
	}
	c.Flags().StringVar(&format, "format", "sh", "one of "+strings.Join(envFormatNames(), ", "))
	c.Flags().StringVar(&job, "job", "", "with the directories of this batch job")
	_ = c.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(envFormatNames(), cobra.ShellCompDirectiveNoFileComp))
	return c
}

// sessionEnv is what a session changes in its caller's environment.
type sessionEnv struct {
	set   []config.Setting
	unset []string
	// missing says what is not in it, and why.
	missing []string
	// said is what the caller should know, and which is no failure.
	said []string
}

// sessionEnvironment has a session begin, and looks at what it finds: what makes
// and verifies directories is in one place, and says the same here. It is that of a
// batch job, if one is named.
func sessionEnvironment(job string) (sessionEnv, error) {
	policy, err := ownPolicy()
	if err != nil || policy.Exempt {
		return sessionEnv{}, err
	}
	env, without := os.Environ(), ""
	if job != "" {
		if env, without, err = inJob(policy, uint32(os.Getuid()), job, env); err != nil {
			return sessionEnv{}, err
		}
	}
	// cat is the session's program, and reads what the kernel gave it.
	c := exec.Command(build.Launcher(), "--exec", "--", "/bin/cat", "/proc/self/environ")
	c.Stderr, c.Env = os.Stderr, env
	text, err := c.Output()
	if err != nil {
		return sessionEnv{}, fmt.Errorf("no session could begin: %w", err)
	}
	e := changes(policy, os.Environ(), splitEnv(text))
	e.leaveOut(policy, uint32(os.Getuid()))
	if without != "" {
		e.useOwn(policy, without)
	}
	return e, nil
}

func ownPolicy() (config.Policy, error) {
	who := compile.Who{UID: uint32(os.Getuid()), GID: uint32(os.Getgid())}
	groups, err := os.Getgroups()
	if err != nil {
		return config.Policy{}, err
	}
	for _, g := range groups {
		who.Groups = append(who.Groups, uint32(g))
	}
	policy, _, err := policyFor(who)
	return policy, err
}

func splitEnv(text []byte) []string {
	var list []string
	for entry := range bytes.SplitSeq(bytes.TrimSuffix(text, []byte{0}), []byte{0}) {
		list = append(list, string(entry))
	}
	return list
}

// changes takes out of a session's environment what the policy decides, also
// where the caller had the same value: whoever reads it may not have it. What is
// gone was another user's, or could not be had.
func changes(p config.Policy, before, after []string) sessionEnv {
	var ours []string
	for _, d := range p.Directories {
		if d.Method != config.Off {
			ours = append(ours, d.Variables...)
		}
	}
	if p.RuntimeDirectory {
		ours = append(ours, "XDG_RUNTIME_DIR")
	}
	for _, s := range p.SetEnv {
		ours = append(ours, s.Name)
	}
	var e sessionEnv
	for _, entry := range after {
		if name, value, ok := strings.Cut(entry, "="); ok && slices.Contains(ours, name) {
			e.set = append(e.set, config.Setting{Name: name, Value: value})
		}
	}
	for _, entry := range before {
		name, _, ok := strings.Cut(entry, "=")
		if ok && !slices.ContainsFunc(after, func(a string) bool { return strings.HasPrefix(a, name+"=") }) && !slices.Contains(e.unset, name) {
			e.unset = append(e.unset, name)
		}
	}
	return e
}

// leaveOut takes out the variables that name a directory which is the user's own
// in a session alone: here it is everybody's.
func (e *sessionEnv) leaveOut(p config.Policy, uid uint32) {
	for _, d := range p.Directories {
		plan := session.Plan{UID: uid, Directories: []session.Directory{{Instance: needs.Instance(d)}}}
		if !d.Mounted() || plan.Present() {
			continue
		}
		kept := len(e.set)
		e.set = slices.DeleteFunc(e.set, func(s config.Setting) bool {
			return s.Value == d.Path && slices.Contains(d.Variables, s.Name)
		})
		if len(e.set) < kept {
			e.missing = append(e.missing, d.Path+" is private only inside a session: its variables are left out here")
		}
	}
}
