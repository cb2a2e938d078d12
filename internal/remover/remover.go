// Package remover is tmpshell-remover: it removes its caller's private directories
// if no process of theirs is left. tmpshell-supervise becomes it, or starts it, at
// the end of a session.
//
// It MUST take nothing from its caller: no argument, no environment variable, no
// descriptor. Whoever starts it can have their own unused directories removed, and
// nothing else. It MUST become root's before it looks at anything. What it removes,
// and when, is package clean's to say: it is `tmpshellctl purge` for one user.
//
// Without capabilities, which it has for Supervise yes and in containers (package
// needs), it removes what the user could have removed: a fallback, and at the end of a container what is in the user's
// directories.
package remover

import (
	"runtime"
	"slices"
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"tmpshell/internal/account"
	"tmpshell/internal/asroot"
	"tmpshell/internal/build"
	"tmpshell/internal/capset"
	"tmpshell/internal/clean"
	"tmpshell/internal/compile"
	"tmpshell/internal/msg"
	"tmpshell/internal/policy"
	"tmpshell/internal/sys"
	"tmpshell/internal/syslog"
)

const program = "tmpshell-remover"

// Exit codes, for people: nobody else looks at them.
const (
	exitOK     = 0 // removed, or in use
	exitFailed = 1
)

// patience bounds how long the end of the process that has started this one is waited
// for, which somebody may have stopped.
const patience = time.Second

// looks bounds how often one is repeated because what was seen has ended: a user who
// starts processes all the time still uses the directories.
const looks = 100

// run is one run of the remover.
type run struct {
	uid    uint32
	gid    uint32
	groups []uint32
	// parent is the process that has started this one, if it is still there.
	parent int
	root   bool
	above  int            // see supervisor
	said   *policy.Policy // nil: not known
	logger syslog.Logger
}

// Run does the remover's work for the calling process and returns its exit code.
func Run() int {
	runtime.LockOSThread()
	r := &run{uid: uint32(unix.Getuid()), gid: uint32(unix.Getgid()), parent: unix.Getppid(), logger: syslog.Logger{Program: program}}
	if r.uid == 0 {
		return exitOK // a process of root's is always left
	}
	except := []int{unix.Getpid()} // as long as it is not root's
	if r.above = supervisor(); r.above != 0 {
		except = append(except, r.above)
	}
	groups, err := unix.Getgroups()
	if err != nil {
		return exitFailed
	}
	for _, g := range groups {
		r.groups = append(r.groups, uint32(g))
	}
	asroot.IgnoreSignals()
	is := asroot.Program{Path: build.Remover(), Need: capset.Remover, More: capset.SysPtrace}
	no := is.Become(r.uid)
	if r.root = no == nil; r.root {
		if err := asroot.Raise(); err != nil {
			no = &asroot.Refusal{Why: err.Error(), Kept: true}
		}
	}
	if no != nil && no.Kept {
		msg.Printer{Program: program, FD: 2, Patience: asroot.Patience}.Error(no.Why)
		return exitFailed
	}
	o := r.options(except)
	code := r.remove(o)
	if !r.root && r.above != 0 {
		code = max(code, r.empty(o))
	}
	return code
}

// remove removes the directories, or waits for what uses them. Where nobody has
// configured it, as with --init, what cannot be known is no failure: the remover
// lacks sys_ptrace then.
func (r *run) remove(o clean.Options) int {
	again := looks
	for until := time.Now().Add(patience); ; {
		report, err := clean.Run(o)
		switch {
		case err != nil && r.supervised():
			return r.tell(syslog.Warning, "nothing is removed: "+err.Error())
		case err != nil:
			return exitOK
		case !inUse(report):
			return r.log(report)
		}
		left, ended := r.left(report)
		if ended && again > 0 {
			again--
			continue
		}
		if left < 0 {
			return exitOK
		}
		if r.supervised() && r.above == 0 {
			r.becomeWatcher(left)
			return exitFailed
		}
		over := !clean.Ended(left, time.Until(until))
		sys.Close(left)
		if over {
			return exitOK
		}
	}
}

// supervised tells whether an administrator has configured Supervise yes.
func (r *run) supervised() bool { return r.said != nil && r.said.Supervise }

func inUse(report *clean.Report) bool {
	return slices.ContainsFunc(report.Results, func(res *clean.Result) bool {
		return res.Action == clean.Kept && res.Why != clean.InLayer || res.Action == clean.Back
	})
}

// log says what could not be removed, and with Log all what was.
func (r *run) log(report *clean.Report) int {
	code := exitOK
	if r.supervised() {
		for _, why := range report.Errors {
			code = r.tell(syslog.Warning, why)
		}
	}
	for _, res := range report.Results {
		switch res.Action {
		case clean.Failed:
			code = r.tell(syslog.Warning, "cannot remove "+res.Path+": "+res.Why)
		case clean.Gone:
			r.tell(syslog.Info, "removed "+res.Path)
		}
	}
	return code
}

// tell is for the log, as Log says, and what is a failure for the standard error,
// too: a container has no log. It returns the exit code of a failure.
func (r *run) tell(p syslog.Priority, what string) int {
	level := uint32(policy.LogFailures)
	if r.said != nil {
		level = r.said.Log
	}
	if level == policy.LogAll || level != policy.LogNone && p == syslog.Warning {
		r.logger.Send(p, "notice "+account.System().Words(r.uid), what)
	}
	if p == syslog.Warning {
		msg.Printer{Program: program, FD: 2, Patience: asroot.Patience}.Error(what)
	}
	return exitFailed
}

func decimal(n uint32) string { return strconv.FormatUint(uint64(n), 10) }

// options are those of a run for the caller alone.
func (r *run) options(except []int) clean.Options {
	o := clean.Options{
		Where:    r.where(),
		Except:   except,
		Unlocked: true,
		Only:     func(uid uint32, _ string) bool { return uid == r.uid },
		Grace:    func(uint32, string) time.Duration { return 0 },
		Kinds:    []clean.Kind{clean.Env, clean.Instance, clean.Fallback, clean.Holder, clean.List},
	}
	if !r.root {
		o.Kinds = []clean.Kind{clean.Fallback}
	}
	r.contain(&o)
	return o
}

// where is every place in which the policy has something for anybody.
func (r *run) where() clean.Where {
	w := clean.Where{Shared: []string{"/tmp"}, Stores: []string{store}}
	var f policy.File
	if t := f.Read(policy.Path, make([]byte, policy.MaxSize+1)); !t.OK() {
		return w
	}
	for _, p := range compile.EverybodyOf(&f).Paths {
		if !slices.Contains(w.Shared, p.At) {
			w.Shared = append(w.Shared, p.At)
		}
	}
	said, err := compile.System().Resolve(&f, compile.Who{UID: r.uid, GID: r.gid, Groups: r.groups})
	if err != nil {
		return w
	}
	r.said = said
	var d policy.Directory
	for slot, ok := uint32(0), true; ; {
		if slot, ok = said.Directory(slot, &d); !ok {
			return w
		}
		if d.Store != "" && !slices.Contains(w.Stores, d.Store) {
			w.Stores = append(w.Stores, d.Store)
		}
	}
}
