package launch

import (
	"strings"
	"syscall"
)

// Exit codes of tmpshell's own; any other is the program's.
const (
	ExitOwn        = 125 // tmpshell could not do its own work
	ExitCannotExec = 126
	ExitNotFound   = 127
)

// defaultPath is what execvp(3) searches where there is no PATH.
const defaultPath = "/bin:/usr/bin"

// execFile becomes a program, and returns only when that fails. A file without
// a format that the kernel knows is a script for sh, as for execvp(3) and
// login(1).
func execFile(path string, argv []string, env Environment) error {
	err := execve(path, argv, env)
	if err != syscall.ENOEXEC {
		return err
	}
	script := []string{"sh", path}
	if len(argv) > 0 {
		if strings.HasPrefix(argv[0], "-") {
			script[0] = "-sh"
		}
		script = append(script, argv[1:]...)
	}
	return execve(lastResort, script, env)
}

// execSearch becomes a program that is looked for in PATH when its name has no
// '/'. The error is the one that execvp(3) would give: EACCES of one entry
// counts more than ENOENT of the others.
func execSearch(argv []string, env Environment) error {
	name := argv[0]
	if name == "" {
		return syscall.ENOENT
	}
	if strings.Contains(name, "/") {
		return execFile(name, argv, env)
	}
	path, ok := env.Get("PATH")
	if !ok {
		path = defaultPath
	}
	result := error(syscall.ENOENT)
	for dir := range strings.SplitSeq(path, ":") {
		if dir == "" {
			dir = "."
		}
		switch err := execFile(dir+"/"+name, argv, env); err {
		case syscall.EACCES:
			result = err
		case syscall.ENOENT, syscall.ENOTDIR, syscall.ESTALE, syscall.ENODEV, syscall.ETIMEDOUT:
		default:
			return err
		}
	}
	return result
}

// exitCode tells "not found" from every other reason.
func exitCode(err error) int {
	if err == syscall.ENOENT || err == syscall.ENOTDIR {
		return ExitNotFound
	}
	return ExitCannotExec
}
