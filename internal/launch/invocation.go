package launch

import (
	"errors"
	"path"
	"strings"

	"tmpshell/internal/config"
)

// Mode is what tmpshell was asked to become.
type Mode int

// The modes, see the table under INVOCATION in tmpshell(8).
const (
	Shell     Mode = iota // the real shell, with exactly the caller's arguments
	Forced                // the real shell for sshd's ForceCommand
	Subsystem             // sftp-server, for internal-sftp under ForceCommand
	Program               // --exec PROGRAM
	Help
	Version
)

// Invocation is how tmpshell was called, taken from argv and the two variables
// of sshd that decide about ForceCommand. It is a pure value: nothing has been
// looked up yet.
type Invocation struct {
	Mode Mode
	// Name is argv[0] as the caller wrote it, without a leading '-'.
	Name string
	// Login: the shell is to be a login shell, by argv[0].
	Login bool
	// Args follow argv[0] of the shell or of sftp-server; for Program, they
	// begin with the program itself.
	Args []string
}

// variables of sshd(8).
const (
	sshConnection = "SSH_CONNECTION"
	sshCommand    = "SSH_ORIGINAL_COMMAND"
)

// ParseInvocation never fails for a shell: whatever a caller of login shells
// comes up with is the real shell's to judge. Only --exec has errors.
func ParseInvocation(argv []string, env Environment) (Invocation, error) {
	var inv Invocation
	if len(argv) > 0 {
		inv.Name, inv.Login = strings.CutPrefix(argv[0], "-")
		inv.Args = argv[1:]
	}
	if len(inv.Args) == 0 {
		return forced(inv, env), nil
	}
	if inv.Login || inv.ShellName() != "" {
		return inv, nil
	}
	switch inv.Args[0] {
	case "--version":
		inv.Mode = Version
	case "--help":
		inv.Mode = Help
	case "--exec":
		return parseExec(inv)
	}
	return inv, nil
}

// forced handles a call without arguments. sshd runs ForceCommand through the
// passwd shell, which calls tmpshell without '-' and without arguments; the
// client's own command is in a variable.
//
// A session of ssh may itself call a shell without '-' and without arguments,
// as in `su bob`. That sets SHELL to the passwd shell, which is then tmpshell;
// to a ForceCommand, the passwd shell comes first, and is the real one by then.
func forced(inv Invocation, env Environment) Invocation {
	if _, ssh := env.Get(sshConnection); inv.Login || !ssh {
		return inv
	}
	if shell, _ := env.Get("SHELL"); config.IsWrapperName(shell) {
		return inv
	}
	command, ok := env.Get(sshCommand)
	if !ok {
		inv.Mode, inv.Login = Forced, true
		return inv
	}
	// sshd splits the arguments of internal-sftp at spaces and knows no
	// quoting there (session.c, do_child).
	if words := strings.Split(command, " "); words[0] == "internal-sftp" {
		inv.Mode = Subsystem
		for _, w := range words[1:] {
			if w != "" {
				inv.Args = append(inv.Args, w)
			}
		}
		return inv
	}
	inv.Mode, inv.Args = Forced, []string{"-c", command}
	return inv
}

// errNoProgram and its like are answered with 125 and the usage.
var errNoProgram = errors.New("no program given; usage: tmpshell --exec [--] PROGRAM [ARG...]")

func parseExec(inv Invocation) (Invocation, error) {
	inv.Mode = Program
	inv.Args = inv.Args[1:]
	for len(inv.Args) > 0 {
		switch arg := inv.Args[0]; {
		case arg == "--":
			inv.Args = inv.Args[1:]
			if len(inv.Args) == 0 {
				return inv, errNoProgram
			}
			return inv, nil
		case arg == "--init" || arg == "--pty":
			return inv, errors.New(arg + " is not in effect yet in this version of tmpshell")
		case strings.HasPrefix(arg, "-"):
			return inv, errors.New("--exec does not know " + arg + "; write -- before a program of that name")
		default:
			return inv, nil
		}
	}
	return inv, errNoProgram
}

// ShellName is NAME when tmpshell was called by a link tmpshell-NAME.
func (inv Invocation) ShellName() string { return shellName(inv.Name) }

// shellName is NAME of a path tmpshell-NAME, else empty.
func shellName(called string) string {
	name, ok := strings.CutPrefix(path.Base(called), "tmpshell-")
	if !ok {
		return ""
	}
	return name
}

// Argv0 is argv[0] for the real shell, in the shape that the caller gave
// tmpshell's: a path stays a path ("-/bin/bash" as run0 and GNOME have it), a
// name a name.
func (inv Invocation) Argv0(shell string) string {
	if inv.Mode == Forced || !strings.Contains(inv.Name, "/") {
		shell = path.Base(shell)
	}
	if inv.Login {
		return "-" + shell
	}
	return shell
}
