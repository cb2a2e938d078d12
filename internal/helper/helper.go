// Package helper is tmpshell-helper: it makes the caller's private directories.
//
// It MUST take nothing from its caller: no argument, no environment variable,
// no descriptor but the one that it writes its errors to. All that it goes by
// is the real uid and root's configuration. It MUST survive being stopped or
// killed by its caller, who may do both, at every point.
package helper

import (
	"golang.org/x/sys/unix"

	"tmpshell/internal/build"
	"tmpshell/internal/caps"
	"tmpshell/internal/config"
	"tmpshell/internal/dirs"
	"tmpshell/internal/msg"
	"tmpshell/internal/syslog"
)

// Exit codes, the launcher's to read.
const (
	ExitOK     = 0 // every directory is there
	ExitFailed = 1 // at least one is not; the reason is on stderr
	ExitSetup  = 2 // the helper has no capabilities: tmpshellctl setup gives them
)

const program = "tmpshell-helper"

// CannotMake begins the line about one directory; its path and the reason
// follow.
const CannotMake = "cannot make "

// Run does the helper's work for the calling process and returns its exit
// code. The thread must be locked.
func Run(session config.Subject) int {
	stderr := msg.Printer{Program: program, FD: 2}
	uid := session.UID()
	if uid != 0 {
		if have, err := caps.Get(); err != nil || have.Permitted&caps.Helper == 0 {
			why, code := unprivileged()
			stderr.Error(why)
			return code
		}
	}
	conf, confErr := config.Load(build.Config)
	if confErr != nil {
		conf = config.Instead(confErr) // the launcher logs why
	}
	policy, err := conf.Resolve(session)
	if err != nil {
		// Which directories are the user's is not known: making others
		// would be obeying whoever kept the answer away.
		stderr.Error("the policy is not known", err.Error())
		return ExitFailed
	}
	code := ExitOK
	m := dirs.Maker{UID: uid, Notice: func(text string) {
		if policy.Log != config.LogNone {
			syslog.Logger{Program: program}.Send(syslog.Warning, text)
		}
	}}
	err = caps.Quietly(func() error {
		made := func(path string, err error) {
			if err != nil {
				code = ExitFailed
				stderr.Error(CannotMake+path, err.Error())
			}
		}
		specs := dirs.Specs(policy)
		instances := dirs.Instances(policy)
		if !canMount(instances) {
			specs = append(specs, dirs.Fallbacks(policy)...)
		}
		for _, spec := range specs {
			made(spec.Path(uid), m.Make(spec))
		}
		for _, i := range instances {
			made(i.Path(uid), m.MakeInstance(i))
		}
		return nil
	})
	if err == nil {
		err = caps.Drop()
	}
	if err != nil {
		stderr.Error("capabilities", err.Error())
		return ExitFailed
	}
	return code
}

// canMount tells whether the launcher can mount anything: where it cannot, a
// session gets the directory of method env, which then has to be made, too.
func canMount(instances []dirs.Instance) bool {
	for _, i := range instances {
		need := i.Needs()
		if caps.Bounding(need) != need || !caps.OfFile(build.Launcher()).Has(need) {
			return false
		}
	}
	return true
}

// unprivileged says why there are no capabilities.
func unprivileged() (string, int) {
	if n, _ := unix.PrctlRetInt(unix.PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0); n == 1 {
		return "no_new_privs is set, so that its capabilities do nothing", ExitFailed
	}
	if caps.Bounding(caps.Helper) == 0 {
		return "this process may not have its capabilities (bounding set)", ExitFailed
	}
	var fs unix.Statfs_t
	if unix.Statfs(build.Helper(), &fs) == nil && fs.Flags&unix.ST_NOSUID != 0 {
		return "it is on a file system mounted nosuid, so that its capabilities do nothing", ExitFailed
	}
	return "it has no capabilities", ExitSetup
}
