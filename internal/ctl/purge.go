package ctl

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tmpshell/internal/account"
	"tmpshell/internal/build"
	"tmpshell/internal/clean"
	"tmpshell/internal/config"
)

func purgeCommand(out *output, stderr io.Writer) *cobra.Command {
	var flags cleanFlags
	var supervised bool
	c := &cobra.Command{
		Use:   "purge USER|UID",
		Short: "Remove all private directories of a user who has no process",
		Args:  takes(1, 1),

		ValidArgsFunction: completeUser,
		RunE: verb(func(args []string) error {
			if err := flags.checkPatience(); err != nil {
				return err
			}
			if code, done := behind(); done {
				return code
			}
			who, err := findUser(account.System(), args)
			if err != nil {
				return err
			}
			if !supervised {
				return out.purge(who, flags, stderr)
			}
			if p, err := newAges().policy(who.UID()); err != nil || !p.Supervise {
				return err
			}
			return out.purge(who, flags, stderr)
		}),
	}
	c.Flags().BoolVar(&flags.dryRun, "dry-run", false, "remove nothing, and list what would be removed")
	c.Flags().BoolVar(&supervised, "supervised", false, "do it if the user has Supervise yes")
	c.Flags().BoolVar(&flags.contained, "contained", false, "in a container: nobody outside of this PID namespace uses the directories")
	flags.addPatience(c.Flags())
	return c
}

// purge is the verb: a run of clean for one user, without a grace time.
func (o *output) purge(who user, flags cleanFlags, stderr io.Writer) error {
	if os.Geteuid() != 0 {
		return errors.New("purge needs root")
	}
	conf, wrong := config.Load(build.Config)
	opts, _ := cleanOptions(conf, flags)
	opts.MaxAge, opts.Orphans = nil, nil
	opts.Grace = func(uint32, string) time.Duration { return 0 }
	opts.Only = func(uid uint32, _ string) bool { return uid == who.UID() }
	stop := progress(stderr, opts.Counts)
	report, err := clean.Run(opts)
	stop()
	if err != nil {
		return err
	}
	report.Oddities = nil // of others
	inTheWay(report)
	return o.ran(report, flags, wrong)
}

// inTheWay makes a failure of what is in use, and says by whom.
func inTheWay(report *clean.Report) {
	for _, r := range report.Results {
		if r.Action != clean.Kept && r.Action != clean.Back {
			continue
		}
		r.Action = clean.Failed
		var by []string
		for i, p := range r.By {
			if i == 5 {
				by = append(by, fmt.Sprintf("%d more", len(r.By)-i))
				break
			}
			by = append(by, fmt.Sprintf("%s %d", p.Name, p.PID))
		}
		if len(by) > 0 {
			r.Why += " by " + strings.Join(by, ", ")
		}
		if len(r.Mounts) > 0 {
			r.Why += "; mounted on " + strings.Join(r.Mounts, ", ")
		}
	}
}
