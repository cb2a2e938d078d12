package launch

import (
	"os"
	"syscall"
)

// Main runs tmpshell for the calling process.
//
// A fault of tmpshell's own must neither lock a user out nor show him a stack
// trace: the last resort is the shell that every system has.
func Main() (code int) {
	argv, env := os.Args, syscall.Environ()
	defer func() {
		if recover() == nil {
			return
		}
		l := launcher{env: env}
		l.stderr.Program, l.stderr.FD = program, 2
		l.stderr.Error("internal error", "please report it", "starting "+lastResort)
		inv, err := ParseInvocation(argv, env)
		if err != nil || inv.Mode == Program || inv.Mode == Subsystem {
			code = ExitOwn
			return
		}
		_ = syscall.Exec(lastResort, append([]string{inv.Argv0(lastResort)}, inv.Args...), env)
		code = ExitOwn
	}()
	return Run(argv, env)
}
