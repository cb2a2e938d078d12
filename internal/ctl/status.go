package ctl

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tmpshell/internal/account"
	"tmpshell/internal/build"
	"tmpshell/internal/clean"
	"tmpshell/internal/config"
	"tmpshell/internal/msg"
	"tmpshell/internal/roster"
)

// What status looks at without --full: so many names in one directory, and for so
// long at all of them.
const (
	sampleNames = 2000
	sampleTime  = 2 * time.Second
	// sampleWait is for how long one call of the kernel's is waited for then.
	sampleWait = 5 * time.Second
)

// statusFlags are those of status.
type statusFlags struct {
	full, contained bool
	format, sort    string
}

var (
	statusFormats = []string{"table", "prometheus"}
	statusOrders  = []string{"user", "size", "last-use"}
)

func statusCommand(out *output) *cobra.Command {
	var flags statusFlags
	c := &cobra.Command{
		Use:               "status [USER|UID...]",
		Aliases:           []string{"list"},
		Short:             "Show who has which private directories, and how full they are",
		ValidArgsFunction: completeUsers,
	}
	c.RunE = func(cmd *cobra.Command, args []string) error {
		if err := cmp.Or(oneWordOf("--format", flags.format, statusFormats...), oneWordOf("--sort", flags.sort, statusOrders...)); err != nil {
			return err
		}
		if code, done := behind(); done {
			return code
		}
		return verb(func([]string) error { return out.status(flags, args) })(cmd, args)
	}
	f := c.Flags()
	f.BoolVar(&flags.full, "full", false, "look at every file, however long that takes")
	f.BoolVar(&flags.contained, "contained", false, "in a container: nobody outside of this PID namespace uses the directories")
	f.StringVar(&flags.format, "format", "table", "table, or prometheus for the textfile collector of its node_exporter")
	f.StringVar(&flags.sort, "sort", "user", "user, size or last-use")
	_ = c.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(statusFormats, cobra.ShellCompDirectiveNoFileComp))
	_ = c.RegisterFlagCompletionFunc("sort", cobra.FixedCompletions(statusOrders, cobra.ShellCompDirectiveNoFileComp))
	return c
}

// statusReport is the JSON form. tmpshellctl(8) has its fields.
type statusReport struct {
	Complete       bool              `json:"complete"`
	ProcessesKnown bool              `json:"processes_known"`
	AccountsKnown  bool              `json:"accounts_known"`
	Directories    []statusDirectory `json:"directories"`
	Oddities       []clean.Left      `json:"oddities"`
	Errors         []string          `json:"errors"`
}

// statusDirectory is one directory.
type statusDirectory struct {
	User        string          `json:"user"`
	UID         uint32          `json:"uid"`
	Account     string          `json:"account"`
	Path        string          `json:"path"`
	Directory   string          `json:"directory"`
	Method      clean.Kind      `json:"method"`
	Bytes       uint64          `json:"bytes"`
	Files       uint64          `json:"files"`
	Directories uint64          `json:"directories"`
	Inodes      uint64          `json:"inodes"`
	Complete    bool            `json:"complete"`
	LastUse     *time.Time      `json:"last_use"`
	Owner       uint32          `json:"owner"`
	Mode        string          `json:"mode"`
	Private     bool            `json:"private"`
	Processes   []clean.Process `json:"processes"`
	Sessions    *int            `json:"sessions"`
	Namespaces  *int            `json:"namespaces"`
	Notes       []string        `json:"notes"`
}

// status is the verb.
func (o *output) status(flags statusFlags, names []string) error {
	if os.Geteuid() != 0 {
		return errors.New("status needs root")
	}
	began := time.Now()
	conf, wrong := config.Load(build.Config)
	q := clean.Question{Where: whereToClean(conf), Contained: flags.contained, Entries: sampleNames, Time: sampleTime, Patience: sampleWait}
	if flags.full {
		q.Entries, q.Time, q.Patience = 0, 0, 0
	}
	if len(names) > 0 {
		var only []uint32
		for _, name := range names {
			who, err := findUser(account.System(), []string{name})
			if err != nil {
				return err
			}
			only = append(only, who.UID())
		}
		q.Only = func(uid uint32) bool { return slices.Contains(only, uid) }
	}
	inv := q.Take()
	if q.Only != nil {
		inv.Oddities = nil // of others
	}
	if wrong != nil {
		inv.Errors = append(inv.Errors, fmt.Sprintf("%s is refused, and the directories that it names are not known: %v", build.Config, wrong))
	}
	if inv.Unseen != nil {
		inv.Errors = append(inv.Errors, "processes are not known: "+inv.Unseen.Error())
	}
	r := reportOf(inv, conf)
	r.sort(flags.sort)
	var err error
	switch {
	case flags.format == "prometheus":
		past, wrong := sessionsLogged(conf, q.Only, began)
		if wrong != nil {
			r.Errors = append(r.Errors, wrong.Error())
		}
		err = o.statusMetrics(r, past, time.Since(began))
		for i, text := range r.Errors {
			r.Errors[i] = msg.Line(text)
		}
		if err == nil && len(r.Errors) > 0 { // the metrics have their number alone
			err = errors.New(strings.Join(slices.Compact(r.Errors), "; "))
		}
	case o.json:
		err = o.asJSON(r)
	default:
		o.statusTable(r, time.Now())
	}
	if err == nil && len(r.Errors) > 0 {
		err = errFindings
	}
	return err
}

