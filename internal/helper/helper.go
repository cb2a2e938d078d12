// Package helper is tmpshell-helper: it compiles the configuration and makes the
// caller's private directories.
//
// It MUST take nothing from its caller: no argument, no environment variable, no
// descriptor but the one that it writes its reasons to. All that it goes by is the
// real uid, the groups and root's configuration. It MUST become root's before it
// reads or asks anything: as long as it is the user's, the user's other processes
// can signal it, change its limits and stop it. It MUST survive being killed at
// every point before that, and by a crash of the machine at every point.
//
// It takes no argument and no environment. Its standard error gets a line for each
// thing that could not be made, "tmpshell-helper: cannot make PATH: why", or one
// that says why nothing could be done.
package helper

import (
	"runtime"
	"strings"

	"golang.org/x/sys/unix"

	"tmpshell/internal/account"
	"tmpshell/internal/asroot"
	"tmpshell/internal/build"
	"tmpshell/internal/capset"
	"tmpshell/internal/compile"
	"tmpshell/internal/making"
	"tmpshell/internal/msg"
	"tmpshell/internal/policy"
	"tmpshell/internal/syslog"
)

// Exit codes, the launcher's to read. Where more than one holds, it is the highest
// but for ExitWrong, which is the lowest but ExitOK.
const (
	ExitOK     = 0 // everything is there
	ExitFailed = 1 // something could not be made
	// ExitSetup: no capabilities; tmpshellctl setup gives them. It is not 2, which is
	// how a program ends that the Go runtime gives up, for a want of memory too.
	ExitSetup = 5
	// ExitKept: it was kept from finding out, by a limit, a want of memory or
	// descriptors, a name service that does not answer. That is no "no".
	ExitKept = 3
	// ExitWrong: all is there, and the configuration is wrong: the last good
	// policy is in force.
	ExitWrong = 4
)

const program = "tmpshell-helper"

// CannotMake begins the line about one file or directory; its path and the reason
// follow.
const CannotMake = "cannot make "

// run is one run of the helper.
type run struct {
	stderr msg.Printer
	who    compile.Who
	code   int
	// quiet: the policy says "Log none".
	quiet bool
}

// Run does the helper's work for the calling process and returns its exit code.
func Run() int {
	runtime.LockOSThread()
	r := &run{stderr: msg.Printer{Program: program, FD: 2, Patience: asroot.Patience}}
	who, err := caller()
	if err != nil {
		return r.kept("who the caller is", err)
	}
	r.who = who
	asroot.IgnoreSignals()
	root := asroot.Program{Path: build.Helper(), Need: capset.Helper}
	if no := root.Become(who.UID); no != nil {
		return r.refused(no)
	}
	in := r.policy(ownLimits())
	if in == nil {
		return r.code
	}
	r.directories(in)
	if r.code == ExitOK && in.IsWrong() {
		r.code = ExitWrong
	}
	return r.code
}

// refused says why it cannot become root's.
func (r *run) refused(no *asroot.Refusal) int {
	r.stderr.Error(no.Why)
	switch {
	case no.Kept:
		return ExitKept
	case no.Setup:
		return ExitSetup
	}
	return ExitFailed
}

// caller is who the process belongs to, as the kernel has it.
func caller() (compile.Who, error) {
	who := compile.Who{UID: uint32(unix.Getuid()), GID: uint32(unix.Getgid())}
	groups, err := unix.Getgroups()
	for _, g := range groups {
		who.Groups = append(who.Groups, uint32(g))
	}
	return who, err
}

// worse notes how the run ends.
func (r *run) worse(code int) { r.code = max(r.code, code) }

func (r *run) kept(what string, err error) int {
	r.stderr.Error(what, err.Error())
	r.worse(ExitKept)
	return r.code
}

// cannot says that something could not be made.
func (r *run) cannot(path string, err error) {
	r.stderr.Error(CannotMake+path, err.Error())
	r.worse(ExitFailed)
	if asroot.IsKept(err) {
		r.worse(ExitKept)
	}
}

func (r *run) log(text string) {
	if !r.quiet {
		syslog.Logger{Program: program}.Send(syslog.Warning, r.notice(), text)
	}
}

// notice begins a line of the log, as the launcher's lines do.
func (r *run) notice() string { return "notice " + account.System().Words(r.who.UID) }

// policy gets the policy that is in force, kept where logins find it. Nil: it
// could not be found out. limits says which of the limits that the caller has left
// would make a name service fail: it is not asked then.
func (r *run) policy(limits error) *compile.InForce {
	place := compile.SystemPlace(build.Config)
	if limits != nil {
		place.Names.Service.Ask = func(func([]byte) bool, string, ...string) error { return limits }
	}
	in, err := place.Get()
	if err != nil {
		r.kept("the configuration could not be compiled", err)
		return nil
	}
	if in.Wrong != nil {
		r.logWrong(in)
	}
	if in.Failed != nil {
		r.log("names of " + build.Config + " could not be asked for: " + in.Failed.Error())
	}
	if err := place.Learn(in, r.who); err != nil {
		r.kept("the names of uid "+decimal(r.who.UID)+" could not be asked for", err)
	}
	if in.Made {
		if err := place.Keep(in); err != nil {
			r.cannot(policy.Path, err)
		}
	}
	return in
}

// logWrong says what is wrong with the configuration: the first lines of it.
func (r *run) logWrong(in *compile.InForce) {
	stead := "the last good one stays in force"
	if in.BuiltIn {
		stead = "the built-in one is in force"
	}
	const most = 5
	faults := strings.Split(in.Wrong.Error(), "\n")
	for _, fault := range faults[:min(most, len(faults))] {
		syslog.Logger{Program: program}.Send(syslog.Error, r.notice(), fault, "the configuration is wrong, and "+stead)
	}
}

// directories makes the caller's directories for everything that the policy has
// for anybody. What is shared in them is as the policy says for the caller.
func (r *run) directories(in *compile.InForce) {
	said, err := compile.System().Resolve(in.File, r.who)
	if err != nil {
		r.kept("the policy of uid "+decimal(r.who.UID), err)
		return
	}
	r.quiet = said.Log == policy.LogNone
	m := making.Maker{UID: r.who.UID, GID: r.who.GID, Notice: r.log}
	all := compile.EverybodyOf(in.File)
	for _, w := range wants(all, said) {
		if err := w.make(&m); err != nil {
			r.cannot(w.path(r.who.UID), err)
		}
	}
}
