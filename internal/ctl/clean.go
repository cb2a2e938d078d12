package ctl

import (
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"tmpshell/internal/account"
	"tmpshell/internal/build"
	"tmpshell/internal/clean"
	"tmpshell/internal/config"
	"tmpshell/internal/private"
)

// For how long nothing in an unused directory must have been touched before it is
// removed. What stands for a directory that outlives a boot is kept for longer, as
// the cleaners of those are.
const (
	graceOfTmp = 24 * time.Hour
	graceOther = 30 * 24 * time.Hour
	// graceOrphan is from when nobody can reach them any more.
	graceOrphan = 7 * 24 * time.Hour
)

// gcBeforeWork has the garbage collector wait until 12 MiB are used, not 4: what is known of
// 10,000 users takes 5, and is needed to the end. gcAtWork is for the time when directories
// are looked into: each leaves some KiB of garbage, most of it the runtime's own for a
// thread, and memory may grow by a quarter.
const (
	gcBeforeWork = 300
	gcAtWork     = 25
)

// emptiedAtBoot are directories that no machine is expected to keep over a boot.
var emptiedAtBoot = map[string]bool{"/tmp": true, "/dev/shm": true}

// cleanFlags are those of clean.
type cleanFlags struct {
	dryRun, boot, orphans, contained bool
	grace, job, patience             string
}

func cleanCommand(out *output, stderr io.Writer) *cobra.Command {
	var flags cleanFlags
	c := &cobra.Command{
		Use:   "clean",
		Short: "Remove private directories that nobody uses, and old files",
		Args:  takes(0, 0),
	}
	c.RunE = func(cmd *cobra.Command, args []string) error {
		if _, ok := config.ParseAge(flags.grace); flags.grace != "" && !ok {
			return fmt.Errorf("--grace takes a time such as 12h or 10d, not %q", flags.grace)
		}
		if err := flags.checkPatience(); err != nil {
			return err
		}
		if code, done := behind(); done {
			return code
		}
		if cmd.Flags().Changed("job") {
			return verb(func([]string) error { return out.cleanJob(flags, stderr) })(cmd, args)
		}
		return verb(func([]string) error { return out.clean(flags, stderr) })(cmd, args)
	}
	f := c.Flags()
	f.BoolVar(&flags.dryRun, "dry-run", false, "remove nothing, and list what would be removed")
	f.BoolVar(&flags.boot, "boot", false, "empty what stands for /tmp and /dev/shm, as at boot")
	f.BoolVar(&flags.orphans, "orphans", false, "look after the directories of uids without an account alone")
	f.StringVar(&flags.job, "job", "", "remove the directories of this batch job at once, and nothing else")
	c.MarkFlagsMutuallyExclusive("boot", "orphans", "job")
	f.StringVar(&flags.grace, "grace", "", "keep unused directories in which something is younger (default 1d, 30d for others than /tmp and /dev/shm)")
	f.BoolVar(&flags.contained, "contained", false, "in a container: nobody outside of this PID namespace uses the directories")
	flags.addPatience(f)
	c.MarkFlagsMutuallyExclusive("job", "grace")
	c.MarkFlagsMutuallyExclusive("job", "contained")
	return c
}

func (flags *cleanFlags) addPatience(f *pflag.FlagSet) {
	f.StringVar(&flags.patience, "patience", "", "for how long the kernel may wait in a user's directory until it is passed over (default 5m)")
}

func (flags *cleanFlags) checkPatience() error {
	if seconds, ok := config.ParseAge(flags.patience); flags.patience != "" && (!ok || seconds == 0) {
		return fmt.Errorf("--patience takes a time such as 90s or 10m, not %q", flags.patience)
	}
	return nil
}

// waits is the patience; 0: the usual one.
func (flags *cleanFlags) waits() time.Duration {
	seconds, _ := config.ParseAge(flags.patience)
	return time.Duration(seconds) * time.Second
}

