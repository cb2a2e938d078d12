package helper

import (
	"errors"
	"strconv"

	"golang.org/x/sys/unix"

	"tmpshell/internal/policy"
)

// least is what a name service, or the writing of a policy, may need. With less, it
// may say that there is no such name.
var least = []struct {
	resource int
	name     string
	amount   uint64
}{
	{unix.RLIMIT_NOFILE, "RLIMIT_NOFILE", 64},
	{unix.RLIMIT_AS, "RLIMIT_AS", 1 << 30},
	{unix.RLIMIT_DATA, "RLIMIT_DATA", 256 << 20},
	{unix.RLIMIT_STACK, "RLIMIT_STACK", 1 << 20},
	{unix.RLIMIT_FSIZE, "RLIMIT_FSIZE", 2 * policy.MaxSize},
	{unix.RLIMIT_CPU, "RLIMIT_CPU", 60},
	// RLIMIT_NPROC is not root's (setrlimit(2)); it has to be raised all the
	// same where another user namespace is root's.
	{unix.RLIMIT_NPROC, "RLIMIT_NPROC", 16},
}

// ownLimits raises the soft limits that the caller has left to the hard ones, and
// says which are too small. Nobody can change them any more.
func ownLimits() error {
	for _, l := range least {
		var have unix.Rlimit
		if err := unix.Getrlimit(l.resource, &have); err != nil {
			return errors.New(l.name + ": " + err.Error())
		}
		if have.Cur < have.Max {
			have.Cur = have.Max
			if err := unix.Setrlimit(l.resource, &have); err != nil {
				return errors.New(l.name + ": " + err.Error())
			}
		}
		if have.Max < l.amount && l.resource != unix.RLIMIT_NPROC {
			return errors.New(l.name + " is " + strconv.FormatUint(have.Max, 10) + ", and has to be " + strconv.FormatUint(l.amount, 10))
		}
	}
	return ownSchedule()
}

// ownSchedule takes the process to the usual scheduling class. With SCHED_DEADLINE
// it could start no child, and with SCHED_IDLE it might never run. A nice value
// makes it slow, and a name service that is slow gives no answer, which is not
// taken for one.
func ownSchedule() error {
	const other, batch = 0, 3 // sched(7)
	attr, err := unix.SchedGetAttr(0, 0)
	if err != nil || attr.Policy == other || attr.Policy == batch {
		return nil // a kernel or a filter without the call: nothing is known against it
	}
	attr = &unix.SchedAttr{Size: unix.SizeofSchedAttr, Policy: other}
	if err := unix.SchedSetAttr(0, attr, 0); err != nil {
		return errors.New("the scheduling class cannot be changed: " + err.Error())
	}
	return nil
}
