package asroot

import (
	"errors"
	"syscall"

	"golang.org/x/sys/unix"

	"tmpshell/internal/capset"
)

// Back makes a process that became root's its caller's again, without any
// capability, on all threads. The user's other processes cannot trace it before it
// executes something: the kernel has taken that from them with the ids
// (PR_SET_DUMPABLE of prctl(2)).
func Back(uid, gid uint32, groups []uint32) error {
	list := make([]int, len(groups))
	for i, g := range groups {
		list[i] = int(g)
	}
	err := syscall.Setgroups(list)
	if err == nil {
		err = syscall.Setresgid(int(gid), int(gid), int(gid))
	}
	if err == nil {
		err = syscall.Setresuid(int(uid), int(uid), int(uid))
	}
	if err == nil {
		err = setCaps(capset.State{})
	}
	if err != nil {
		return err
	}
	ru, eu, su := unix.Getresuid()
	rg, eg, sg := unix.Getresgid()
	now, t := capset.Get()
	if [3]int{ru, eu, su} != [3]int{int(uid), int(uid), int(uid)} || [3]int{rg, eg, sg} != [3]int{int(gid), int(gid), int(gid)} ||
		!t.OK() || now.Permitted|now.Effective|now.Inheritable != 0 {
		return errors.New("the ids and capabilities read back are not those set")
	}
	return nil
}
