package ctl

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"tmpshell/internal/account"
	"tmpshell/internal/build"
	"tmpshell/internal/clean"
	"tmpshell/internal/config"
	"tmpshell/internal/making"
	"tmpshell/internal/needs"
	"tmpshell/internal/private"
	"tmpshell/internal/syslog"
)

func jobCommand(out *output) *cobra.Command {
	in := config.TmpLine.Path
	c := &cobra.Command{
		Use:   "job USER|UID JOB",
		Short: "Make the directory of a batch job, and print its path",
		Args:  takes(2, 2),

		ValidArgsFunction: completeUser,
		RunE: verb(func(args []string) error {
			if os.Geteuid() != 0 {
				return errors.New("job needs root")
			}
			who, err := findUser(account.System(), args[:1])
			if err == nil {
				err = out.job(who, args[1], in)
			}
			// What calls it may show nobody what it says.
			var none noJob
			if err != nil && !errors.As(err, &none) {
				syslog.Logger{Program: "tmpshellctl"}.Send(syslog.Warning, "job", fmt.Sprintf("no directory for batch job %s of %s in %s", args[1], args[0], in), err.Error())
			}
			return err
		}),
	}
	c.Flags().StringVar(&in, "directory", in, "for this Directory, of method env, or of mount with per=")
	return c
}

type jobReport struct {
	User string `json:"user,omitempty"`
	UID  uint32 `json:"uid"`
	Job  string `json:"job"`
	Path string `json:"path"`
}

// noJob is why a user's jobs are to have no directory: there is nothing to be done.
type noJob struct{ error }

// notJob is why something is no name of a job.
func notJob(job string) error {
	return fmt.Errorf("%q is no name of a job: that has up to 32 letters, digits or _-.[]", job)
}

// job is the verb. What it makes is the user's as it would be by a login of theirs.
func (o *output) job(who user, job, in string) error {
	if !private.IsJob(job) {
		return notJob(job)
	}
	as, err := who.whoIs()
	if err != nil {
		return fmt.Errorf("looking up the groups of %s: %w", who.label(), err)
	}
	p, _, err := policyFor(as)
	if err != nil {
		return err
	}
	if p.Exempt {
		return noJob{fmt.Errorf("%s is exempt", who.label())}
	}
	d := config.Directory{Path: in, Method: config.Off}
	for _, one := range p.Directories {
		if one.Path == in {
			d = one
		}
	}
	if d.Method != config.Env && d.Per == "" {
		return noJob{fmt.Errorf("%s is of method %s for %s, not of method env, or of mount with per=; --directory names another", in, d.Method, who.label())}
	}
	report := jobReport{User: who.Name, UID: as.UID, Job: job}
	m := &making.Maker{UID: as.UID, GID: as.GID}
	err = making.Apart(func() (err error) {
		if d.Method == config.Env {
			report.Path, err = m.Job(in, job)
			return err
		}
		i := needs.Instance(d)
		i.User = who.Name
		report.Path, err = m.JobInstance(i, job)
		if err == nil && in == config.TmpLine.Path && p.RuntimeDirectory && !private.HasLogind() {
			i.Job = job
			err = m.InstanceRuntime(i)
		}
		return err
	})
	if err != nil {
		return err
	}
	if o.json {
		return o.asJSON(report)
	}
	_, err = fmt.Fprintln(o.w, report.Path)
	return err
}

// cleanJob is clean for one job.
func (o *output) cleanJob(flags cleanFlags, stderr io.Writer) error {
	if os.Geteuid() != 0 {
		return errors.New("clean needs root")
	}
	if !private.IsJob(flags.job) {
		return notJob(flags.job)
	}
	conf, wrong := config.Load(build.Config)
	opts := clean.Options{Where: whereToClean(conf), DryRun: flags.dryRun, Counts: &clean.Counts{}, Patience: flags.waits()}
	stop := progress(stderr, opts.Counts)
	report := clean.RunJob(opts, flags.job)
	stop()
	return o.ran(report, flags, wrong)
}
