package start

import "errors"

// Restore puts back what Exec does, for a child that is to inherit it:
//
//	start.Restore()
//	pid, err := syscall.ForkExec(path, argv, attr)
//	start.Resume()
//
// RLIMIT_NOFILE, which package syscall raises, is put back by
// syscall.ForkExec (not by a raw fork).
//
// Between Restore and Resume the program runs under the caller's limits, so
// there should be little in between. Restore is idempotent.
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

// Resume undoes Restore when the child has been started.
func Resume() {
	if !active {
		return
	}
	resumeChild()
	raiseLimits()
}
