package launch

import "tmpshell/internal/start"

// Main runs tmpshell for the calling process.
//
// A fault of tmpshell's own must neither lock a user out nor show him a stack
// trace: the last resort is the shell that every system has.
func Main() (code int) {
	argv, env := start.Args(), Environment(start.Environ())
	l := newLauncher(env)
	defer func() {
		if recover() == nil {
			return
		}
		code = ExitOwn
		l.stderr.Error("internal error; please report it")
		inv, err := ParseInvocation(argv, start.Environ())
		if err != nil || l.deny || start.Disarmed() || inv.Mode != Shell && inv.Mode != Forced {
			return
		}
		_ = execve(lastResort, append([]string{inv.Argv0(lastResort)}, inv.Args...), start.Environ())
	}()
	return l.run(argv)
}

// execve is execve(2) with what the program was started with: limits and signals.
func execve(path string, argv []string, env Environment) error {
	return start.Exec(path, argv, env)
}
