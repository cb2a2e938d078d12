package start

import "errors"

// Restore puts back what still differs from the state at the start, right
// before exec: whether SIGCHLD is ignored, and soft limits that were raised for
// the runtime. The rest needs nothing: signals were never touched, the
// placeholders on descriptors 0 to 2 are close-on-exec, and RLIMIT_NOFILE,
// which package syscall raises, is put back by syscall.Exec and
// syscall.ForkExec (not by a raw execve).
//
// Between Restore and exec, or Resume, the program runs under the
// caller's limits, so there should be little in between. Restore is idempotent.
func Restore() error {
	if !active {
		return nil
	}
	restoreChild()
	if errno := restoreLimits(); errno != 0 {
		return errors.New("prlimit: " + errno.Error())
	}
	return nil
}

// Resume undoes Restore when exec failed and the program goes on, or when the
// child that was to inherit the state has been started:
//
//	start.Restore()
//	err := syscall.Exec(path, argv, envv)
//	start.Resume() // only reached when path cannot be executed
func Resume() {
	if !active {
		return
	}
	resumeChild()
	raiseLimits()
}