// reportOf puts names to what was found.
func reportOf(inv *clean.Inventory, conf *config.Config) *statusReport {
	uids := make(map[uint32]bool)
	for _, i := range inv.Items {
		uids[i.UID] = true
	}
	known := roster.Machine().Look(slices.Sorted(maps.Keys(uids)))
	has := configured(conf)
	r := &statusReport{
		Complete: true, ProcessesKnown: inv.Unseen == nil, AccountsKnown: known.Doubt == nil, Directories: []statusDirectory{},
		Oddities: append([]clean.Left{}, inv.Oddities...), Errors: append([]string{}, inv.Errors...),
	}
	for _, i := range inv.Items {
		d := statusOf(i, known, has)
		if inv.Unseen == nil {
			d.use(i)
		}
		r.Complete = r.Complete && d.Complete
		r.Directories = append(r.Directories, d)
	}
	return r
}

func statusOf(i *clean.Item, known *roster.Known, has map[configuredDirectory]bool) statusDirectory {
	who, there := known.Of(i.UID)
	d := statusDirectory{
		User: who.Name, UID: i.UID, Account: "there",
		Path: i.Path, Directory: i.Shared, Method: i.Kind,
		Bytes: i.Bytes, Files: i.Files, Directories: i.Directories, Inodes: i.Files + i.Directories + 1, Complete: !i.Partly,
		Owner: i.Owner, Mode: fmt.Sprintf("%04o", i.Mode), Private: true,
		Notes: []string{},
	}
	if i.Kind == clean.Fresh { // nothing of it was seen
		d.Mode, d.Inodes = "", 0
	}
	if i.Newest != 0 {
		last := time.Unix(0, i.Newest).UTC()
		d.LastUse = &last
	}
	note := func(text string) { d.Notes = append(d.Notes, text) }
	switch {
	case errors.Is(i.Wrong, clean.ErrStuck):
		note("does not answer")
	case i.Wrong != nil:
		note("not all of it can be looked at")
	}
	if !there {
		if d.Account = "unknown"; known.IsGone(i.UID) {
			d.Account = "gone"
			note("there is no account")
		}
	}
	switch {
	case i.Withdrawn:
		note("was withdrawn when there was no account")
	case i.Leftover:
		note("is being removed")
	case i.Kind == clean.Squatted:
		note("was moved aside")
	case i.Kind == clean.Fallback:
		note("a login did not get its directory")
	case has != nil && !has[configuredDirectory{i.Shared, methodOf[i.Kind]}]:
		note("no session gets it: the configuration has changed")
	}
	// An instance is out of reach, whatever its mode is.
	if i.Kind != clean.Instance && i.Kind != clean.Fresh && i.Mode&0o077 != 0 {
		d.Private = false
		note("others may enter it")
	}
	return d
}

// use says by whom it is used, where that is known.
func (d *statusDirectory) use(i *clean.Item) {
	sessions := i.Sessions()
	d.Processes, d.Sessions, d.Namespaces = append([]clean.Process{}, i.By...), &sessions, &i.Namespaces
}

// configuredDirectory is one that sessions get.
type configuredDirectory struct {
	shared string
	method config.Method
}

var methodOf = map[clean.Kind]config.Method{clean.Env: config.Env, clean.Job: config.Env, clean.Instance: config.Mount, clean.Fresh: config.Tmpfs}

// configured are those that anybody gets at the next login; nil: not known.
func configured(conf *config.Config) map[configuredDirectory]bool {
	if conf == nil {
		return nil
	}
	has := make(map[configuredDirectory]bool)
	for _, p := range conf.Variants() {
		for _, d := range p.Directories {
			has[configuredDirectory{d.Path, d.Method}] = true
		}
	}
	return has
}

func (r *statusReport) sort(order string) {
	slices.SortStableFunc(r.Directories, func(a, b statusDirectory) int {
		first := 0
		switch order {
		case "size":
			first = cmp.Compare(b.Bytes, a.Bytes)
		case "last-use":
			first = compareTimes(b.LastUse, a.LastUse)
		}
		return cmp.Or(first, cmp.Compare(a.User, b.User), cmp.Compare(a.UID, b.UID), cmp.Compare(a.Path, b.Path))
	})
}

func compareTimes(a, b *time.Time) int {
	switch {
	case a == nil && b == nil:
		return 0
	case a == nil:
		return 1
	case b == nil:
		return -1
	}
	return a.Compare(*b)
}
