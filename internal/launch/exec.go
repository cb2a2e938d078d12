package launch

import (
	"strings"

	"golang.org/x/sys/unix"

	"tmpshell/internal/bare"
	"tmpshell/internal/build"
)

// defaultPath is what execvp(3) searches where there is no PATH.
const defaultPath = "/bin:/usr/bin"

// become executes what was asked for.
func (l *launcher) become() int {
	reached(atEnd)
	if l.strings.failed != 0 || l.env.Failed != 0 {
		t := bare.Failed("mmap", bare.Errno(unix.ENOMEM), "", "")
		if !l.goOn(&t) {
			return ExitOwn
		}
		l.takeEnvironment()
		l.strings.failed = 0
	}
	l.strings.buf = stringsOfLogin[:]
	switch l.inv.Mode {
	case Program:
		e := l.execSearch(l.inv.Args)
		l.tell(bare.String(l.inv.Args[0]), e.Text(), "")
		return exitCode(e)
	case Forced:
		l.env.Unset(sshCommand)
	}
	return l.becomeShell()
}

// shellArgs is the argument array of a shell: it may be as long as the caller's.
func (l *launcher) shellArgs(argv0 string) []*byte {
	if l.inv.Mode != Forced && len(l.args) > 0 {
		l.args[0] = pointer(argv0)
		return l.args
	}
	l.few = [len(l.few)]*byte{pointer(argv0)}
	if l.inv.Command != nil {
		l.few[1], l.few[2] = &dashC[0], l.command()
	}
	return l.few[:]
}

var dashC = [3]byte{'-', 'c', 0}

// command is what the client of sshd asked for. internal-sftp is run by the
// shell, as sshd runs an external subsystem, so that a restricted shell judges
// it.
func (l *launcher) command() *byte {
	if !l.inv.SFTP {
		return l.inv.Command
	}
	server := build.SFTPServers[0]
	var st bare.Stat
	for i := range build.SFTPServers {
		if bare.StatPath(build.SFTPServers[i], &st) == 0 {
			server = build.SFTPServers[i]
			break
		}
	}
	return pointer(l.strings.join(server, bare.String(l.inv.Command), ""))
}

func (l *launcher) execShell(path, argv0 string) bare.Errno {
	argv := l.shellArgs(argv0)
	if l.strings.failed != 0 {
		return l.strings.failed // the shell of the account may be among what did not fit
	}
	return l.execFile(path, argv)
}

// execFile becomes a program, and returns only when that fails. A text without
// a format that the kernel knows is a script for sh, as for execvp(3) and
// login(1).
func (l *launcher) execFile(path string, argv []*byte) bare.Errno {
	e := bare.Execve(path, argv, l.env.Entries())
	if e != bare.Errno(unix.ENOEXEC) {
		return e
	}
	if e = readable(path); e != 0 {
		return e
	}
	script := "sh"
	if strings.HasPrefix(bare.String(argv[0]), "-") {
		script = "-sh"
	}
	room, errno := bare.Memory((len(argv) + 2) * 8) // no pointer is longer
	if errno != 0 {
		return errno
	}
	args := bare.Pointers(room, len(argv)+2)
	args[0], args[1] = pointer(l.strings.join(script, "", "")), pointer(l.strings.join(path, "", ""))
	n := 2
	for i := 1; i < len(argv) && argv[i] != nil; i++ {
		args[n] = argv[i]
		n++
	}
	return bare.Execve(posixShell, args[:n+1], l.env.Entries())
}

// readable tells whether a file whose format the kernel does not know may be a
// script, as shells tell it: by its first line. Handed to sh, what is cut, empty or
// for another processor would end the session, and no other shell would be tried.
func readable(path string) bare.Errno {
	fd, e := bare.Open(path, unix.O_RDONLY|unix.O_NONBLOCK)
	if e != 0 {
		return e
	}
	var first [128]byte
	n, e := bare.Read(fd, first[:])
	bare.Close(fd)
	if e != 0 {
		return e
	}
	for _, c := range first[:n] {
		switch c {
		case '\n':
			return 0
		case 0:
			return bare.Errno(unix.ENOEXEC)
		}
	}
	if n == 0 {
		e = bare.Errno(unix.ENOEXEC)
	}
	return e
}

// execSearch becomes a program that is looked for in PATH when its name has no
// '/'. The error is the one that execvp(3) would give: EACCES of one entry
// counts more than ENOENT of the others.
func (l *launcher) execSearch(argv []*byte) bare.Errno {
	name := bare.String(argv[0])
	if name == "" {
		return bare.Errno(unix.ENOENT)
	}
	if strings.IndexByte(name, '/') >= 0 {
		return l.execFile(name, argv)
	}
	if len(name) > unix.NAME_MAX {
		return bare.Errno(unix.ENAMETOOLONG)
	}
	path := defaultPath
	if value, ok := l.env.Get("PATH"); ok {
		path = bare.String(value)
	}
	result := bare.Errno(unix.ENOENT)
	for more := true; more; {
		var dir string
		dir, path, more = strings.Cut(path, ":")
		if dir == "" {
			dir = "."
		}
		mark := l.strings.n
		e := l.execFile(l.strings.join(dir, "/", name), argv)
		l.strings.n = mark
		switch unix.Errno(e) {
		case unix.EACCES:
			result = e
		case unix.ENOENT, unix.ENOTDIR, unix.ESTALE, unix.ENODEV, unix.ETIMEDOUT, unix.ENAMETOOLONG:
		default:
			return e
		}
	}
	return result
}

// exitCode tells "not found" from every other reason.
func exitCode(e bare.Errno) int {
	if e == bare.Errno(unix.ENOENT) || e == bare.Errno(unix.ENOTDIR) {
		return ExitNotFound
	}
	return ExitCannotExec
}
