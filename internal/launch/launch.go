// Package launch is what a login does: who is this, what is configured, make
// the directories, say so in the environment, become the shell.
//
// Whatever goes wrong on the way, the session starts, unless the configuration
// says OnFailure deny: a login shell that gives up locks its users out.
package launch

import (
	"errors"
	"syscall"

	"tmpshell/internal/account"
	"tmpshell/internal/build"
	"tmpshell/internal/caps"
	"tmpshell/internal/config"
	"tmpshell/internal/msg"
	"tmpshell/internal/syslog"
)

const (
	program   = "tmpshell"
	setupHint = `an administrator can run "tmpshellctl setup"`
)

// launcher is one run of tmpshell.
type launcher struct {
	inv     Invocation
	env     Environment
	session *account.Session
	stderr  msg.Printer
	log     syslog.Logger
	level   config.LogLevel
	deny    bool // OnFailure deny, as far as is known yet
}

func newLauncher(env Environment) *launcher {
	return &launcher{
		env:     env,
		session: account.NewSession(account.System()),
		stderr:  msg.Printer{Program: program, FD: 2},
		log:     syslog.Logger{Program: program},
	}
}

// run does everything and returns only when no program could be started: the
// exit code. The thread must be locked (see package caps).
func (l *launcher) run(argv []string) int {
	inv, err := ParseInvocation(argv, l.env)
	if err != nil {
		l.stderr.Error(err.Error())
		return ExitOwn
	}
	l.inv = inv
	switch inv.Mode {
	case Version:
		return l.print(program + " " + build.Version + "\n")
	case Help:
		return l.print(usage)
	}
	policy := l.policy()
	if err := caps.KeepOf(needed(l.session.UID(), policy)); err != nil {
		l.stderr.Error("capabilities", err.Error())
		return ExitOwn
	}
	prepared := Prepare(l.session.UID(), policy, l.env, func(missing []need) Reasons {
		return makeMissing(l.session.UID(), missing, func(text string) { l.failure(text) })
	}, kernelMounter{l.env})
	if l.report(prepared); prepared.Denied {
		return ExitOwn
	}
	if err := l.restrict(policy); err != nil {
		l.stderr.Error("capabilities", err.Error())
		return ExitOwn
	}
	Apply(&l.env, prepared, policy)
	return l.become(policy)
}

// policy reads the configuration. One that is wrong is logged and replaced: it
// must not lock anybody out.
func (l *launcher) policy() config.Policy {
	conf, err := config.Load(build.Config)
	if err != nil {
		conf = config.Instead(err)
	}
	policy, lookupErr := conf.Resolve(l.session)
	l.level, l.deny = policy.Log, policy.Deny
	if l.inv.Mode == Program {
		policy.Exempt = false
	}
	var errs config.Errors
	if errors.As(err, &errs) {
		l.failure(errs[0].Error() + "; the built-in configuration is used")
	}
	if lookupErr != nil {
		l.failure("lines of " + build.Config + " that need a name are left out: " + lookupErr.Error())
	}
	return policy
}

// report tells the user, if there is one at a terminal, and the log.
func (l *launcher) report(p Prepared) {
	for _, f := range p.Failures {
		text := "no private directory in " + f.Path + ": " + f.Why
		if f.Instead != "" {
			text += "; using " + f.Instead
		}
		l.failure(text)
		if p.Denied || msg.IsTerminal(l.stderr.FD) {
			l.stderr.Error(text)
			if p.Setup {
				l.stderr.Hint(setupHint)
			}
		}
	}
	for _, text := range p.Notices {
		l.failure(text)
	}
	if l.level == config.LogAll && !p.Denied {
		text := "session"
		for _, s := range p.Set {
			text += " " + s.Name + "=" + s.Value
		}
		l.log.Send(syslog.Info, "uid "+decimal(l.session.UID()), text)
	}
}

func (l *launcher) failure(text string) {
	if l.level != config.LogNone {
		l.log.Send(syslog.Warning, "uid "+decimal(l.session.UID()), text)
	}
}

// become execs what was asked for.
func (l *launcher) become(policy config.Policy) int {
	switch l.inv.Mode {
	case Program:
		err := execSearch(l.inv.Args, l.env)
		l.stderr.Error(l.inv.Args[0], err.Error())
		return exitCode(err)
	case Subsystem:
		l.env.Unset(sshCommand)
		return l.becomeSFTP()
	case Forced:
		l.env.Unset(sshCommand)
	}
	return l.becomeShell(policy)
}

func (l *launcher) becomeShell(policy config.Policy) int {
	var last error = syscall.ENOENT
	c := candidates{
		inv: l.inv, policy: policy, isSelf: selfCheck(),
		passwd: func() string { return passwdShell(l.session) },
		shells: func() []string { return account.Shells(account.ShellsFile) },
	}
	c.each(func(shell string) bool {
		l.env.Set("SHELL", shell)
		argv := append([]string{l.inv.Argv0(shell)}, l.inv.Args...)
		last = execFile(shell, argv, l.env)
		l.stderr.Error("cannot run "+shell, last.Error())
		l.failure("cannot run " + shell + ": " + last.Error())
		return false
	})
	return exitCode(last)
}

func (l *launcher) becomeSFTP() int {
	argv := append([]string{"sftp-server"}, l.inv.Args...)
	var last error
	for _, path := range build.SFTPServers {
		if last = execFile(path, argv, l.env); last != syscall.ENOENT {
			break
		}
	}
	l.stderr.Error("cannot run sftp-server", last.Error())
	return exitCode(last)
}