// clean is the verb.
func (o *output) clean(flags cleanFlags, stderr io.Writer) error {
	if os.Geteuid() != 0 {
		return errors.New("clean needs root")
	}
	conf, wrong := config.Load(build.Config)
	opts, remember := cleanOptions(conf, flags)
	opts.Brief = !o.json
	debug.SetGCPercent(gcBeforeWork)
	opts.Works = sync.OnceFunc(func() { debug.SetGCPercent(gcAtWork) })
	stop := progress(stderr, opts.Counts)
	report, err := clean.Run(opts)
	stop()
	if err != nil {
		return err
	}
	if opts.Orphans != nil && !flags.dryRun {
		if err := remember(report); err != nil {
			report.Errors = append(report.Errors, "who has directories now is not remembered: "+err.Error())
		}
	}
	return o.ran(report, flags, wrong)
}

// ran says what a run has done.
func (o *output) ran(report *clean.Report, flags cleanFlags, wrong error) error {
	if wrong != nil {
		report.Errors = append(report.Errors, fmt.Sprintf("%s is refused, and the directories that it names are not known: %v", build.Config, wrong))
	}
	logClean(report, flags)
	return o.cleaned(report, flags.dryRun)
}

// cleanOptions are those of a run for everybody.
func cleanOptions(conf *config.Config, flags cleanFlags) (opts clean.Options, remember func(*clean.Report) error) {
	where := whereToClean(conf)
	opts = clean.Options{Where: where, DryRun: flags.dryRun, Contained: flags.contained, Counts: &clean.Counts{}, Patience: flags.waits()}
	grace, given := config.ParseAge(flags.grace)
	opts.Grace = func(uid uint32, shared string) time.Duration {
		switch {
		case flags.boot:
			return 0
		case given:
			return time.Duration(grace) * time.Second
		case emptiedAtBoot[shared]:
			return graceOfTmp
		}
		return graceOther
	}
	opts.Orphans, remember = orphans(graceOrphan)
	if given {
		opts.Orphans.Grace = time.Duration(grace) * time.Second
	}
	opts.Orphans.Only = flags.orphans
	if anyAge(conf) && !flags.orphans {
		a := newAges()
		opts.MaxAge, opts.Shares = a.of, a.shares
	}
	if flags.boot {
		opts.MaxAge, opts.Orphans = nil, nil
		opts.Kinds = []clean.Kind{clean.Instance, clean.Job}
		opts.Only = func(_ uint32, shared string) bool { return emptiedAtBoot[shared] }
	}
	return opts, remember
}

// whereToClean is every place that a configuration has for anybody; /tmp is built
// in.
func whereToClean(conf *config.Config) clean.Where {
	w := clean.Where{Shared: []string{config.TmpLine.Path}, Rendezvous: map[string][]string{}, Stores: []string{private.Store}}
	if conf == nil {
		return w
	}
	seen := map[string]bool{config.TmpLine.Path: true}
	for _, p := range conf.Variants() {
		for _, d := range p.Directories {
			if !seen[d.Path] {
				seen[d.Path] = true
				w.Shared = append(w.Shared, d.Path)
			}
			if d.Store != "" && !slices.Contains(w.Stores, d.Store) {
				w.Stores = append(w.Stores, d.Store)
			}
			for _, entry := range d.Share {
				name, isDirectory := strings.CutSuffix(entry, "/")
				if isDirectory && !strings.ContainsAny(name, "$*?") {
					w.Rendezvous[d.Path] = append(w.Rendezvous[d.Path], name)
				}
			}
		}
	}
	return w
}

// userName is for reports; a uid without a name is none.
type userNames struct {
	source *account.Source
	known  map[uint32]string
}

// read reads the local file once: there may be thousands to be named.
func (n *userNames) read() {
	n.source, n.known = account.System(), map[uint32]string{}
	_ = n.source.Each(func(a account.Account) bool { // a name that is not known is none
		if _, before := n.known[a.UID]; !before {
			n.known[a.UID] = a.Name
		}
		return true
	})
}

func (n *userNames) of(uid uint32) string {
	if n.known == nil {
		n.read()
	}
	name, ok := n.known[uid]
	if !ok {
		if a, err := n.source.ByUID(uid); err == nil {
			name = a.Name
		}
		n.known[uid] = name
	}
	return name
}

// label is the name, or "uid N".
func (n *userNames) label(uid uint32) string {
	if name := n.of(uid); name != "" {
		return name
	}
	return fmt.Sprintf("uid %d", uid)
}
