package launch

import (
	"strings"
	"unsafe"

	"tmpshell/internal/bare"
	"tmpshell/internal/orders"
)

// Mode is what tmpshell was asked to become.
type Mode uint8

// The modes, see the table under INVOCATION in tmpshell(8).
const (
	Shell   Mode = iota // the real shell, with exactly the caller's arguments
	Forced              // the real shell for sshd's ForceCommand
	Program             // --exec PROGRAM
	Help
	Version
	Wrong // what --exec cannot do; see Problem
)

// Invocation is how tmpshell was called, taken from argv and the variables of
// sshd that decide about ForceCommand. It is a pure value: nothing has been
// looked up yet.
type Invocation struct {
	Mode Mode
	// Name is argv[0] as the caller wrote it, without a leading '-'.
	Name string
	// Login: the shell is to be a login shell, by argv[0].
	Login bool
	// Args follow argv[0] of the shell; for Program, they begin with the
	// program itself.
	Args []*byte
	// Command is what the client of sshd asked for, nil for a login: the
	// shell's argument after -c.
	Command *byte
	// SFTP: the command is internal-sftp, with its arguments in Command.
	SFTP bool
	// User is USER[:GROUP] of --user, whom the program runs as; empty for the
	// caller.
	User string
	// Init: --init was given, with this list.
	Init     bool
	InitList string
	// PTY: the program gets a pseudo-terminal.
	PTY bool
	// Problem and Word say why the mode is Wrong.
	Problem string
	Word    string
}

// Variables of sshd(8).
const (
	sshConnection = "SSH_CONNECTION"
	sshCommand    = "SSH_ORIGINAL_COMMAND"
)

// ParseInvocation never fails for a shell: whatever a caller of login shells
// comes up with is the real shell's to judge. Only --exec has errors.
func ParseInvocation(args []*byte, env *Environment) Invocation {
	var inv Invocation
	if len(args) > 0 {
		inv.Name = bare.String(args[0])
		if inv.Login = strings.HasPrefix(inv.Name, "-"); inv.Login {
			inv.Name = inv.Name[1:]
		}
		inv.Args = args[1:]
	}
	if len(inv.Args) == 0 {
		inv.force(env)
		return inv
	}
	if inv.Login || inv.ShellName() != "" {
		return inv
	}
	switch bare.String(inv.Args[0]) {
	case "--version":
		inv.Mode = Version
	case "--help":
		inv.Mode = Help
	case "--exec":
		inv.exec()
	}
	return inv
}

// force handles a call without arguments. sshd runs ForceCommand through the
// passwd shell, which calls tmpshell without '-' and without arguments; the
// client's own command is in a variable. dropbear sets it to the empty string
// where there is none.
//
// A session of ssh may itself call a shell without '-' and without arguments,
// as in `su bob`. That sets SHELL to the passwd shell, which is then tmpshell;
// to a ForceCommand, the passwd shell comes first, and is the real one by then.
func (inv *Invocation) force(env *Environment) {
	if _, ssh := env.Get(sshConnection); inv.Login || !ssh {
		return
	}
	if shell, _ := env.Get("SHELL"); IsWrapperName(bare.String(shell)) {
		return
	}
	inv.Mode = Forced
	command, ok := env.Get(sshCommand)
	if !ok || *command == 0 {
		inv.Login = true
		return
	}
	inv.Command = command
	const sftp = "internal-sftp"
	if text := bare.String(command); strings.HasPrefix(text, sftp) && (len(text) == len(sftp) || text[len(sftp)] == ' ') {
		inv.SFTP = true
		inv.Command = (*byte)(unsafe.Add(unsafe.Pointer(command), len(sftp)))
	}
}

const execUsage = "usage: tmpshell --exec [--user USER[:GROUP]] [--init[=LIST]] [--pty] [--] PROGRAM [ARG...]"

func (inv *Invocation) exec() {
	inv.Mode = Program
	inv.Args = inv.Args[1:]
	for len(inv.Args) > 0 {
		switch arg := bare.String(inv.Args[0]); {
		case arg == "--":
			inv.Args = inv.Args[1:]
		case arg == "--user":
			if len(inv.Args) == 1 || *inv.Args[1] == 0 {
				inv.wrong(" takes USER[:GROUP], names or numbers; "+execUsage, arg)
				return
			}
			inv.User = bare.String(inv.Args[1])
			inv.Args = inv.Args[2:]
			continue
		case strings.HasPrefix(arg, userIs) && len(arg) > len(userIs):
			inv.User = arg[len(userIs):]
			inv.Args = inv.Args[1:]
			continue
		case arg == "--pty":
			inv.PTY = true
			inv.Args = inv.Args[1:]
			continue
		case arg == "--init" || strings.HasPrefix(arg, initIs):
			if !inv.takeInit(arg) {
				return
			}
			inv.Args = inv.Args[1:]
			continue
		case strings.HasPrefix(arg, "-"):
			inv.wrong(" is not known to --exec; write -- before a program of that name", arg)
			return
		}
		break
	}
	if len(inv.Args) == 0 {
		inv.wrong("no program given; "+execUsage, "")
	}
}

const (
	initIs = "--init="
	userIs = "--user="
)

// takeInit reads --init and --init=LIST.
func (inv *Invocation) takeInit(arg string) bool {
	inv.Init = true
	if inv.InitList = ""; len(arg) < len(initIs) {
		return true
	}
	inv.InitList = arg[len(initIs):]
	var o orders.Orders
	if inv.InitList == "" || !o.Parse(inv.InitList) {
		inv.wrong(" is not known; --init takes group, grace=SECONDS and remap=CODE, comma-separated", arg)
		return false
	}
	return true
}

func (inv *Invocation) wrong(problem, word string) {
	inv.Mode, inv.Problem, inv.Word = Wrong, problem, word
}

// ShellName is NAME when tmpshell was called by a link tmpshell-NAME.
func (inv *Invocation) ShellName() string { return shellName(inv.Name) }

const prefix = "tmpshell-"

// shellName is NAME of a path tmpshell-NAME, else empty.
func shellName(called string) string {
	if base := bare.Base(called); strings.HasPrefix(base, prefix) {
		return base[len(prefix):]
	}
	return ""
}

// IsWrapperName tells whether a path names tmpshell, or a link of the kind
// tmpshell-zsh that asks it for another shell.
func IsWrapperName(path string) bool {
	base := bare.Base(path)
	return base == "tmpshell" || strings.HasPrefix(base, prefix)
}

// AddArgv0 writes argv[0] for the real shell, in the shape that the caller gave
// tmpshell's: a path stays a path ("-/bin/bash" as run0 and GNOME have it), a
// name a name.
func (inv *Invocation) AddArgv0(to *bare.Text, shell string) {
	if inv.Mode == Forced || strings.IndexByte(inv.Name, '/') < 0 {
		shell = bare.Base(shell)
	}
	if inv.Login {
		to.AddByte('-')
	}
	to.Add(shell)
}
